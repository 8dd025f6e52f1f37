/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments asked for, and frames that left.
 */
#include "sim/lockstep_frames.h"

#include <stdlib.h>
#include <string.h>

#include "model/octets.h"
#include "model/toe_model_frame.h"
#include "sim/lockstep_compare.h"

enum {
  ETHERNET = 14, /* octets of header */
  IPV4 = 20,     /* the engine sends no IPv4 options */
  PROTO_TCP = 6,
  MAX_MTU = 9000,
  HELD = 12 /* segments that wait for an address, above which others may find no place */
};

/* A segment that waited this long for an address is given up. */
static const uint64_t kPatienceNs = UINT64_C(3000000000);
/* An address that was used within this time is not forgotten. */
static const uint64_t kFreshNs = UINT64_C(1000000000);
/* One that TCP doubted is forgotten when nobody answers for so long. */
static const uint64_t kDoubtNs = UINT64_C(4000000000);

/* --- Frames ---------------------------------------------------------------------------------- */

/* Whoever the frame is for: the IPv4 header has no options, and the MTU is as large as one can be.
 */
static model_netif_t receiver_of(const uint8_t *frame, size_t len) {
  return (model_netif_t){.mac = len >= ETHERNET ? get48(frame) : 0,
                         .ip = len >= ETHERNET + IPV4 ? get32(frame + ETHERNET + 16) : 0,
                         .netmask = UINT32_MAX,
                         .mtu = MAX_MTU,
                         .enabled = true};
}

static bool carries_tcp(const uint8_t *frame, size_t len) {
  return len >= ETHERNET + IPV4 && frame[12] == 0x08 && frame[13] == 0x00 &&
         frame[ETHERNET + 9] == PROTO_TCP;
}

enum sim_frame_content sim_frame_read(const uint8_t *frame, size_t len, struct sim_segment *out) {
  const model_netif_t receiver = receiver_of(frame, len);
  model_frame_t parsed;

  if (!carries_tcp(frame, len)) return SIM_FRAME_OTHER;
  model_parse(&receiver, frame, len, true, &parsed);
  if (parsed.kind != MODEL_FRAME_SEGMENT) return SIM_FRAME_UNSOUND;
  const model_rx_seg_t *seg = &parsed.seg;
  out->payload_off = parsed.payload_off;
  out->packet_len = (uint16_t)(parsed.payload_off - ETHERNET + seg->payload_len);
  out->seg = (model_tx_seg_t){.key = {.remote_ip = receiver.ip,
                                      .remote_port = seg->key.local_port,
                                      .local_port = seg->key.remote_port},
                              .dst_mac = receiver.mac,
                              .dscp = frame[ETHERNET + 1] >> 2,
                              .seq = seg->seq,
                              .ack = seg->ack,
                              .flags = seg->flags,
                              .wnd = seg->wnd,
                              .urg_ptr = seg->urg_ptr,
                              .opt = seg->opt,
                              .payload_len = seg->payload_len};
  return SIM_FRAME_SEGMENT;
}

long sim_frame_difference(const uint8_t *frame, size_t len, const struct sim_segment *left,
                          const model_netif_t *own) {
  model_netif_t sender = *own;
  uint8_t built[MODEL_MAX_HEADERS + MAX_MTU];

  sender.mtu = MAX_MTU; /* what the MTU cuts, sim_awaited_take() knows */
  const size_t built_len =
      model_build_segment(&sender, &left->seg, frame + left->payload_off, built);

  for (size_t i = 0; i < len && i < built_len; i++)
    if (frame[i] != built[i]) return (long)i;
  return len == built_len ? -1 : (long)(len < built_len ? len : built_len);
}

/* --- List ------------------------------------------------------------------------------------ */

void sim_awaited_free(struct sim_awaited_list *list) {
  free(list->items);
  *list = (struct sim_awaited_list){0};
}

void sim_awaited_clear(struct sim_awaited_list *list) {
  list->count = 0;
  memset(list->neighbours, 0, sizeof list->neighbours);
  list->doubted = false;
}

void sim_awaited_disable(struct sim_awaited_list *list, bool disabled) {
  list->disabled = disabled;
  if (!disabled) return;
  for (size_t i = 0; i < list->count; i++) list->items[i].may_fail = true;
}

static void drop(struct sim_awaited_list *list, size_t index) {
  list->count--;
  memmove(&list->items[index], &list->items[index + 1],
          (list->count - index) * sizeof *list->items);
}

/* The engine has its Ethernet address: a segment has just left for it. */
static bool is_neighbour(const struct sim_awaited_list *list, uint32_t ip, uint64_t now_ns) {
  const size_t place = ip % SIM_NEIGHBOURS;

  if (list->doubted && now_ns - list->doubted_ns < kDoubtNs) return false;
  return list->neighbours[place].ip == ip && now_ns - list->neighbours[place].ns < kFreshNs;
}

/* True when so many may wait for an address that the next one may find no place. */
static bool crowded(const struct sim_awaited_list *list) {
  size_t count = 0;

  for (size_t i = 0; i < list->count; i++) count += !list->items[i].seg.mac_valid;
  return count >= HELD;
}

