/* SPDX-License-Identifier: Apache-2.0
 *
 * The model peer under a peer and a host that do anything: segments near and far from what a
 * connection expects, raw frames, calls in any order, time that passes or jumps.  After every step
 * the control blocks keep the order of RFC 9293 figures 3 and 4, and acknowledgements never go
 * back.
 *
 * The octet with a given sequence number is always the same one, in each direction.  So whatever
 * the overlaps, an octet that the host receives must be the one that was sent under its number, and
 * an octet that leaves the one that the host wrote.
 */
#include <string.h>

#include "fuzz.h"
#include "peer_config.h"

enum { CONNS = 4, RING_LOG2 = 12, PORT = 7, MAX_PAYLOAD = 1400 };

static model_peer_config_t config;

/* Small rings and tables, which fill. */
static model_peer_config_t small_config(void) {
  model_peer_config_t small = peer_config_of(1);

  small.cfg.data_retries = 5;
  small.cfg.syn_retries = 3;
  small.cfg.keepalive_us = 100000000;
  small.cfg.keepalive_interval_us = 1000000;
  small.cfg.rx_ring_log2 = small.cfg.tx_ring_log2 = RING_LOG2;
  small.conns = CONNS;
  small.half_open = small.waiting = 3;
  small.frames = 8;
  return small;
}

/* The other end of every connection. */
static const model_netif_t kOther = {
    .mac = 0x020000000002, .ip = 0x0a000002, .netmask = 0xffffff00, .mtu = 9000, .enabled = true};

static const uint8_t *input;
static size_t left;

static struct model_peer *peer;
static uint64_t now_us;

/* What a connection had reached before the last step. */
static struct reached {
  uint32_t iss, irs, snd_una, rcv_nxt;
  bool valid;
} reached[CONNS];

static uint8_t take8(void) {
  if (left == 0) return 0;
  left--;
  return *input++;
}

static uint16_t take16(void) {
  const uint8_t high = take8();

  return (uint16_t)(high << 8 | take8());
}

static uint32_t take32(void) {
  const uint16_t high = take16();

  return (uint32_t)high << 16 | take16();
}

static uint8_t octet_in(uint32_t seq) {
  return (uint8_t)(seq * 2654435761u >> 24);
}

static uint8_t octet_out(uint32_t seq) {
  return (uint8_t)~octet_in(seq ^ 0x55555555);
}

static bool seq_le(uint32_t a, uint32_t b) {
  return (int32_t)(b - a) >= 0;
}

/* --- What must always be so ------------------------------------------------------------------ */

static void check_send_side(const model_tcb_t *tcb) {
  FUZZ_CHECK(seq_le(tcb->snd_una, tcb->snd_nxt));
  FUZZ_CHECK(seq_le(tcb->snd_nxt, tcb->snd_max));
  FUZZ_CHECK(seq_le(tcb->snd_max, tcb->snd_end + tcb->fin_queued));
  FUZZ_CHECK(tcb->snd_end - tcb->snd_una <= (1u << RING_LOG2) + 1 ||
             tcb->snd_una == tcb->snd_end + 1);
  /* A probe and the FIN go beyond the largest window at most. */
  if (tcb->state != MODEL_SYN_SENT && tcb->state != MODEL_SYN_RECEIVED)
    FUZZ_CHECK(tcb->snd_max - tcb->snd_una <= tcb->max_snd_wnd + 2);
  FUZZ_CHECK(tcb->retries <= 15 && tcb->cwnd < 1u << 31);
}

static void check_receive_side(const model_tcb_t *tcb) {
  const bool fin_counted = tcb->fin_rcvd && tcb->rcv_nxt == tcb->fin_seq + 1;

  FUZZ_CHECK(seq_le(tcb->rcv_read, tcb->rcv_nxt - fin_counted));
  FUZZ_CHECK(seq_le(tcb->rcv_nxt, tcb->rcv_adv));
  FUZZ_CHECK(tcb->rcv_adv - tcb->rcv_read <= (1u << RING_LOG2) + 1);
  for (unsigned i = 0; i < MODEL_INTERVALS; i++) {
    if (!(tcb->ooo_valid >> i & 1)) continue;
    FUZZ_CHECK(!seq_le(tcb->ooo[i].right, tcb->ooo[i].left));
    FUZZ_CHECK(!seq_le(tcb->ooo[i].left, tcb->rcv_nxt));
    FUZZ_CHECK(seq_le(tcb->ooo[i].right, tcb->rcv_adv));
  }
}

