/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocking calls: loops over the others.
 */
#include "host/src/internal.h"

/* Lets time pass: 0, TOE_ERR_TIMEOUT or TOE_ERR_GONE.  News of other things keeps nobody longer. */
static int pause_until(struct toe_engine *engine, uint64_t deadline_us) {
  if (toe_now_us(engine) > deadline_us) return TOE_ERR_TIMEOUT;
  const int result = process_until(engine, deadline_us);
  if (result < 0) return result;
  return result != 0 ? 0 : TOE_ERR_TIMEOUT;
}

int toe_sock_connect(struct toe_engine *engine, uint32_t remote_ip, uint16_t remote_port,
                     const struct toe_connect_opts *opts, int64_t timeout_us,
                     struct toe_conn **out) {
  const uint64_t deadline_us = deadline_after(engine, timeout_us);
  struct toe_conn *conn;

  int result = toe_connect(engine, remote_ip, remote_port, opts, 0, &conn);
  if (result != 0) return result;
  while (result == 0) {
    const uint32_t ready = toe_conn_ready(conn);
    if ((ready & TOE_CONNECTED) != 0) {
      *out = conn;
      return 0;
    }
    if ((ready & TOE_CLOSED) != 0)
      result = conn->error != 0 ? conn->error : TOE_ERR_STATE;
    else
      result = pause_until(engine, deadline_us);
  }
  toe_abort(conn);
  return result;
}

int toe_sock_accept(struct toe_listener *listener, int64_t timeout_us, struct toe_conn **out) {
  const uint64_t deadline_us = deadline_after(listener->engine, timeout_us);

  for (;;) {
    int result = toe_accept(listener, 0, out);
    if (result != TOE_ERR_AGAIN) return result;
    result = pause_until(listener->engine, deadline_us);
    if (result != 0) return result;
  }
}

ssize_t toe_sock_send(struct toe_conn *conn, const void *buf, size_t len, int64_t timeout_us) {
  const uint64_t deadline_us = deadline_after(conn->engine, timeout_us);
  size_t sent = 0;

  while (sent < len) {
    ssize_t result = toe_send(conn, (const char *)buf + sent, len - sent, 0);
    if (result > 0) {
      sent += (size_t)result;
      continue;
    }
    if (result == TOE_ERR_AGAIN) result = pause_until(conn->engine, deadline_us);
    if (result == TOE_ERR_TIMEOUT && conn->phase == CONN_OPEN && sent != 0) break;
    if (result != 0) return result;
  }
  return (ssize_t)sent;
}

ssize_t toe_sock_recv(struct toe_conn *conn, void *buf, size_t len, int64_t timeout_us) {
  const uint64_t deadline_us = deadline_after(conn->engine, timeout_us);

  for (;;) {
    const ssize_t received = toe_recv(conn, buf, len, 0);
    if (received != TOE_ERR_AGAIN) return received;
    const int result = pause_until(conn->engine, deadline_us);
    if (result != 0) return result;
  }
}

int toe_sock_wait_closed(struct toe_conn *conn, int64_t timeout_us) {
  const uint64_t deadline_us = deadline_after(conn->engine, timeout_us);

  while (conn->phase != CONN_ENDED) {
    const int result = pause_until(conn->engine, deadline_us);
    if (result != 0) return result;
  }
  return 0;
}