bool sim_awaited_add(struct sim_awaited_list *list, const model_tx_seg_t *seg, uint64_t now_ns) {
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity != 0 ? 2 * list->capacity : 64;
    struct sim_awaited *items = realloc(list->items, capacity * sizeof *items);
    if (items == NULL) return false;
    list->items = items;
    list->capacity = capacity;
  }
  if (seg->doubt) {
    list->doubted = true;
    list->doubted_ns = now_ns;
  }
  const bool may_fail =
      list->disabled ||
      (!seg->mac_valid && !is_neighbour(list, seg->key.remote_ip, now_ns) && crowded(list));
  list->items[list->count++] = (struct sim_awaited){*seg, now_ns, may_fail};
  return true;
}

/* What should be on the wire: the Ethernet address is that of the cache where none is given, the
 * frame names no connection and doubts nobody, and a payload that the MTU does not hold is cut. */
static model_tx_seg_t on_the_wire(const model_tx_seg_t *asked, const struct sim_segment *left,
                                  uint16_t mtu) {
  model_tx_seg_t seg = *asked;

  if (!seg.mac_valid) seg.dst_mac = left->seg.dst_mac;
  seg.mac_valid = 0;
  seg.conn = 0;
  seg.doubt = 0;
  if (left->packet_len == mtu && seg.payload_len > left->seg.payload_len)
    seg.payload_len = left->seg.payload_len;
  return seg;
}

static unsigned differences(FILE *out, const model_tx_seg_t *asked, const struct sim_segment *left,
                            uint16_t mtu) {
  const model_tx_seg_t wanted = on_the_wire(asked, left, mtu);

  return differ_tx_seg(out, &(path_t){NULL, "frame"}, &left->seg, &wanted);
}

/* Why an older segment need not have left before this one; false: it is missing. */
static bool may_leave_later(const struct sim_awaited *older, const struct sim_awaited *newer,
                            uint64_t now_ns) {
  if (older->may_fail) return true;
  if (older->seg.mac_valid) return false;
  if (newer->seg.mac_valid || older->seg.key.remote_ip != newer->seg.key.remote_ip) return true;
  return now_ns - older->ns >= kPatienceNs;
}

static void print_missing(FILE *out, const model_tx_seg_t *seg) {
  fprintf(out, "missing: connection %u, seq %u ack %u, %u octets, to port %u\n", seg->conn,
          seg->seq, seg->ack, seg->payload_len, seg->key.remote_port);
}

/* Item @p index has left: what is older has left too, waits, or was given up. */
static bool look_behind(struct sim_awaited_list *list, size_t index, uint64_t now_ns, FILE *out) {
  const struct sim_awaited taken = list->items[index];

  drop(list, index);
  if (!taken.seg.mac_valid) {
    const size_t place = taken.seg.key.remote_ip % SIM_NEIGHBOURS;
    list->neighbours[place].ip = taken.seg.key.remote_ip;
    list->neighbours[place].ns = now_ns;
  }
  for (size_t i = index; i-- != 0;) {
    if (!may_leave_later(&list->items[i], &taken, now_ns)) {
      print_missing(out, &list->items[i].seg);
      return false;
    }
    if (now_ns - list->items[i].ns >= 2 * kPatienceNs) drop(list, i);
  }
  return true;
}

enum sim_awaited_result sim_awaited_take(struct sim_awaited_list *list,
                                         const struct sim_segment *left, uint16_t mtu,
                                         uint64_t now_ns, FILE *out) {
  enum sim_awaited_result result = SIM_AWAITED_UNKNOWN;

  for (size_t i = 0; i < list->count; i++) {
    if (!model_same_flow(&list->items[i].seg.key, &left->seg.key)) continue;
    if (differences(NULL, &list->items[i].seg, left, mtu) == 0)
      return look_behind(list, i, now_ns, out) ? SIM_AWAITED_FOUND : SIM_AWAITED_SKIPPED;
    result = SIM_AWAITED_WRONG;
  }
  return result;
}

void sim_awaited_explain(const struct sim_awaited_list *list, const struct sim_segment *left,
                         uint16_t mtu, FILE *out) {
  for (size_t i = 0; i < list->count; i++) {
    if (!model_same_flow(&list->items[i].seg.key, &left->seg.key)) continue;
    differences(out, &list->items[i].seg, left, mtu);
    return;
  }
}

/* --- Received -------------------------------------------------------------------------------- */

void sim_arrived_add(struct sim_arrived_list *list, const model_netif_t *own, const uint8_t *frame,
                     size_t len, bool fcs_good) {
  model_frame_t parsed;

  model_parse(own, frame, len, fcs_good, &parsed);
  if (parsed.kind != MODEL_FRAME_SEGMENT && parsed.kind != MODEL_FRAME_ICMP_ERROR) return;
  /* One that found the engine full never becomes an event. */
  if (list->count == SIM_ARRIVED)
    list->first = (list->first + 1) % SIM_ARRIVED;
  else
    list->count++;
  list->items[(list->first + list->count - 1) % SIM_ARRIVED] = parsed.seg;
}

bool sim_arrived_take(struct sim_arrived_list *list, const model_rx_seg_t *seg) {
  for (size_t i = 0; i < list->count; i++) {
    const model_rx_seg_t *arrived = &list->items[(list->first + i) % SIM_ARRIVED];
    if (differ_rx_seg(NULL, &(path_t){NULL, "seg"}, seg, arrived) != 0) continue;
    list->first = (list->first + i + 1) % SIM_ARRIVED;
    list->count -= i + 1;
    return true;
  }
  return false;
}
