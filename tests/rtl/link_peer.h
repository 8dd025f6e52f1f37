/* SPDX-License-Identifier: Apache-2.0
 *
 * A host that says just what a test wants, in frames of its own making (docs/link.md), and hears
 * every frame of the device.
 */
#ifndef TOE_TESTS_LINK_PEER_H
#define TOE_TESTS_LINK_PEER_H

#include "link_bench.h"

enum { DATA = 1, ACK = 2, NAK = 3, RESET = 4, READY = 5, GONE = 6 };
enum { READ = 1, WRITE = 2, READ_DONE = 0x81, WRITE_DONE = 0x82, EVENT = 0x90 };
enum { DONE = 0, NO_ADDRESS = 1, NO_SENSE = 2 };
enum { FLAG = 0x7e, ESCAPE = 0x7d, FRAME_MAX = 700, LINE_MAX = 2 * FRAME_MAX, HEARD_MAX = 64 };
enum { QUIET_CYCLES = 3000 };

/* One frame of the device. */
typedef struct frame {
  uint8_t type, session, ns, nr;
  uint32_t len;
  uint8_t message[FRAME_MAX];
} frame_t;

typedef struct peer {
  link_bench_t *b;
  uint8_t session, ns, nr; /* of what is said next */
  tb_gate_t say_gate, hear_gate;
  frame_t heard[HEARD_MAX];
  uint32_t heard_first, heard_end; /* frames that the test has not looked at */
  uint8_t frame[FRAME_MAX];
  uint32_t frame_len;
  bool escaped, in_frame;
  uint32_t escapes;  /* octets that came escaped */
  uint32_t deafness; /* cycles for which nothing is taken */
} peer_t;

static inline uint32_t fcs(const uint8_t *octets, size_t len) {
  uint32_t crc = UINT32_MAX;

  for (size_t i = 0; i < len; i++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      const bool one = ((crc ^ (octets[i] >> bit)) & 1) != 0;
      crc = (crc >> 1) ^ (one ? UINT32_C(0xedb88320) : 0);
    }
  }
  return ~crc;
}

static inline void hear_frame(peer_t *p) {
  const uint8_t *octets = p->frame;
  const uint32_t len = p->frame_len - 4;
  frame_t *f = &p->heard[p->heard_end % HEARD_MAX];

  cr_assert_geq(p->frame_len, 8, "a frame of %u octets", p->frame_len);
  cr_assert_lt(p->heard_end - p->heard_first, HEARD_MAX);
  const uint32_t sum = fcs(octets, len);
  for (unsigned i = 0; i < 4; i++) cr_assert_eq(octets[len + i], (uint8_t)(sum >> 8 * i), "FCS");
  *f = (frame_t){
      .type = octets[0], .session = octets[1], .ns = octets[2], .nr = octets[3], .len = len - 4};
  memcpy(f->message, octets + 4, len - 4);
  p->heard_end++;
}

static inline void hear_octet(peer_t *p, uint8_t octet) {
  if (octet == FLAG) {
    cr_assert_not(p->escaped, "the device aborts no frame");
    if (p->frame_len != 0) hear_frame(p);
    p->in_frame = true;
    p->frame_len = 0;
    return;
  }
  cr_assert(p->in_frame, "an octet before the first flag");
  if (octet == ESCAPE) {
    cr_assert_not(p->escaped);
    p->escaped = true;
    p->escapes++;
    return;
  }
  cr_assert_lt(p->frame_len, FRAME_MAX);
  p->frame[p->frame_len++] = p->escaped ? octet ^ 0x20 : octet;
  if (p->escaped)
    cr_assert(p->frame[p->frame_len - 1] == FLAG || p->frame[p->frame_len - 1] == ESCAPE);
  p->escaped = false;
}

/* One cycle; true when the octet on rx was taken. */
static inline bool peer_cycle(peer_t *p) {
  tb_tb_link_t *tb = p->b->tb;

  *tb->tx_ready_i = p->deafness == 0 && tb_gate_next(&p->hear_gate, &p->b->rng);
  if (p->deafness != 0) p->deafness--;
  tb_tb_link_eval(tb);
  const bool taken = *tb->rx_valid_i && *tb->rx_ready_o;
  if (*tb->tx_valid_o && *tb->tx_ready_i) hear_octet(p, *tb->tx_data_o);
  link_bench_cycle(p->b);
  return taken;
}

static inline void peer_cycles(peer_t *p, uint32_t cycles) {
  for (uint32_t i = 0; i < cycles; i++) peer_cycle(p);
}

static inline void say_octet(peer_t *p, uint8_t octet) {
  tb_tb_link_t *tb = p->b->tb;

  while (!tb_gate_next(&p->say_gate, &p->b->rng)) peer_cycle(p);
  *tb->rx_valid_i = 1;
  *tb->rx_data_i = octet;
  for (unsigned patience = QUIET_CYCLES; !peer_cycle(p); patience--) cr_assert_neq(patience, 0);
  *tb->rx_valid_i = 0;
}

