/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments asked for, and frames that left.
 */
#include "sim/lockstep_frames.h"

#include <stdlib.h>
#include <string.h>

#include "sim/lockstep_compare.h"

enum {
  ETHERNET = 14, /* octets of header */
  IPV4 = 20,     /* the engine sends no IPv4 options */
  TCP = 20,
  PROTO_TCP = 6,
  HELD = 12 /* segments that wait for an address, above which others may find no place */
};

/* A segment that waited this long for an address is given up. */
static const uint64_t kPatienceNs = UINT64_C(3000000000);
/* An address that was used within this time is not forgotten. */
static const uint64_t kFreshNs = UINT64_C(1000000000);

/* --- Frames ---------------------------------------------------------------------------------- */

static uint16_t get16(const uint8_t *octets) {
  return (uint16_t)(octets[0] << 8 | octets[1]);
}

static uint32_t get32(const uint8_t *octets) {
  return (uint32_t)get16(octets) << 16 | get16(octets + 2);
}

static void read_option(const uint8_t *option, uint8_t len, model_tcp_options_t *opt) {
  switch (option[0] << 8 | len) {
    case 2 << 8 | 4:
      opt->mss_valid = 1;
      opt->mss = get16(option + 2);
      break;
    case 3 << 8 | 3:
      opt->wscale_valid = 1;
      opt->wscale = option[2];
      break;
    case 4 << 8 | 2:
      opt->sack_permitted = 1;
      break;
    case 8 << 8 | 10:
      opt->ts_valid = 1;
      opt->ts_val = get32(option + 2);
      opt->ts_ecr = get32(option + 6);
      break;
    case 5 << 8 | 10:
    case 5 << 8 | 18:
    case 5 << 8 | 26:
    case 5 << 8 | 34:
      opt->sack_count = len / 8;
      for (size_t i = 0; i < opt->sack_count; i++)
        opt->sack[i] = (model_seq_range_t){get32(option + 2 + 8 * i), get32(option + 6 + 8 * i)};
      break;
    default:
      break;
  }
}

static void read_options(const uint8_t *options, size_t len, model_tcp_options_t *opt) {
  while (len != 0 && options[0] != 0) {
    size_t step = 1;
    if (options[0] != 1) {
      if (len < 2 || options[1] < 2 || options[1] > len) return;
      step = options[1];
      read_option(options, options[1], opt);
    }
    options += step;
    len -= step;
  }
}

static uint8_t bit(uint8_t flags, int number) {
  return flags >> number & 1;
}

bool sim_frame_read(const uint8_t *frame, size_t len, struct sim_segment *out) {
  const uint8_t *ip = frame + ETHERNET;
  const uint8_t *tcp = ip + IPV4;

  if (len < ETHERNET + IPV4 + TCP || get16(frame + 12) != 0x0800 || ip[9] != PROTO_TCP)
    return false;
  const size_t header = (size_t)(tcp[12] >> 4) * 4;
  if (header < TCP || IPV4 + header > get16(ip + 2) || ETHERNET + (size_t)get16(ip + 2) > len)
    return false;
  out->packet_len = get16(ip + 2);
  out->ecn = ip[1] & 3;
  out->ttl = ip[8];
  out->seg = (model_tx_seg_t){
      .key = {.remote_ip = get32(ip + 16), .remote_port = get16(tcp + 2), .local_port = get16(tcp)},
      .dst_mac = (uint64_t)get16(frame) << 32 | get32(frame + 2),
      .seq = get32(tcp + 4),
      .ack = get32(tcp + 8),
      .flags = {.cwr = bit(tcp[13], 7),
                .ece = bit(tcp[13], 6),
                .urg = bit(tcp[13], 5),
                .ack = bit(tcp[13], 4),
                .psh = bit(tcp[13], 3),
                .rst = bit(tcp[13], 2),
                .syn = bit(tcp[13], 1),
                .fin = bit(tcp[13], 0)},
      .wnd = get16(tcp + 14),
      .urg_ptr = get16(tcp + 18),
      .dscp = ip[1] >> 2,
      .payload_len = (uint16_t)(out->packet_len - IPV4 - header),
  };
  read_options(tcp + TCP, header - TCP, &out->seg.opt);
  return true;
}

/* --- List ------------------------------------------------------------------------------------ */

void sim_awaited_free(struct sim_awaited_list *list) {
  free(list->items);
  *list = (struct sim_awaited_list){0};
}

void sim_awaited_clear(struct sim_awaited_list *list) {
  list->count = 0;
  memset(list->neighbours, 0, sizeof list->neighbours);
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
  const bool may_fail =
      list->disabled ||
      (!seg->mac_valid && !is_neighbour(list, seg->key.remote_ip, now_ns) && crowded(list));
  list->items[list->count++] = (struct sim_awaited){*seg, now_ns, may_fail};
  return true;
}

static bool same_key(const model_flow_key_t *a, const model_flow_key_t *b) {
  return a->remote_ip == b->remote_ip && a->remote_port == b->remote_port &&
         a->local_port == b->local_port;
}

/* What should be on the wire: the Ethernet address is that of the cache where none is given, the
 * frame names no connection, and a payload that the MTU does not hold is cut. */
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
    if (!same_key(&list->items[i].seg.key, &left->seg.key)) continue;
    if (differences(NULL, &list->items[i].seg, left, mtu) == 0)
      return look_behind(list, i, now_ns, out) ? SIM_AWAITED_FOUND : SIM_AWAITED_SKIPPED;
    result = SIM_AWAITED_WRONG;
  }
  return result;
}

void sim_awaited_explain(const struct sim_awaited_list *list, const struct sim_segment *left,
                         uint16_t mtu, FILE *out) {
  for (size_t i = 0; i < list->count; i++) {
    if (!same_key(&list->items[i].seg.key, &left->seg.key)) continue;
    differences(out, &list->items[i].seg, left, mtu);
    return;
  }
}
