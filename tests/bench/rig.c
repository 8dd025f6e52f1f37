/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tb.h"
#include "toe/toe_hw.h"
#include "toe/toe_regs.h"
#include "toe_structs.h"

enum {
  OUR_IP = 0x0a000002,
  PEER_IP = 0x0a000001,
  FIRST_PORT = 7000, /* of the engine, two of them */
  PEER_PORT = 1024,  /* of connections 0 and 32768 */
  PORT_CONNS = 32768,
  PATTERN = 65521,
  BACKLOG = 256,
  OPENING = 64, /* handshakes at once */
  PEER_WSCALE = 7,
  SHORT_WORDS = TOE_NTF_SND_UNA_WORD + 1,
  POLL_ENTRIES = 8, /* completions read before frames are looked at again */
  IN_QUEUE = 4096,
};

#define REG(NAME) ((uint32_t)offsetof(toe_regs_t, NAME))

static const uint8_t kOurMac[6] = {0x02, 0, 0, 0, 0, 0x02};
static const uint8_t kPeerMac[6] = {0x02, 0, 0, 0, 0, 0x01};

static uint8_t pattern[2 * PATTERN];
static frame_t frame_in, frame_out;

void rig_check(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

uint32_t rig_beats(const rig_t *rig, uint32_t octets) {
  const uint32_t beat_octets = rig->width / 8;
  return (octets + beat_octets - 1) / beat_octets;
}

uint64_t rig_cycle(const rig_t *rig) {
  return toe_sim_now(rig->sim) / RIG_PERIOD_NS;
}

/* Octets of a stream from @p position on: PATTERN of them can be read. */
static const uint8_t *stream_at(uint32_t index, uint32_t position) {
  return pattern + (position + 977u * index) % PATTERN;
}

/* --- Registers ------------------------------------------------------------------------------- */

static uint32_t reg_read(rig_t *rig, uint32_t offset) {
  uint32_t value = 0;

  rig_check(toe_sim_reg_read(rig->sim, offset, &value, 1) == 0, "a register does not answer");
  return value;
}

static void reg_write(rig_t *rig, uint32_t offset, uint32_t value) {
  rig_check(toe_sim_reg_write(rig->sim, offset, &value, 1) == 0, "a register does not answer");
}

uint32_t rig_drops(rig_t *rig) {
  uint32_t values[TOE_DROP_COUNT], sum = 0;

  rig_check(toe_sim_reg_read(rig->sim, REG(COUNTERS.DROP_DISABLED), values, TOE_DROP_COUNT) == 0,
            "the counters do not answer");
  for (int i = 0; i < TOE_DROP_COUNT; i++) sum += values[i];
  return sum;
}

/* --- Peer ------------------------------------------------------------------------------------ */

static frame_path_t path(void) {
  frame_path_t path = {.src_ip = PEER_IP, .dst_ip = OUR_IP};

  memcpy(path.dst_mac, kOurMac, 6);
  memcpy(path.src_mac, kPeerMac, 6);
  return path;
}

static void send_frame(rig_t *rig) {
  frame_pad(&frame_in, 60, 0);
  rig_check(toe_sim_frame_in(rig->sim, frame_in.data, frame_in.len, 0) == 0,
            "the receive queue is full");
}

static void send_segment(rig_t *rig, uint32_t index, frame_tcp_t *tcp) {
  const frame_path_t from = path();

  tcp->src_port = (uint16_t)(PEER_PORT + index % PORT_CONNS);
  tcp->dst_port = (uint16_t)(FIRST_PORT + index / PORT_CONNS);
  tcp->wnd = 0xffff;
  frame_build_tcp(&frame_in, &from, tcp);
  send_frame(rig);
}

void rig_send_syn(rig_t *rig, uint32_t index) {
  rig_conn_t *conn = &rig->conns[index];
  frame_tcp_t tcp = {.seq = conn->peer_nxt, .flags = FRAME_SYN};

  *conn = (rig_conn_t){.peer_iss = tcp.seq, .peer_nxt = tcp.seq + 1};
  frame_add_mss(&tcp, (uint16_t)rig->mss);
  frame_add_wscale(&tcp, PEER_WSCALE);
  frame_pad_options(&tcp);
  send_segment(rig, index, &tcp);
}

void rig_send_rst(rig_t *rig, uint32_t index) {
  frame_tcp_t tcp = {.seq = rig->conns[index].peer_nxt, .flags = FRAME_RST};
  send_segment(rig, index, &tcp);
}

static void send_ack(rig_t *rig, uint32_t index) {
  rig_conn_t *conn = &rig->conns[index];
  frame_tcp_t tcp = {.seq = conn->peer_nxt, .ack = conn->engine_nxt, .flags = FRAME_ACK};

  conn->unacked = 0;
  send_segment(rig, index, &tcp);
}

bool rig_may_send(const rig_t *rig, uint32_t index, uint32_t len) {
  const rig_conn_t *conn = &rig->conns[index];
  return (int32_t)(conn->peer_edge - conn->peer_nxt) >= (int32_t)len;
}

void rig_send_data(rig_t *rig, uint32_t index, uint32_t len) {
  rig_conn_t *conn = &rig->conns[index];
  frame_tcp_t tcp = {.seq = conn->peer_nxt,
                     .ack = conn->engine_nxt,
                     .flags = FRAME_ACK,
                     .payload = stream_at(index, conn->peer_nxt - conn->peer_iss - 1),
                     .payload_len = len};

  conn->peer_nxt += len;
  send_segment(rig, index, &tcp);
}

static void take_data(rig_t *rig, uint32_t index, const frame_info_t *info) {
  rig_conn_t *conn = &rig->conns[index];

  rig_check(info->seq == conn->engine_nxt, "a segment came twice or out of order");
  rig_check(memcmp(frame_out.data + info->payload,
                   stream_at(index, info->seq - conn->engine_iss - 1), info->payload_len) == 0,
            "wrong octets sent");
  conn->engine_nxt += info->payload_len;
  rig->data_out++;
  if (++conn->unacked >= 2) send_ack(rig, index);
}

static void take_segment(rig_t *rig, const frame_info_t *info) {
  const uint32_t index =
      (uint32_t)(info->src_port - FIRST_PORT) * PORT_CONNS + (uint32_t)(info->dst_port - PEER_PORT);

  rig_check(index < RIG_CONN_LIMIT, "a segment for nobody");
  rig_conn_t *conn = &rig->conns[index];
  rig_check((info->flags & FRAME_RST) == 0, "the engine sent a RST");
  if ((info->flags & FRAME_SYN) != 0) {
    rig_check((info->flags & FRAME_ACK) != 0 && info->ack == conn->peer_iss + 1 && !conn->answered,
              "a SYN-ACK that answers nothing");
    conn->answered = true;
    conn->engine_iss = info->seq;
    conn->engine_nxt = info->seq + 1;
    conn->peer_edge = info->ack + info->wnd;
    send_ack(rig, index);
    return;
  }
  /* Rings of 64 KiB have a window scale of one. */
  const uint32_t edge = info->ack + ((uint32_t)info->wnd << 1);
  if ((int32_t)(edge - conn->peer_edge) > 0) conn->peer_edge = edge;
  if (info->payload_len != 0) take_data(rig, index, info);
}

/* Asks for the engine's address, so that it knows the peer's (RFC 826). */
static void send_arp(rig_t *rig) {
  frame_path_t from = path();

  memset(from.dst_mac, 0xff, 6);
  frame_build_arp(&frame_in, &from, 1, NULL);
  send_frame(rig);
}

static void take_frame(rig_t *rig, uint64_t time_ns) {
  frame_info_t info = {0};
  const char *wrong = frame_check(&frame_out, &info);

  rig_check(wrong == NULL, wrong);
  if (info.type == FRAME_TYPE_ARP) return;
  rig->last_out_cycle = time_ns / RIG_PERIOD_NS;
  rig->last_out_len = frame_out.len;
  take_segment(rig, &info);
}

static bool take_frames(rig_t *rig) {
  bool any = false;

  for (;;) {
    uint64_t time_ns = 0;
    const int len = toe_sim_frame_out(rig->sim, frame_out.data, sizeof frame_out.data, &time_ns);
    if (len <= 0) return any;
    frame_out.len = (uint32_t)len;
    take_frame(rig, time_ns);
    any = true;
  }
}

/* --- Host ------------------------------------------------------------------------------------ */

static void command(rig_t *rig, enum toe_cmd_op op, uint16_t id, uint16_t port, uint32_t value) {
  if (rig->command_count == TOE_SQ_DEPTH) rig_ring(rig);
  uint32_t *words = rig->commands[rig->command_count++];

  memset(words, 0, sizeof rig->commands[0]);
  words[TOE_CMD_OP_WORD] = (uint32_t)op | (uint32_t)id << TOE_CMD_CONN_LSB;
  words[TOE_CMD_LOCAL_PORT_WORD] = port;
  words[TOE_CMD_VALUE_WORD] = value;
}

void rig_ring(rig_t *rig) {
  uint32_t done = 0;

  while (done < rig->command_count) {
    const uint32_t place = rig->sq_tail % TOE_SQ_DEPTH;
    uint32_t room = TOE_SQ_DEPTH - (uint16_t)(rig->sq_tail - rig->sq_head);
    uint32_t count = rig->command_count - done;
    if (room < count) {
      rig->sq_head = (uint16_t)reg_read(rig, REG(SQ_HEAD));
      room = TOE_SQ_DEPTH - (uint16_t)(rig->sq_tail - rig->sq_head);
    }
    if (count > room) count = room;
    if (count > TOE_SQ_DEPTH - place) count = TOE_SQ_DEPTH - place;
    if (count == 0) {
      take_frames(rig); /* the peer does not wait for the host: its ACKs come one by one */
      continue;
    }
    rig_check(toe_sim_reg_write(rig->sim, REG(SQ) + 32 * place, rig->commands[done],
                                (size_t)count * TOE_CMD_WORDS) == 0,
              "the submission ring does not answer");
    rig->sq_tail = (uint16_t)(rig->sq_tail + count);
    reg_write(rig, REG(SQ_TAIL), rig->sq_tail);
    done += count;
  }
  rig->command_count = 0;
}

void rig_post(rig_t *rig, uint32_t index, uint32_t len) {
  rig_conn_t *conn = &rig->conns[index];
  const uint64_t ring =
      (uint64_t)rig->num_conns * rig->ring_octets + (uint64_t)conn->id * rig->ring_octets;

  for (uint32_t done = 0; done < len;) {
    const uint32_t seq = conn->snd_end + done;
    const uint32_t offset = seq % rig->ring_octets;
    uint32_t part = rig->ring_octets - offset;
    if (part > len - done) part = len - done;
    if (part > PATTERN) part = PATTERN;
    toe_sim_mem_write(rig->sim, ring + offset, stream_at(index, seq - conn->engine_iss - 1), part);
    done += part;
  }
  conn->snd_end += len;
  command(rig, TOE_CMD_SEND, conn->id, 0, conn->snd_end);
}

/* As much as fits, in whole segments, once that is a quarter of all. */
static void post_more(rig_t *rig, uint32_t index) {
  const rig_conn_t *conn = &rig->conns[index];
  const uint32_t used = conn->snd_end - conn->snd_una;

  if (rig->post_octets - used < rig->post_octets / 4) return;
  const uint32_t len = (rig->post_octets - used) / rig->mss * rig->mss;
  if (len != 0) rig_post(rig, index, len);
}

static void read_data(rig_t *rig, uint32_t index, uint32_t rcv_nxt) {
  rig_conn_t *conn = &rig->conns[index];
  uint8_t octets[PATTERN];

  while (conn->rcv_read != rcv_nxt) {
    const uint32_t offset = conn->rcv_read % rig->ring_octets;
    uint32_t part = rig->ring_octets - offset;
    if (part > rcv_nxt - conn->rcv_read) part = rcv_nxt - conn->rcv_read;
    if (part > PATTERN) part = PATTERN;
    toe_sim_mem_read(rig->sim, (uint64_t)conn->id * rig->ring_octets + offset, octets, part);
    rig_check(memcmp(octets, stream_at(index, conn->rcv_read - conn->peer_iss - 1), part) == 0,
              "wrong octets received");
    conn->rcv_read += part;
  }
  /* A later one says it all. */
  const uint32_t *last = rig->command_count != 0 ? rig->commands[rig->command_count - 1] : NULL;
  const uint32_t word0 = (uint32_t)TOE_CMD_RECEIVED | (uint32_t)conn->id << TOE_CMD_CONN_LSB;
  if (last != NULL && last[TOE_CMD_OP_WORD] == word0) rig->command_count--;
  command(rig, TOE_CMD_RECEIVED, conn->id, 0, rcv_nxt);
}

static void on_accepted(rig_t *rig, uint16_t id, const uint32_t *words) {
  const uint32_t index =
      (uint32_t)((words[TOE_NTF_LOCAL_PORT_WORD] & 0xffff) - FIRST_PORT) * PORT_CONNS +
      (words[TOE_NTF_REMOTE_PORT_WORD] >> 16) - PEER_PORT;
  rig_conn_t *conn = &rig->conns[index];

  conn->accepted = true;
  conn->id = id;
  conn->snd_una = conn->snd_end = words[TOE_NTF_ISS_WORD] + 1;
  conn->rcv_read = conn->peer_iss + 1;
  rig->by_id[id] = (int32_t)index;
  rig->accepted++;
}

static void on_notification(rig_t *rig, const uint32_t *words) {
  const uint16_t id = (uint16_t)(words[0] >> TOE_NTF_CONN_LSB);

  rig_check((words[0] & TOE_NTF_REFUSED) == 0, "a command was refused");
  if ((words[0] & TOE_NTF_ACCEPTED) != 0) on_accepted(rig, id, words);
  rig_check(rig->by_id[id] >= 0, "news of a connection that is not there");
  const uint32_t index = (uint32_t)rig->by_id[id];
  rig_conn_t *conn = &rig->conns[index];
  conn->snd_una = words[TOE_NTF_SND_UNA_WORD];
  if ((words[0] & TOE_NTF_CLOSED) != 0) {
    conn->closed = true;
    rig->closed++;
    rig->by_id[id] = -1;
    command(rig, TOE_CMD_RELEASE, id, 0, 0);
    return;
  }
  if ((words[0] & TOE_NTF_DATA) != 0) read_data(rig, index, words[TOE_NTF_RCV_NXT_WORD]);
  if (rig->post_octets != 0 && (words[0] & TOE_NTF_ROOM) != 0) post_more(rig, index);
}

/* Reads some of the news there are and answers them.  False when there are none. */
static bool host_poll(rig_t *rig) {
  if (!toe_sim_host_event(rig->sim)) return false;
  uint16_t waiting = (uint16_t)(reg_read(rig, REG(CQ_TAIL)) - rig->cq_head);
  if (waiting > POLL_ENTRIES) waiting = POLL_ENTRIES;
  for (; waiting > 0; waiting--) {
    uint32_t words[TOE_NTF_WORDS / 2] = {0};
    const uint32_t place = REG(CQ) + 64 * (rig->cq_head % TOE_CQ_DEPTH);
    /* Progress needs no more than the first words. */
    int result = toe_sim_reg_read(rig->sim, place, words, SHORT_WORDS);
    if (result == 0 && (words[0] & TOE_NTF_ACCEPTED) != 0)
      result = toe_sim_reg_read(rig->sim, place + 4 * SHORT_WORDS, words + SHORT_WORDS,
                                TOE_NTF_WORDS / 2 - SHORT_WORDS);
    rig_check(result == 0, "the completion ring does not answer");
    rig->cq_head++;
    on_notification(rig, words);
  }
  reg_write(rig, REG(CQ_HEAD), rig->cq_head);
  rig_ring(rig);
  return true;
}

uint32_t rig_read(const rig_t *rig, uint32_t index) {
  return rig->conns[index].rcv_read - rig->conns[index].peer_iss - 1;
}

/* --- Both ------------------------------------------------------------------------------------ */

void rig_run(rig_t *rig, uint64_t cycle) {
  while (rig_cycle(rig) < cycle) {
    toe_sim_advance(rig->sim, cycle * RIG_PERIOD_NS, TOE_SIM_FRAME | TOE_SIM_HOST_EVENT);
    take_frames(rig);
    host_poll(rig);
  }
}

void rig_settle(rig_t *rig) {
  while (take_frames(rig) || host_poll(rig) || toe_sim_busy(rig->sim))
    rig_run(rig, rig_cycle(rig) + 1);
}

void rig_open(rig_t *rig, uint32_t count) {
  const uint32_t before = rig->accepted;

  for (uint32_t i = 0; i < count;) {
    if (i - (rig->accepted - before) < OPENING) rig_send_syn(rig, i++);
    rig_run(rig, rig_cycle(rig) + 8);
  }
  rig_settle(rig);
  rig_check(rig->accepted - before == count, "a connection was not accepted");
}

static void on_trace(void *user, uint64_t now_ns, const uint32_t *words, size_t count) {
  rig_t *rig = user;

  (void)count;
  if (tb_get_bits(words, RTL_TRACE_BITS - 3, 3) != EvSegment) return;
  rig->last_segment_cycle = now_ns / RIG_PERIOD_NS;
  if (rig->segments++ == 0) rig->first_segment_cycle = rig->last_segment_cycle;
}

static void start(rig_t *rig) {
  static const uint32_t key[4] = {1, 2, 3, 4};

  reg_write(rig, REG(MIN_MSS), rig->mss);
  rig_check(toe_sim_reg_write(rig->sim, REG(HASH_KEY0), key, 4) == 0, "no hash key");
  reg_write(rig, REG(CTRL), TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
  for (uint16_t i = 0; i < 2; i++)
    command(rig, TOE_CMD_LISTEN, 0, (uint16_t)(FIRST_PORT + i), BACKLOG);
  rig_ring(rig);
  send_arp(rig);
  toe_sim_trace(rig->sim, on_trace, rig);
  rig_settle(rig);
}

rig_t *rig_new(uint32_t mss, bool check) {
  struct toe_sim_config config = {.ip = OUR_IP,
                                  .netmask = 0xffffff00,
                                  .clock_period_ps = 1000 * RIG_PERIOD_NS,
                                  .in_queue_frames = IN_QUEUE,
                                  .check = check};
  char message[TOE_SIM_MESSAGE_LEN] = "";
  rig_t *rig = calloc(1, sizeof *rig);

  rig_check(rig != NULL, "out of memory");
  for (uint32_t i = 0; i < 2 * PATTERN; i++) {
    const uint32_t x = i % PATTERN;
    pattern[i] = (uint8_t)(x * 2654435761u >> 13 ^ x);
  }
  memcpy(config.mac, kOurMac, sizeof config.mac);
  rig_check(toe_sim_create(&config, &rig->sim, message) == 0, message);
  const struct toe_sim_config *built = toe_sim_config_get(rig->sim);
  rig_check(built->rx_ring_log2 == 16 && built->tx_ring_log2 == 16, "rings are not of 64 KiB");
  rig->width = built->data_width;
  rig->num_conns = built->num_conns;
  rig->ring_octets = 1u << built->rx_ring_log2;
  rig->mss = mss;
  rig->conns = calloc(RIG_CONN_LIMIT, sizeof *rig->conns);
  rig->by_id = malloc(RIG_CONN_LIMIT * sizeof *rig->by_id);
  rig_check(rig->conns != NULL && rig->by_id != NULL, "out of memory");
  for (uint32_t i = 0; i < RIG_CONN_LIMIT; i++) {
    rig->conns[i].peer_nxt = 7919u * i;
    rig->by_id[i] = -1;
  }
  start(rig);
  return rig;
}

void rig_delete(rig_t *rig) {
  struct toe_sim_stats stats;

  toe_sim_stats_get(rig->sim, &stats);
  rig_check(stats.mem_errors == 0, "a burst that memory cannot serve");
  toe_sim_destroy(rig->sim);
  free(rig->conns);
  free(rig->by_id);
  free(rig);
}

void rig_result(const rig_t *rig, const char *name, uint32_t connections, uint32_t octets,
                double value, const char *unit, double limit) {
  printf("{\"name\": \"%s\", \"width\": %" PRIu32 ", \"connections\": %" PRIu32
         ", \"octets\": %" PRIu32 ", \"value\": %.2f, \"unit\": \"%s\", \"limit\": ",
         name, rig->width, connections, octets, value, unit);
  if (limit < 0)
    printf("null}\n");
  else
    printf("%.0f}\n", limit);
  fflush(stdout);
}