static void check_progress(const model_tcb_t *tcb, struct reached *before) {
  if (before->valid && before->iss == tcb->iss && before->irs == tcb->irs) {
    FUZZ_CHECK(seq_le(before->snd_una, tcb->snd_una));
    FUZZ_CHECK(seq_le(before->rcv_nxt, tcb->rcv_nxt));
  }
  *before = (struct reached){tcb->iss, tcb->irs, tcb->snd_una, tcb->rcv_nxt, true};
}

static void check_all(void) {
  for (int i = 0; i < CONNS; i++) {
    const model_tcb_t *tcb = model_peer_tcb(peer, i);

    if (tcb == NULL || !tcb->in_use) {
      reached[i].valid = false;
      continue;
    }
    FUZZ_CHECK(tcb->state <= MODEL_TIME_WAIT && tcb->state != MODEL_LISTEN);
    check_send_side(tcb);
    if (tcb->state != MODEL_SYN_SENT && tcb->irs != 0) check_receive_side(tcb);
    check_progress(tcb, &reached[i]);
  }
}

/* A frame that leaves is sound, and carries what the host wrote.  ARP gets its answer at once. */
static void check_frame(const uint8_t *octets, size_t len) {
  uint8_t reply[MODEL_MIN_FRAME];
  model_frame_t frame;

  model_parse(&kOther, octets, len, true, &frame);
  switch (frame.kind) {
    case MODEL_FRAME_SEGMENT:
      for (uint16_t i = 0; i < frame.seg.payload_len; i++)
        FUZZ_CHECK(octets[frame.payload_off + i] == octet_out(frame.seg.seq + i));
      break;
    case MODEL_FRAME_ARP:
      if (!frame.arp.is_request) break;
      model_build_arp(&kOther, false, frame.arp.sender_mac, frame.arp.sender_ip, reply);
      model_peer_frame_in(peer, reply, sizeof reply);
      break;
    default: /* to another address, or an echo that was answered */
      FUZZ_CHECK(frame.drop == MODEL_DROP_NOT_FOR_US || frame.drop == MODEL_DROP_IP_DST ||
                 frame.drop == MODEL_DROP_ICMP_OTHER);
      break;
  }
}

static void drain(void) {
  uint8_t octets[MODEL_MAX_HEADERS + 1500];

  for (size_t len; (len = model_peer_frame_out(peer, octets)) != 0;) check_frame(octets, len);
}

/* --- What the input asks for ----------------------------------------------------------------- */

/* A number near one that the connection knows, or anywhere. */
static uint32_t near(const uint32_t *known, unsigned count) {
  const uint8_t which = take8();

  if (which % (count + 1) == count) return take32();
  return known[which % (count + 1)] + (uint32_t)(int8_t)take8() * (which < 128 ? 1u : 100u);
}

