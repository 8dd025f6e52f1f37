/* SPDX-License-Identifier: Apache-2.0
 *
 * One engine: open, close, and the loop that everything else runs in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/src/internal.h"

int engine_gone(struct toe_engine *engine) {
  engine->gone = true;
  return TOE_ERR_GONE;
}

int reg_read(struct toe_engine *engine, uint32_t offset, uint32_t *values, size_t count) {
  struct toe_transport *t = &engine->transport;

  if (engine->gone) return TOE_ERR_GONE;
  return t->reg_read(t->ctx, offset, values, count) == 0 ? 0 : engine_gone(engine);
}

int reg_write(struct toe_engine *engine, uint32_t offset, const uint32_t *values, size_t count) {
  struct toe_transport *t = &engine->transport;

  if (engine->gone) return TOE_ERR_GONE;
  return t->reg_write(t->ctx, offset, values, count) == 0 ? 0 : engine_gone(engine);
}

int reg_write1(struct toe_engine *engine, uint32_t offset, uint32_t value) {
  return reg_write(engine, offset, &value, 1);
}

/* ---- Open ----------------------------------------------------------------------------------- */

/* An engine answers, and its map is ours. */
static int identify(struct toe_engine *engine) {
  uint32_t values[TOE_REG(CQ_DEPTH) / 4 + 1];

  int result = reg_read(engine, TOE_REG(ID), values, sizeof values / sizeof *values);
  if (result != 0) return result;
  const uint32_t rx_log2 = values[TOE_REG(RX_RING_LOG2) / 4];
  const uint32_t tx_log2 = values[TOE_REG(TX_RING_LOG2) / 4];
  const uint32_t num_conns = values[TOE_REG(NUM_CONNS) / 4];
  if (values[0] != TOE_REGS__ID__MAGIC_reset) return TOE_ERR_VERSION;
  if (values[1] >> TOE_REGS__VERSION__MAJOR_bp != TOE_REGS__VERSION__MAJOR_reset)
    return TOE_ERR_VERSION;
  if (values[TOE_REG(SQ_DEPTH) / 4] != TOE_SQ_DEPTH) return TOE_ERR_VERSION;
  if (values[TOE_REG(CQ_DEPTH) / 4] != TOE_CQ_DEPTH) return TOE_ERR_VERSION;
  if (rx_log2 < 10 || rx_log2 > 30 || tx_log2 < 10 || tx_log2 > 30) return TOE_ERR_VERSION;
  if (num_conns == 0 || num_conns > 65536) return TOE_ERR_VERSION;
  engine->data_width = values[TOE_REG(DATA_WIDTH) / 4];
  engine->num_listeners = values[TOE_REG(NUM_LISTENERS) / 4];
  engine->num_conns = num_conns;
  engine->rx_ring_log2 = rx_log2;
  engine->tx_ring_log2 = tx_log2;
  engine->tx_base = (uint64_t)num_conns << rx_log2;
  return 0;
}

/* Whatever an earlier user left is forgotten. */
static int reset(struct toe_engine *engine) {
  uint32_t status = 0;

  int result = reg_write1(engine, TOE_REG(CTRL), TOE_REGS__CTRL__SOFT_RESET_bm);
  for (unsigned i = 0; i < TOE_PATIENCE && result == 0; i++) {
    result = reg_read(engine, TOE_REG(STATUS), &status, 1);
    if (result == 0 && (status & TOE_REGS__STATUS__READY_bm) != 0) return 0;
  }
  return result != 0 ? result : engine_gone(engine);
}

static int make_pool(struct toe_engine *engine) {
  const size_t count = 2 * (size_t)engine->num_conns;

  engine->conns = calloc(count, sizeof *engine->conns);
  engine->by_id = calloc(engine->num_conns, sizeof(void *));
  if (engine->conns == NULL || engine->by_id == NULL) return TOE_ERR_NO_MEMORY;
  for (size_t i = 0; i < count; i++) list_append(&engine->pool, &engine->conns[i].member);
  return 0;
}

static void free_engine(struct toe_engine *engine) {
  free(engine->conns);
  free(engine->by_id);
  free(engine);
}

