/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine says.  One notification may say several things at once, even a whole life:
 * accepted, data, peer closed, closed.
 */
#include "host/src/internal.h"

int error_of_reason(enum toe_reason reason) {
  switch (reason) {
    case TOE_REASON_NONE:
      return 0;
    case TOE_REASON_PEER_RESET:
      return TOE_ERR_RESET;
    case TOE_REASON_CONN_REFUSED:
      return TOE_ERR_REFUSED;
    case TOE_REASON_TIMEOUT:
    case TOE_REASON_USER_TIMEOUT:
      return TOE_ERR_TIMEOUT;
    case TOE_REASON_UNREACHABLE:
      return TOE_ERR_UNREACHABLE;
    case TOE_REASON_ABORTED:
      return TOE_ERR_ABORTED;
    case TOE_REASON_BAD_VALUE:
      return TOE_ERR_RANGE;
    case TOE_REASON_BAD_STATE:
    case TOE_REASON_BAD_CONN:
      return TOE_ERR_STATE;
    case TOE_REASON_NO_CONN:
    case TOE_REASON_FLOW_FULL:
    case TOE_REASON_LISTEN_FULL:
      return TOE_ERR_FULL;
    case TOE_REASON_ADDR_IN_USE:
      return TOE_ERR_IN_USE;
    default:
      return TOE_ERR_ENGINE;
  }
}

/* The reason of an end, the segment size of a beginning and all of an answer are in the upper half.
 */
bool ntf_is_long(uint32_t word0) {
  return (word0 & (TOE_NTF_CONNECTED | TOE_NTF_ACCEPTED | TOE_NTF_CLOSED | TOE_NTF_INFO |
                   TOE_NTF_REFUSED | TOE_NTF_ICMP_ERROR)) != 0;
}

static enum toe_reason reason_of(const uint32_t *words) {
  return (enum toe_reason)(words[TOE_NTF_REASON_WORD] >> TOE_NTF_REASON_LSB & 0xff);
}

static void on_refused(struct toe_engine *engine, const uint32_t *words) {
  const enum toe_reason reason = reason_of(words);
  const uint32_t tag = words[TOE_NTF_TAG_OR_SND_NXT_WORD];
  struct toe_conn *conn = engine->by_id[words[0] >> TOE_NTF_CONN_LSB];

  if ((tag & kSyncTag) != 0) {
    if (tag == engine->sync_tag) engine->sync_reason = reason;
    if (tag == engine->barrier_tag) engine->sync_done = true;
  } else if (tag != 0 && tag <= 2 * engine->num_conns) {
    struct toe_conn *asked = &engine->conns[tag - 1];
    if (asked->phase == CONN_ASKED) connect_refused(asked, reason);
  } else if (reason == TOE_REASON_BAD_STATE || reason == TOE_REASON_BAD_CONN) {
    /* It crossed the news that the connection has ended. */
    engine->late_commands++;
  } else if (conn != NULL && conn->phase != CONN_ENDED) {
    conn->error = TOE_ERR_ENGINE;
    conn_pend(conn, PENDING_ABORT);
  }
}

static void on_opened(struct toe_engine *engine, const uint32_t *words, int32_t id) {
  const uint32_t index = words[TOE_NTF_TAG_OR_SND_NXT_WORD] - 1;

  if (index >= 2 * engine->num_conns || engine->conns[index].phase != CONN_ASKED) return;
  if (engine->by_id[id] != NULL) { /* as in dispatch() */
    engine_gone(engine);
    return;
  }
  struct toe_conn *conn = &engine->conns[index];
  conn_set_id(conn, id);
  conn->phase = CONN_CONNECTING;
  if (conn->orphan) conn_pend(conn, PENDING_ABORT);
}

static struct toe_listener *listener_of(struct toe_engine *engine, uint16_t port) {
  for (struct link *link = engine->listeners.next; link != &engine->listeners; link = link->next) {
    struct toe_listener *listener = TOE_CONTAINER(struct toe_listener, member, link);
    if (listener->port == port) return listener;
  }
  return NULL;
}

/* The handshake is complete, at either end. */
static void on_established(struct toe_conn *conn, const uint32_t *words) {
  conn->phase = CONN_OPEN;
  conn->iss = words[TOE_NTF_ISS_WORD];
  conn->irs = words[TOE_NTF_IRS_OR_RCV_UP_WORD];
  conn->snd_una = conn->snd_end = conn->iss + 1;
  conn->rcv_read = conn->rcv_reported = conn->rcv_end = conn->rcv_up = conn->irs + 1;
  conn->snd_mss = (uint16_t)(words[TOE_NTF_MSS_SCALES_WORD] >> 16);
}

