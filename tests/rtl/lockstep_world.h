/* SPDX-License-Identifier: Apache-2.0
 *
 * What lies around the connections of a lock-step run: time, configuration, the habits of a host
 * and a peer.
 */
#ifndef TOE_TESTS_LOCKSTEP_WORLD_H
#define TOE_TESTS_LOCKSTEP_WORLD_H

#include <stdbool.h>

#include "tb.h"
#include "toe_structs.h"

/* What a connection is mostly about; chosen when it opens. */
typedef struct habits {
  unsigned segments, commands, timers; /* weights of the events */
  unsigned peer_text, peer_acks;       /* of 16: a segment has text, acknowledges something new */
  unsigned gaps;                       /* of 16: text out of order or overlapping */
  unsigned closes;                     /* of 64: FIN of the peer, shutdown of the host */
  unsigned small_windows;              /* of 16 */
  unsigned odd;                        /* of 64: a field replaced by chance, RST, SYN */
  bool bulk;                           /* the host sends as much as fits */
  unsigned slow;                       /* of 16: a turn to send or notify is put off */
} habits_t;

typedef struct world {
  tb_rng_t rng;
  rtl_cfg_t cfg;
  rtl_tcb_t tcb; /* as the RTL left it */
  uint64_t now_us;
  bool deadline_valid;
  uint64_t deadline_us;
  habits_t habits;
  unsigned events_left; /* of this connection */
  uint32_t peer_wnd;    /* as on the wire */
  unsigned duplicates;  /* ACKs still to come because something was lost */
  uint32_t peer_iss;
} world_t;

static inline bool chance(world_t *w, unsigned count, unsigned of) {
  return tb_random_below(&w->rng, of) < count;
}

static inline uint32_t below(world_t *w, uint32_t bound) {
  return tb_random_below(&w->rng, bound);
}

static inline uint64_t as_time(uint64_t us) {
  return us & ((UINT64_C(1) << 40) - 1);
}

/* --- Configurations and connections --- */

static inline rtl_cfg_t random_cfg(world_t *w) {
  static const uint16_t mtus[] = {1500, 1500, 576, 9000, 1480};
  static const uint8_t rings[] = {16, 16, 12, 14, 15, 17, 20, 24};
  const uint8_t ring = rings[below(w, sizeof rings)];

  return (rtl_cfg_t){
      .enable = 1,
      .key_valid = 1,
      .mtu = mtus[below(w, sizeof mtus / sizeof *mtus)],
      .min_mss = chance(w, 1, 2) ? 64 : 216,
      .min_pmtu = (uint16_t)(chance(w, 1, 2) ? 576 : below(w, 468)),
      .dscp = (uint8_t)below(w, 64),
      .ts_enable = chance(w, 1, 2),
      .sack_enable = chance(w, 1, 2),
      .wscale_enable = chance(w, 2, 3),
      .rto_initial_us = chance(w, 3, 4) ? 1000000 : 3000000,
      .rto_min_us = chance(w, 1, 2) ? 200000 : 1000,
      .rto_max_us = chance(w, 1, 2) ? 60000000 : 4000000,
      .r1_retries = (uint8_t)(chance(w, 1, 3) ? below(w, 16) : 3),
      .data_retries = (uint8_t)(chance(w, 1, 3) ? below(w, 16) : 5),
      .syn_retries = (uint8_t)(chance(w, 1, 3) ? below(w, 16) : 3),
      .delack_us = chance(w, 1, 2) ? 40000 : 500000,
      .keepalive_us = chance(w, 1, 2) ? 7200000 : 100000,
      .keepalive_interval_us = chance(w, 1, 2) ? 75000 : 1000000,
      .rx_ring_log2 = ring,
      .tx_ring_log2 = chance(w, 3, 4) ? ring : rings[below(w, sizeof rings)],
  };
}

/* A long connection over which large windows grow. */
static inline habits_t bulk_habits(world_t *w) {
  return (habits_t){.segments = 16,
                    .commands = 3,
                    .timers = below(w, 2),
                    .peer_text = below(w, 3),
                    .peer_acks = 15,
                    .odd = below(w, 2),
                    .bulk = true};
}

static inline habits_t random_habits(world_t *w) {
  habits_t h = {.segments = 8 + below(w, 16),
                .commands = 4 + below(w, 12),
                .timers = 1 + below(w, 6),
                .peer_text = below(w, 14),
                .peer_acks = 4 + below(w, 12),
                .gaps = chance(w, 1, 2) ? 0 : below(w, 12),
                .closes = below(w, 8),
                .small_windows = chance(w, 2, 3) ? 0 : below(w, 16),
                .odd = chance(w, 1, 3) ? below(w, 16) : below(w, 3),
                .slow = below(w, 16)};
  if (chance(w, 1, 16)) { /* nobody answers */
    h.segments = 1;
    h.timers = 60;
  }
  return h;
}

/* Near the wrap most of the time. */
static inline uint32_t random_iss(world_t *w) {
  if (chance(w, 1, 3)) return tb_random(&w->rng);
  return (chance(w, 1, 2) ? 0u : 0x80000000u) - below(w, 20000);
}

static inline rtl_tcp_options_t random_syn_options(world_t *w) {
  static const uint16_t sizes[] = {1460, 1460, 536, 8960, 1, 100, 65535, 1440};

  return (rtl_tcp_options_t){
      .mss_valid = chance(w, 7, 8),
      .mss = sizes[below(w, sizeof sizes / sizeof *sizes)],
      .wscale_valid = chance(w, 2, 3),
      .wscale = (uint8_t)below(w, 15),
      .sack_permitted = chance(w, 2, 3),
      .ts_valid = chance(w, 2, 3),
      .ts_val = tb_random(&w->rng),
  };
}

#endif