/* *complaint says what is wrong with the configuration when the result is TOE_ERR_RANGE. */
static int start(struct toe_engine *engine, const struct toe_config *wanted,
                 const char **complaint) {
  struct toe_config config = *wanted;

  int result = identify(engine);
  if (result == 0) result = config_adopt(engine, &config);
  if (result != 0) return result;
  *complaint = config_complaint(&config);
  if (*complaint != NULL) return TOE_ERR_RANGE;
  engine->local_ip = config.ip;
  engine->netmask = UINT32_MAX << (32 - config.prefix_len);
  engine->orphan_timeout_us = config.time_wait_us;
  engine->dscp = config.dscp;
  result = make_pool(engine);
  if (result == 0) result = reset(engine);
  if (result == 0) result = config_write(engine, &config);
  if (result == 0)
    result = reg_write1(engine, TOE_REG(CTRL),
                        TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
  if (result == 0) result = counters_update(engine);
  return result;
}

static int open_transport(const struct toe_transport *transport, const struct toe_config *config,
                          struct toe_engine **out, const char **complaint) {
  struct toe_engine *engine = calloc(1, sizeof *engine);

  if (engine == NULL) return TOE_ERR_NO_MEMORY;
  engine->transport = *transport;
  list_init(&engine->pool);
  list_init(&engine->dirty);
  list_init(&engine->orphans);
  list_init(&engine->listeners);
  list_init(&engine->ready);
  const int result = start(engine, config, complaint);
  if (result != 0) {
    free_engine(engine);
    return result;
  }
  *out = engine;
  return 0;
}

int toe_open_transport(const struct toe_transport *transport, const struct toe_config *config,
                       struct toe_engine **out) {
  const char *complaint = NULL;
  return open_transport(transport, config, out, &complaint);
}

int toe_open(const char *uri, const struct toe_config *config, struct toe_engine **out,
             char *message, size_t message_len) {
  struct toe_transport transport = {0};
  char text[512] = "";
  const char *complaint = NULL;

  int result = toe_transport_open(uri, &transport);
  if (result != 0) {
    snprintf(text, sizeof text, "%s", transport.message);
  } else {
    result = open_transport(&transport, config, out, &complaint);
    if (result == TOE_ERR_VERSION)
      snprintf(text, sizeof text,
               "%.200s answers, but not with register map %d: load a bitstream or a simulation of "
               "this release",
               uri, TOE_REGS__VERSION__MAJOR_reset);
    else if (result != 0)
      snprintf(text, sizeof text, "%s", complaint != NULL ? complaint : toe_strerror(result));
    if (result != 0) transport.close(transport.ctx);
  }
  if (message != NULL && message_len != 0) snprintf(message, message_len, "%s", text);
  return result;
}

/* ---- Close ---------------------------------------------------------------------------------- */

static void abort_all(struct toe_engine *engine) {
  for (uint32_t i = 0; i < 2 * engine->num_conns; i++) {
    struct toe_conn *conn = &engine->conns[i];
    if (conn->phase == CONN_FREE) continue;
    if (!conn->orphan)
      conn_orphan(conn, true);
    else if (conn->phase == CONN_OPEN)
      conn_pend(conn, PENDING_ABORT);
  }
}

/* The last reset has left, or the engine has no use for us any more. */
static void wait_idle(struct toe_engine *engine) {
  uint32_t status = 0;

  for (unsigned i = 0; i < TOE_PATIENCE && (status & TOE_REGS__STATUS__IDLE_bm) == 0; i++) {
    if (reg_read(engine, TOE_REG(STATUS), &status, 1) != 0) return;
    const int taken = (status & TOE_REGS__STATUS__COMPLETION_bm) != 0 ? cq_drain(engine) : 0;
    if (taken < 0 || flush(engine) != 0) return;
    i += (unsigned)taken;
  }
}

void toe_close(struct toe_engine *engine) {
  if (engine == NULL) return;
  monitor_close(engine);
  if (!engine->gone) {
    abort_all(engine);
    flush(engine);
    wait_idle(engine);
    reg_write1(engine, TOE_REG(CTRL), 0);
  }
  struct link *link = engine->listeners.next;
  while (link != &engine->listeners) {
    struct toe_listener *listener = TOE_CONTAINER(struct toe_listener, member, link);
    link = link->next;
    free(listener);
  }
  engine->transport.close(engine->transport.ctx);
  free_engine(engine);
}

/* ---- Progress ------------------------------------------------------------------------------- */

int toe_fd(struct toe_engine *engine) {
  return engine->transport.fd(engine->transport.ctx);
}

uint64_t deadline_after(struct toe_engine *engine, int64_t timeout_us) {
  if (timeout_us < 0) return UINT64_MAX;
  const uint64_t now_us = engine->transport.now_us(engine->transport.ctx);
  return UINT64_MAX - now_us > (uint64_t)timeout_us ? now_us + (uint64_t)timeout_us : UINT64_MAX;
}

/* Commands first; those that find the ring full go when the engine has taken some. */
static int flush_all(struct toe_engine *engine) {
  int taken = 0;

  int result = flush(engine);
  for (unsigned i = 0; i < TOE_PATIENCE && result == 0 && !list_empty(&engine->dirty); i++) {
    result = cq_drain(engine);
    if (result < 0) return result;
    taken += result;
    i += (unsigned)result;
    result = flush(engine);
  }
  if (result == 0 && !list_empty(&engine->dirty)) result = engine_gone(engine);
  return result == 0 ? taken : result;
}

/* One wait, no longer than until the first of the deadlines.  *expired: the caller's has passed, or
 * nothing can happen. */
static int process_once(struct toe_engine *engine, uint64_t deadline_us, bool *expired) {
  struct toe_transport *t = &engine->transport;

  const uint64_t orphan_us = list_empty(&engine->orphans) ? UINT64_MAX : orphans_check(engine);
  int taken = flush_all(engine);
  if (taken < 0) return taken;
  const uint64_t first_us = orphan_us < deadline_us ? orphan_us : deadline_us;
  int64_t timeout_us = -1;
  if (taken != 0) {
    timeout_us = 0;
  } else if (first_us != UINT64_MAX) {
    const uint64_t now_us = t->now_us(t->ctx);
    timeout_us = first_us > now_us ? (int64_t)(first_us - now_us) : 0;
  }
  int result = t->wait(t->ctx, timeout_us);
  if (result < 0) return engine_gone(engine);
  *expired = result == 0 && (orphan_us >= deadline_us || t->now_us(t->ctx) < orphan_us);
  if (result != 0) {
    result = cq_drain(engine);
    if (result < 0) return result;
    taken += result;
  }
  result = flush_all(engine);
  if (result < 0) return result;
  return taken + result;
}

int process_until(struct toe_engine *engine, uint64_t deadline_us) {
  struct toe_transport *t = &engine->transport;
  bool expired = false;
  int taken;

  if (engine->gone) return TOE_ERR_GONE;
  do {
    taken = process_once(engine, deadline_us, &expired);
  } while (taken == 0 && !expired && t->now_us(t->ctx) < deadline_us);
  if (taken < 0) return taken;
  monitor_serve(engine);
  if (t->now_us(t->ctx) >= engine->counters_due_us && counters_update(engine) != 0)
    return TOE_ERR_GONE;
  return taken != 0;
}

int toe_process(struct toe_engine *engine, int64_t timeout_us) {
  if (engine->gone) return TOE_ERR_GONE;
  return process_until(engine, deadline_after(engine, timeout_us));
}

int poll_answer(struct toe_engine *engine, const bool *done) {
  int result = 0;

  for (unsigned i = 0; i < TOE_PATIENCE && result >= 0; i++) {
    result = flush(engine);
    if (result == 0) result = cq_drain(engine);
    if (result >= 0 && *done) return 0;
    if (result > 0) i += (unsigned)result;
  }
  return result < 0 ? result : engine_gone(engine);
}

int toe_engine_info(struct toe_engine *engine, struct toe_engine_info *info) {
  uint32_t values[3], version, status;

  int result = reg_read(engine, TOE_REG(HALF_OPEN), values, 3);
  if (result == 0) result = reg_read(engine, TOE_REG(VERSION), &version, 1);
  if (result == 0) result = reg_read(engine, TOE_REG(STATUS), &status, 1);
  if (result != 0) return result;
  *info = (struct toe_engine_info){
      .version = (uint16_t)(version >> 16),
      .data_width = (uint16_t)engine->data_width,
      .num_conns = engine->num_conns,
      .rx_ring_octets = UINT32_C(1) << engine->rx_ring_log2,
      .tx_ring_octets = UINT32_C(1) << engine->tx_ring_log2,
      .listeners = engine->num_listeners,
      .half_open = values[0],
      .syn_cookies = (status & TOE_REGS__STATUS__SYN_COOKIES_bm) != 0,
      .time_wait = values[1],
      .free_conns = values[2],
      .late_commands = engine->late_commands,
  };
  return 0;
}

uint64_t toe_now_us(struct toe_engine *engine) {
  return engine->transport.now_us(engine->transport.ctx);
}