static struct toe_conn *on_accepted(struct toe_engine *engine, const uint32_t *words, int32_t id) {
  struct toe_conn *conn = conn_new(engine);
  const uint16_t local_port = (uint16_t)words[TOE_NTF_LOCAL_PORT_WORD];
  struct toe_listener *listener = listener_of(engine, local_port);

  conn_set_id(conn, id);
  conn->remote_ip = words[TOE_NTF_REMOTE_IP_WORD];
  conn->remote_port = (uint16_t)(words[TOE_NTF_REMOTE_PORT_WORD] >> TOE_NTF_REMOTE_PORT_LSB);
  conn->local_port = local_port;
  on_established(conn, words);
  if (listener != NULL) {
    conn->unaccepted = true;
    list_append(&listener->backlog, &conn->member);
    source_ready(engine, &listener->source);
  } else {
    conn_orphan(conn, true);
  }
  return conn;
}

/* The last ICMP error: icmp_kind_e in bits 15:14, code in bits 13:10. */
static uint8_t icmp_type_of(const uint32_t *words) {
  static const uint8_t types[4] = {0, 3, 11, 12};

  return types[words[TOE_NTF_MSS_SCALES_WORD] >> 14 & 3];
}

static uint8_t icmp_code_of(const uint32_t *words) {
  return words[TOE_NTF_MSS_SCALES_WORD] >> 10 & 0xf;
}

static void on_info(struct toe_conn *conn, const uint32_t *words) {
  const uint32_t scales = words[TOE_NTF_MSS_SCALES_WORD];
  struct toe_conn_info *info = &conn->engine->info;

  *info = (struct toe_conn_info){
      .state = (enum toe_tcp_state)(words[0] & 0xf),
      .local_ip = conn->engine->local_ip,
      .remote_ip = conn->remote_ip,
      .local_port = conn->local_port,
      .remote_port = conn->remote_port,
      .iss = words[TOE_NTF_ISS_WORD],
      .irs = conn->irs,
      .snd_una = words[TOE_NTF_SND_UNA_WORD],
      .snd_nxt = words[TOE_NTF_TAG_OR_SND_NXT_WORD],
      .rcv_nxt = words[TOE_NTF_RCV_NXT_WORD],
      .snd_wnd = words[TOE_NTF_SND_WND_WORD],
      .cwnd = words[TOE_NTF_CWND_WORD],
      .ssthresh = words[TOE_NTF_SSTHRESH_WORD],
      .srtt_us = words[TOE_NTF_SRTT_US_WORD],
      .rttvar_us = words[TOE_NTF_RTTVAR_US_WORD],
      .rto_us = words[TOE_NTF_RTO_US_WORD],
      .snd_mss = (uint16_t)(scales >> 16),
      .snd_wscale = (uint8_t)(scales >> 4 & 0xf),
      .rcv_wscale = (uint8_t)(scales & 0xf),
      .timestamps = (scales >> 8 & 1) != 0,
      .sack = (scales >> 9 & 1) != 0,
      .retransmits = words[TOE_NTF_RETRANSMITS_WORD] >> 16,
      .retries = (uint8_t)(words[TOE_NTF_RETRANSMITS_WORD] & 0xf),
      .icmp_type = icmp_type_of(words),
      .icmp_code = icmp_code_of(words),
  };
  conn->asked_info = false;
  conn->info_valid = true;
  if (conn->pending != 0) conn_pend(conn, 0); /* a release that has waited */
}

/* What the engine says of this connection cannot be: it is of no use any more. */
static void distrust(struct toe_conn *conn) {
  conn->error = TOE_ERR_ENGINE;
  conn_pend(conn, PENDING_ABORT);
}

/* False when it acknowledges what was never sent, or has more octets than its ring holds. */
static bool is_possible(const struct toe_conn *conn, uint32_t snd_una, uint32_t rcv_end) {
  const uint32_t ring = UINT32_C(1) << conn->engine->rx_ring_log2;

  return !seq_lt(conn->snd_end + conn->shut_down, snd_una) &&
         (!seq_lt(conn->rcv_end, rcv_end) || rcv_end - conn->rcv_read <= ring);
}