/* Octets of a frame, stuffed; @p damage is mixed into the FCS. */
static inline uint32_t frame_octets(const uint8_t *octets, uint32_t len, uint32_t damage,
                                    uint8_t *out) {
  const uint32_t sum = fcs(octets, len) ^ damage;
  uint32_t n = 0;

  out[n++] = FLAG;
  for (uint32_t i = 0; i < len + 4; i++) {
    const uint8_t octet = i < len ? octets[i] : (uint8_t)(sum >> 8 * (i - len));
    if (octet == FLAG || octet == ESCAPE) {
      out[n++] = ESCAPE;
      out[n++] = octet ^ 0x20;
    } else {
      out[n++] = octet;
    }
  }
  out[n++] = FLAG;
  return n;
}

static inline void say_raw(peer_t *p, const uint8_t *octets, uint32_t len, uint32_t damage) {
  uint8_t line[LINE_MAX];
  const uint32_t n = frame_octets(octets, len, damage, line);

  for (uint32_t i = 0; i < n; i++) say_octet(p, line[i]);
}

static inline void say(peer_t *p, uint8_t type, const uint8_t *message, uint32_t len) {
  uint8_t octets[FRAME_MAX] = {type, p->session, type == DATA ? p->ns : 0, p->nr};

  cr_assert_leq(len, FRAME_MAX - 8);
  if (len != 0) memcpy(octets + 4, message, len);
  say_raw(p, octets, len + 4, 0);
  if (type == DATA) p->ns++;
}

/* The next request; its tag is its number. */
static inline void ask(peer_t *p, uint8_t op, uint64_t address, uint32_t len, const void *data) {
  uint8_t message[FRAME_MAX] = {op, p->ns, (uint8_t)len, (uint8_t)(len >> 8)};

  for (unsigned i = 0; i < 8; i++) message[4 + i] = (uint8_t)(address >> 8 * i);
  if (data != NULL) memcpy(message + 12, data, len);
  say(p, DATA, message, 12 + (data != NULL ? len : 0));
}

static inline void ask_journal(peer_t *p, uint32_t value) {
  ask(p, WRITE, JOURNAL, 4, &value);
}

/* The next frame of the device, or NULL when none comes. */
static inline const frame_t *hear(peer_t *p) {
  for (unsigned i = 0; i < QUIET_CYCLES && p->heard_first == p->heard_end; i++) peer_cycle(p);
  return p->heard_first == p->heard_end ? NULL : &p->heard[p->heard_first++ % HEARD_MAX];
}

static inline const frame_t *expect(peer_t *p, uint8_t type) {
  const frame_t *f = hear(p);

  cr_assert_not_null(f, "no frame came, type %u was expected", type);
  cr_assert_eq(f->type, type, "type %u, %u was expected", f->type, type);
  cr_assert_eq(f->session, p->session);
  return f;
}

static inline void expect_quiet(peer_t *p) {
  const frame_t *f = hear(p);

  cr_assert_null(f, "a frame of type %u came", f == NULL ? 0 : f->type);
}

/* The answer that is next in order; it is acknowledged with the next frame that is said. */
static inline const frame_t *expect_message(peer_t *p, uint8_t op, uint8_t tag, uint8_t status) {
  const frame_t *f = expect(p, DATA);

  cr_assert_eq(f->ns, p->nr, "number %u, %u was expected", f->ns, p->nr);
  cr_assert_eq(f->message[0], op, "op %02x, %02x was expected", f->message[0], op);
  cr_assert_eq(f->message[1], tag);
  cr_assert_eq(f->message[2], status, "status %u, %u was expected", f->message[2], status);
  p->nr++;
  return f;
}

static inline const frame_t *expect_answer(peer_t *p, uint8_t op, uint8_t tag, uint8_t status) {
  const frame_t *f = expect_message(p, op, tag, status);

  cr_assert_eq(f->nr, (uint8_t)(tag + 1), "the request is carried out and counts");
  return f;
}

static inline void begin_session(peer_t *p, uint8_t session) {
  p->session = session;
  p->ns = p->nr = 0;
  say(p, RESET, NULL, 0);
  const frame_t *f = expect(p, READY);
  cr_assert_eq(f->len, 6);
  const uint8_t ready[6] = {
      1, WINDOW, MAX_DATA & 0xff, MAX_DATA >> 8, WINDOW * MAX_DATA & 0xff, WINDOW * MAX_DATA >> 8};
  cr_assert_arr_eq(f->message, ready, 6);
}

/* What has been said is heard first. */
static inline void pass_time(peer_t *p, uint64_t us) {
  peer_cycles(p, 20);
  *p->b->tb->now_us_i += us;
}

static inline peer_t *peer_new(void) {
  peer_t *p = calloc(1, sizeof *p);

  cr_assert_not_null(p);
  p->b = link_bench_new();
  return p;
}

static inline peer_t *peer_in_session(uint8_t session) {
  peer_t *p = peer_new();

  begin_session(p, session);
  return p;
}

static inline void peer_delete(peer_t *p) {
  link_bench_delete(p->b);
  free(p);
}

#endif