/* A segment for a connection that exists, or for none. */
static void segment_arrives(void) {
  static uint8_t payload[MAX_PAYLOAD];
  uint8_t frame[MODEL_MAX_HEADERS + MAX_PAYLOAD];
  const model_tcb_t *tcb = model_peer_tcb(peer, take8() % (CONNS + 1));
  static const model_tcb_t none = {.key = {0, 40000, PORT}};
  const bool known = tcb != NULL;

  if (!known) tcb = &none;
  const uint8_t flags = take8(), options = take8();
  const uint32_t seqs[] = {tcb->rcv_nxt, tcb->rcv_nxt, tcb->rcv_adv, tcb->irs, tcb->ooo[0].right};
  const uint32_t acks[] = {tcb->snd_una, tcb->snd_nxt, tcb->snd_max, tcb->iss + 1};
  model_tx_seg_t seg = {.key = {config.netif.ip, tcb->key.local_port,
                                (uint16_t)(tcb->key.remote_port + (known ? 0 : take8() % 4))},
                        .dst_mac = config.netif.mac,
                        .seq = near(seqs, 5),
                        .ack = near(acks, 4),
                        .flags = {.urg = flags & 1,
                                  .ack = (flags & 0x1e) != 0, /* most often */
                                  .psh = flags >> 5 & 1,
                                  .rst = (flags & 0xc0) == 0xc0,
                                  .syn = (options & 0xc0) == 0xc0,
                                  .fin = (options & 0x30) == 0x30},
                        .wnd = take16(),
                        .payload_len = (uint16_t)(take8() * 5)};
  if (options & 1) {
    seg.opt.ts_valid = 1;
    seg.opt.ts_val = tcb->ts_recent + (uint32_t)(int8_t)take8();
    seg.opt.ts_ecr = (uint32_t)(now_us >> 8);
  }
  if (options & 2) seg.opt.mss_valid = 1, seg.opt.mss = take16();
  if (options & 4) seg.opt.wscale_valid = 1, seg.opt.wscale = take8() % 15;
  if (options & 8) seg.opt.sack_permitted = 1;
  if (flags & 1) seg.urg_ptr = take16();
  for (uint16_t i = 0; i < seg.payload_len; i++) payload[i] = octet_in(seg.seq + seg.flags.syn + i);
  const size_t len = model_build_segment(&kOther, &seg, payload, frame);
  model_peer_frame_in(peer, frame, len);
}

static void raw_frame_arrives(void) {
  static const uint8_t to_us[6] = {2, 0, 0, 0, 0, 1};
  uint8_t frame[255];
  const size_t len = 1u + take8() % sizeof frame;

  for (size_t i = 0; i < len; i++) frame[i] = take8();
  if (len >= 6 && frame[0] & 1) memcpy(frame, to_us, sizeof to_us);
  model_peer_frame_in(peer, frame, len);
}

static void time_passes(void) {
  const uint8_t how = take8();
  const uint64_t next_us = model_peer_next_us(peer);

  if (how < 128 || next_us == UINT64_MAX)
    now_us += (uint64_t)how * 1000;
  else if (next_us > now_us)
    now_us = next_us;
  model_peer_advance(peer, now_us);
}

static void host_sends(int conn) {
  const model_tcb_t *tcb = model_peer_tcb(peer, conn);
  uint8_t octets[MAX_PAYLOAD];
  const size_t len = 1u + (size_t)take8() * 5;

  if (tcb == NULL) return;
  for (size_t i = 0; i < len; i++) octets[i] = octet_out(tcb->snd_end + (uint32_t)i);
  model_peer_send(peer, conn, octets, len);
}

static void host_receives(int conn) {
  const model_tcb_t *tcb = model_peer_tcb(peer, conn);
  uint8_t octets[MAX_PAYLOAD];

  if (tcb == NULL) return;
  const uint32_t seq = tcb->rcv_read;
  const size_t len = model_peer_receive(peer, conn, octets, 1u + (size_t)take8() * 5);
  for (size_t i = 0; i < len; i++) FUZZ_CHECK(octets[i] == octet_in(seq + (uint32_t)i));
}

static void host_calls(uint8_t call) {
  const int conn = take8() % CONNS;

  switch (call % 8) {
    case 0:
      model_peer_connect(peer, kOther.ip, 80, (uint16_t)(1000 + take8() % 8));
      break;
    case 1:
    case 2:
      host_sends(conn);
      break;
    case 3:
    case 4:
      host_receives(conn);
      break;
    case 5:
      model_peer_close(peer, conn);
      break;
    case 6:
      if (take8() < 64) model_peer_abort(peer, conn);
      break;
    default:
      model_peer_release(peer, conn);
      break;
  }
}

static void step(void) {
  const uint8_t what = take8();

  if (what < 130)
    segment_arrives();
  else if (what < 140)
    raw_frame_arrives();
  else if (what < 180)
    time_passes();
  else
    host_calls(what);
  model_peer_accept(peer);
  drain();
  check_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  config = small_config();
  const size_t memory_size = model_peer_size(&config);
  void *memory = malloc(memory_size);

  FUZZ_CHECK(memory != NULL);
  input = data;
  left = size;
  memset(reached, 0, sizeof reached);
  now_us = take32();
  peer = model_peer_new(&config, memory);
  model_peer_advance(peer, now_us);
  model_peer_listen(peer, PORT);
  while (left != 0) step();
  free(memory);
  return 0;
}