/* Acknowledgements and octets.  True when there is something new to read. */
static bool on_progress(struct toe_conn *conn, const uint32_t *words) {
  const uint32_t snd_una = words[TOE_NTF_SND_UNA_WORD];
  const uint32_t rcv_nxt = words[TOE_NTF_RCV_NXT_WORD];
  const uint32_t flags = words[0];
  const bool closed = (flags & TOE_NTF_PEER_CLOSED) != 0;
  const uint32_t rcv_end = closed ? rcv_nxt - 1 : rcv_nxt; /* the FIN is not in the ring */
  bool news = false;

  if (!is_possible(conn, snd_una, rcv_end)) {
    distrust(conn);
    return true;
  }
  if (seq_lt(conn->snd_una, snd_una)) conn->snd_una = snd_una;
  if (!conn->peer_closed) {
    news = closed || seq_lt(conn->rcv_end, rcv_end);
    if (seq_lt(conn->rcv_end, rcv_end)) conn->rcv_end = rcv_end;
    conn->peer_closed = closed;
  }
  if ((flags & TOE_NTF_URGENT) != 0) {
    /* Beside a beginning there is no room for rcv_up; it is somewhere in what has come. */
    const bool begins = (flags & (TOE_NTF_CONNECTED | TOE_NTF_ACCEPTED)) != 0;
    conn->rcv_up = begins ? conn->rcv_end : words[TOE_NTF_IRS_OR_RCV_UP_WORD];
    news = true;
  }
  return news;
}

/* True when there is something new to say. */
static bool on_trouble(struct toe_conn *conn, const uint32_t *words) {
  const bool icmp_error = (words[0] & TOE_NTF_ICMP_ERROR) != 0;
  const bool retrying = (words[0] & TOE_NTF_RETRYING) != 0;

  if (icmp_error) {
    conn->trouble.icmp_type = icmp_type_of(words);
    conn->trouble.icmp_code = icmp_code_of(words);
  }
  conn->trouble.retrying = conn->trouble.retrying || retrying;
  conn->troubled = conn->troubled || icmp_error || retrying;
  return icmp_error || retrying;
}

/* An orphan that has said all waits for the peer's FIN, but not for ever. */
static void watch_orphan(struct toe_conn *conn, bool news) {
  struct toe_engine *engine = conn->engine;

  if (news && conn->rcv_end != conn->rcv_read) {
    conn_pend(conn, PENDING_ABORT); /* nobody will read it */
  } else if (conn->shut_down && conn->snd_una == conn->snd_end + 1 &&
             conn->orphan_deadline_us == UINT64_MAX) {
    conn->orphan_deadline_us =
        engine->transport.now_us(engine->transport.ctx) + engine->orphan_timeout_us;
  }
}

void dispatch(struct toe_engine *engine, const uint32_t *words) {
  const uint32_t flags = words[0];
  const int32_t id = (int32_t)(flags >> TOE_NTF_CONN_LSB);

  if (id >= (int32_t)engine->num_conns) { /* no engine has such a connection */
    engine_gone(engine);
    return;
  }
  struct toe_conn *conn = engine->by_id[id];
  if ((flags & TOE_NTF_REFUSED) != 0) {
    on_refused(engine, words);
    return;
  }
  if ((flags & TOE_NTF_OPENED) != 0) {
    on_opened(engine, words, id);
    return;
  }
  if ((flags & TOE_NTF_ACCEPTED) != 0) {
    if (conn != NULL) { /* one number for two connections: no engine does that */
      engine_gone(engine);
      return;
    }
    conn = on_accepted(engine, words, id);
  }
  if (conn == NULL) return;
  if ((flags & TOE_NTF_CONNECTED) != 0) {
    if (conn->phase == CONN_CONNECTING)
      on_established(conn, words);
    else
      distrust(conn);
  }

  bool news = (flags & (TOE_NTF_CONNECTED | TOE_NTF_ACCEPTED)) != 0;
  if (conn->phase == CONN_OPEN) news = on_progress(conn, words) || news;
  if ((flags & TOE_NTF_ROOM) != 0 && conn->room_wanted) {
    conn->room_wanted = false;
    news = true;
  }
  news = on_trouble(conn, words) || news;
  if ((flags & TOE_NTF_INFO) != 0) on_info(conn, words);
  if (conn->orphan) watch_orphan(conn, news);
  if ((flags & TOE_NTF_CLOSED) != 0) {
    conn_ended(conn, error_of_reason(reason_of(words)));
  } else if (news && !conn->orphan && !conn->unaccepted) {
    source_ready(engine, &conn->source);
  }
}
