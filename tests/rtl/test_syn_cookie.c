/* SPDX-License-Identifier: Apache-2.0
 *
 * SYN cookies in toe_flow: what is sent, what opens a connection, what is refused.
 * tb: top=tb_flow widths=64,128,256,512
 */
#include <criterion/criterion.h>

#include "syn_bench.h"

enum { FORCED = 0, NO_SCALE = 15 };
#define EPOCH_US (UINT64_C(1) << 26)

static void load_key(bench_t *b, uint8_t first) {
  for (unsigned i = 0; i < 16; i++)
    tb_set_bits(b->tb->cfg_cookie_key_i, 8 * i, 8, (uint8_t)(first + i));
  *b->tb->cfg_cookie_key_valid_i = 1;
}

/* A bench that listens on PORT and answers with cookies from @p high half-open connections on. */
static bench_t *new_bench(uint16_t high, uint16_t low, uint16_t backlog) {
  bench_t *b = bench_new();

  *b->tb->cfg_cookie_high_i = high;
  *b->tb->cfg_cookie_low_i = low;
  load_key(b, 0x40);
  bench_listen(b, backlog);
  return b;
}

/* The cookie as it is documented, for the flow of a segment. */
static uint32_t cookie_of(const bench_t *b, uint8_t first, uint16_t rport, uint32_t irs,
                          unsigned mss_index) {
  const uint32_t epoch = (uint32_t)(*b->tb->now_us_i >> 26) & 0x3fff;
  const uint32_t last = epoch << 3 | mss_index;
  const uint8_t octets[15] = {(uint8_t)(PEER_IP >> 24),
                              (uint8_t)(PEER_IP >> 16),
                              (uint8_t)(PEER_IP >> 8),
                              (uint8_t)PEER_IP,
                              (uint8_t)(rport >> 8),
                              (uint8_t)rport,
                              0,
                              PORT,
                              (uint8_t)(irs >> 24),
                              (uint8_t)(irs >> 16),
                              (uint8_t)(irs >> 8),
                              (uint8_t)irs,
                              (uint8_t)(last >> 16),
                              (uint8_t)(last >> 8),
                              (uint8_t)last};
  uint8_t key[16];

  for (unsigned i = 0; i < 16; i++) key[i] = (uint8_t)(first + i);
  return (uint32_t)siphash_2_4(key, octets, sizeof octets) << 4 | mss_index << 1 | (epoch & 1);
}

/* The answer to a SYN that gets a cookie. */
static sent_t get_cookie(bench_t *b, seg_t syn) {
  const uint16_t half_open = *b->tb->half_open_count_o;

  bench_send(b, syn);
  bench_expect_event(b, EV_DISCARD);
  const sent_t a = bench_sent(b);
  cr_expect_eq(a.flags, SYN | ACK);
  cr_expect_eq(a.key, peer_key(syn.rport));
  cr_expect_eq(a.mac, PEER_MAC);
  cr_expect_eq(a.ack, syn.seq + 1);
  cr_expect_eq(*b->tb->half_open_count_o, half_open, "nothing is held");
  cr_expect_eq(b->cookies_sent, 1);
  b->cookies_sent = 0;
  return a;
}

/* The segment that ends the handshake, to be spoiled. */
static seg_t answer_to(seg_t syn, sent_t a) {
  return (seg_t){.rport = syn.rport,
                 .seq = syn.seq + 1,
                 .ack = a.seq + 1,
                 .flags = ACK,
                 .ts = a.ts,
                 .ts_val = syn.ts_val + 1,
                 .ts_ecr = a.ts_val};
}

static event_t accepted(bench_t *b, seg_t ack) {
  bench_send(b, ack);
  const event_t ev = bench_event(b);
  cr_assert_eq(ev.kind, EV_SEGMENT);
  cr_assert(ev.open);
  cr_expect(ev.passive);
  cr_expect_eq(ev.key, peer_key(ack.rport));
  cr_expect_eq(ev.hash, (uint32_t)hash_of_key(peer_key(ack.rport)));
  cr_expect_eq(ev.iss, ack.ack - 1);
  cr_expect_eq(ev.irs, ack.seq - 1);
  cr_expect_eq(b->cookies_accepted, 1);
  b->cookies_accepted = 0;
  return ev;
}

/* It is CLOSED's to answer. */
static void refused(bench_t *b, seg_t ack) {
  bench_send(b, ack);
  bench_expect_event(b, EV_NO_CONN);
  cr_expect_eq(b->cookies_refused, 1);
  b->cookies_refused = 0;
}

/* --- Made and accepted -------------------------------------------------------------------------
 */

Test(syn_cookie, is_made_as_documented_and_opens_the_connection) {
  bench_t *b = new_bench(FORCED, 0, 8);

  cr_expect(*b->tb->cookies_o);
  const sent_t a = get_cookie(b, full_syn);
  cr_expect_eq(a.seq, cookie_of(b, 0x40, RPORT, IRS, 4), "1400 octets are 1360 at least");
  cr_expect(a.wscale_valid && a.wscale == 3);
  cr_expect(a.sack && a.ts && a.mss == 1460);
  cr_expect_eq(a.ts_ecr, 77);
  cr_expect_eq(a.ts_val & 31, 16 | 7, "SACK, scale 7");
  const event_t ev = accepted(b, answer_to(full_syn, a));
  cr_expect_eq(ev.mss, 1360);
  cr_expect(ev.wscale_ok && ev.sack_ok && ev.ts_ok);
  cr_expect_eq(ev.wscale, 7);
  cr_expect_eq(ev.ts_recent, 78, "of the segment: the SYN's is forgotten");
  cr_expect_eq(*b->tb->free_count_o, NUM_CONNS - 1);
  cr_expect_eq(*b->tb->half_open_count_o, 0);
  bench_send(b, answer_to(full_syn, a));
  cr_expect_eq(bench_expect_event(b, EV_SEGMENT).conn, ev.conn, "it is in the flow table");
  bench_delete(b);
}

Test(syn_cookie, without_timestamp_there_are_no_options) {
  bench_t *b = new_bench(FORCED, 0, 8);
  seg_t syn = full_syn;

  syn.ts = false;
  const sent_t a = get_cookie(b, syn);
  cr_expect(!a.ts && a.wscale_valid == false && !a.sack, "nothing is said that would be forgotten");
  const event_t ev = accepted(b, answer_to(syn, a));
  cr_expect(!ev.wscale_ok && !ev.sack_ok && !ev.ts_ok);
  cr_expect_eq(ev.wscale, 0);
  cr_expect_eq(ev.mss, 1360);
  bench_delete(b);
}

Test(syn_cookie, option_that_was_not_offered_does_not_come_back) {
  for (unsigned offer = 0; offer < 4; offer++) {
    bench_t *b = new_bench(FORCED, 0, 8);
    seg_t syn = full_syn;

    syn.sack = (offer & 1) != 0;
    syn.wscale = (offer & 2) != 0 ? 14 + 1 : 0;
    const sent_t a = get_cookie(b, syn);
    cr_expect_eq(a.ts_val & 31, (offer & 1) << 4 | ((offer & 2) != 0 ? 14 : NO_SCALE));
    const event_t ev = accepted(b, answer_to(syn, a));
    cr_expect_eq(ev.sack_ok, syn.sack);
    cr_expect_eq(ev.wscale_ok, syn.wscale != 0);
    cr_expect_eq(ev.wscale, syn.wscale != 0 ? 14 : 0);
    bench_delete(b);
  }
}

Test(syn_cookie, option_that_is_switched_off_is_not_taken_from_the_peer) {
  bench_t *b = new_bench(FORCED, 0, 8);

  *b->tb->cfg_options_i = 0;
  const sent_t a = get_cookie(b, full_syn);
  seg_t ack = answer_to(full_syn, a);
  ack.ts = true;
  ack.ts_ecr = 16 | 7;
  const event_t ev = accepted(b, ack);
  cr_expect(!ev.wscale_ok && !ev.sack_ok && !ev.ts_ok);
  bench_delete(b);
}

Test(syn_cookie, mss_is_the_largest_of_eight_that_the_peer_takes) {
  static const struct {
    uint16_t said, used; /* said 0: no option */
  } cases[] = {{0, 536},     {1, 0},       {255, 0},     {256, 256},    {535, 256},
               {536, 536},   {1219, 536},  {1220, 1220}, {1360, 1360},  {1439, 1360},
               {1440, 1440}, {1460, 1460}, {8959, 1460}, {65535, 8960}, {8960, 8960}};

  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench_t *b = new_bench(FORCED, 0, 8);
    const seg_t syn = {.rport = RPORT, .seq = IRS, .flags = SYN, .mss = cases[i].said};
    cr_expect_eq(accepted(b, answer_to(syn, get_cookie(b, syn))).mss, cases[i].used, "%u",
                 cases[i].said);
    bench_delete(b);
  }
}

Test(syn_cookie, data_and_fin_on_the_third_segment_are_kept) {
  bench_t *b = new_bench(FORCED, 0, 8);
  seg_t ack = answer_to(full_syn, get_cookie(b, full_syn));

  ack.flags |= FIN | PSH;
  ack.len = 700;
  const event_t ev = accepted(b, ack);
  cr_expect_eq(ev.len, 700);
  cr_expect_eq(ev.seq, IRS + 1);
  bench_delete(b);
}

/* What is behind the ACK was looked up before the connection was there. */
Test(syn_cookie, segments_behind_the_ack_find_the_connection) {
  bench_t *b = new_bench(FORCED, 0, 8);
  const seg_t ack = answer_to(full_syn, get_cookie(b, full_syn));

  for (unsigned i = 0; i < 8; i++) bench_offer(b, ack);
  bench_settle(b);
  cr_assert(bench_event(b).open);
  for (unsigned i = 1; i < 8; i++) bench_expect_event(b, EV_SEGMENT);
  b->cookies_accepted = 0;
  bench_delete(b);
}

Test(syn_cookie, many_in_a_row_keep_their_own) {
  enum { SYNS = 200 };
  bench_t *b = new_bench(FORCED, 0, 8);

  b->tx_gate = b->rx_gate = (tb_gate_t){.pattern = TB_RANDOM};
  for (uint16_t i = 0; i < SYNS; i++)
    bench_offer(b, (seg_t){.rport = i, .seq = 1000u * i, .flags = SYN, .mss = 1460});
  bench_settle(b);
  for (uint16_t i = 0; i < SYNS; i++) {
    bench_expect_event(b, EV_DISCARD);
    cr_assert_eq(bench_expect_syn_ack(b, i, 1000u * i), cookie_of(b, 0x40, i, 1000u * i, 6));
  }
  cr_expect_eq(b->cookies_sent, SYNS);
  b->cookies_sent = 0;
  bench_delete(b);
}

/* What is said of time never runs ahead of the clock, so that the connection's own is not behind.
 */
Test(syn_cookie, timestamp_is_not_ahead_and_never_goes_back) {
  bench_t *b = new_bench(FORCED, 0, 8);
  uint32_t last = 0;

  for (unsigned i = 0; i < 100; i++) {
    *b->tb->now_us_i += 256u * tb_random_below(&b->rng, 40);
    const uint32_t clock = (uint32_t)(*b->tb->now_us_i >> 8);
    const sent_t a = get_cookie(b, full_syn);
    cr_assert_lt(clock - a.ts_val, 32, "%u at %u", a.ts_val, clock);
    cr_assert_geq(a.ts_val, last);
    cr_assert_eq(a.ts_val & 31, 16 | 7);
    last = a.ts_val;
  }
  bench_delete(b);
}

/* --- Refused -----------------------------------------------------------------------------------
 */

Test(syn_cookie, every_bit_of_it_counts) {
  bench_t *b = new_bench(FORCED, 0, 8);
  const seg_t good = answer_to(full_syn, get_cookie(b, full_syn));

  /* Bit 0 names the last epoch, of which there is none. */
  seg_t stale = good;
  stale.ack = ((good.ack - 1) ^ 1) + 1;
  bench_send(b, stale);
  bench_expect_event(b, EV_NO_CONN);
  for (unsigned bit = 1; bit < 32; bit++) {
    seg_t bad = good;
    bad.ack = ((good.ack - 1) ^ 1u << bit) + 1;
    refused(b, bad);
    bad = good;
    bad.seq ^= 1u << bit;
    refused(b, bad);
  }
  for (unsigned bit = 0; bit < 16; bit++) {
    seg_t bad = good;
    bad.rport ^= (uint16_t)(1u << bit);
    refused(b, bad);
    bad = good;
    bad.ip = PEER_IP ^ 1u << bit ^ 1u << (bit + 16);
    refused(b, bad);
  }
  accepted(b, good);
  bench_delete(b);
}

Test(syn_cookie, only_an_ack_brings_it_back) {
  static const uint8_t others[] = {0, FIN, RST, RST | ACK, SYN | ACK, SYN | RST | ACK};
  bench_t *b = new_bench(FORCED, 0, 8);
  const seg_t good = answer_to(full_syn, get_cookie(b, full_syn));

  for (unsigned i = 0; i < sizeof others; i++) {
    seg_t bad = good;
    bad.flags = others[i];
    bench_send(b, bad);
    bench_expect_event(b, (others[i] & (RST | ACK)) != 0 ? EV_NO_CONN : EV_DISCARD);
  }
  cr_expect_eq(b->drops[DROP_NO_ACK_BIT], 2);
  b->drops[DROP_NO_ACK_BIT] = 0;
  accepted(b, good);
  bench_delete(b);
}

Test(syn_cookie, port_that_is_not_listened_on_any_more_is_closed) {
  bench_t *b = new_bench(FORCED, 0, 8);
  const seg_t good = answer_to(full_syn, get_cookie(b, full_syn));

  bench_command(b, CMD_UNLISTEN, 0, 0, PORT, 0);
  bench_settle(b);
  bench_send(b, good);
  bench_expect_event(b, EV_NO_CONN);
  bench_delete(b);
}

Test(syn_cookie, nothing_is_checked_until_one_was_sent) {
  bench_t *b = new_bench(FORCED, 0, 8);

  bench_send(b, (seg_t){.rport = RPORT,
                        .seq = IRS + 1,
                        .ack = cookie_of(b, 0x40, RPORT, IRS, 2) + 1,
                        .flags = ACK});
  bench_expect_event(b, EV_NO_CONN);
  bench_delete(b);
}

Test(syn_cookie, without_a_free_connection_the_ack_is_dropped) {
  bench_t *b = new_bench(FORCED, 0, 8);

  for (uint16_t i = 0; i < NUM_CONNS; i++) {
    seg_t syn = full_syn;
    syn.rport = (uint16_t)(5000 + i);
    accepted(b, answer_to(syn, get_cookie(b, syn)));
  }
  const seg_t good = answer_to(full_syn, get_cookie(b, full_syn));
  bench_send(b, good);
  bench_expect_event(b, EV_DISCARD);
  bench_expect_drop(b, DROP_NO_FREE_CONN);
  bench_unlink(b, peer_key(5003));
  bench_free(b, 3);
  cr_expect_eq(accepted(b, good).conn, 3, "it was not reset, and comes again");
  bench_delete(b);
}

/* --- Time and keys -----------------------------------------------------------------------------
 */

/* Moves time to @p us before the end of the epoch. */
static void go_near_end(bench_t *b, uint64_t us) {
  bench_wait_us(b, EPOCH_US - *b->tb->now_us_i % EPOCH_US - us);
}

Test(syn_cookie, is_good_until_the_end_of_the_next_epoch) {
  for (unsigned made = 0; made < 2; made++) {
    bench_t *b = new_bench(FORCED, 0, 8);
    seg_t other = full_syn;

    other.rport++;
    if (made != 0) go_near_end(b, 1);
    const seg_t first = answer_to(full_syn, get_cookie(b, full_syn));
    const seg_t second = answer_to(other, get_cookie(b, other));
    go_near_end(b, 1);
    bench_wait_us(b, EPOCH_US);
    accepted(b, first);
    bench_wait_us(b, 1);
    bench_send(b, second);
    bench_expect_event(b, EV_NO_CONN); /* not counted: no cookie is out any more */
    bench_delete(b);
  }
}

Test(syn_cookie, keys_change_without_a_gap_and_an_old_one_is_forgotten) {
  bench_t *b = new_bench(FORCED, 0, 8);
  seg_t syn[4];
  seg_t ack[4];

  for (unsigned i = 0; i < 4; i++) {
    syn[i] = full_syn;
    syn[i].rport = (uint16_t)(RPORT + i);
  }
  for (unsigned i = 0; i < 2; i++) ack[i] = answer_to(syn[i], get_cookie(b, syn[i]));
  load_key(b, 0x80);
  const sent_t same = get_cookie(b, syn[2]);
  cr_expect_eq(same.seq, cookie_of(b, 0x40, RPORT + 2, IRS, 4), "the old key until the epoch ends");
  ack[2] = answer_to(syn[2], same);
  bench_wait_us(b, EPOCH_US);
  const sent_t next = get_cookie(b, syn[3]);
  cr_expect_eq(next.seq, cookie_of(b, 0x80, RPORT + 3, IRS, 4), "the new key");
  ack[3] = answer_to(syn[3], next);
  accepted(b, ack[0]);
  accepted(b, ack[3]);
  load_key(b, 0xc0);
  accepted(b, ack[2]);
  bench_wait_us(b, EPOCH_US);
  get_cookie(b, (seg_t){.rport = RPORT + 4, .seq = IRS, .flags = SYN});
  refused(b, ack[1]);
  bench_delete(b);
}

Test(syn_cookie, key_that_is_half_written_waits_for_the_next_epoch) {
  bench_t *b = new_bench(FORCED, 0, 8);

  load_key(b, 0x80);
  *b->tb->cfg_cookie_key_valid_i = 0;
  bench_wait_us(b, EPOCH_US);
  cr_expect_eq(get_cookie(b, full_syn).seq, cookie_of(b, 0x40, RPORT, IRS, 4));
  *b->tb->cfg_cookie_key_valid_i = 1;
  bench_wait_us(b, EPOCH_US);
  cr_expect_eq(get_cookie(b, full_syn).seq, cookie_of(b, 0x80, RPORT, IRS, 4));
  bench_delete(b);
}

/* Time may jump over whole epochs. */
Test(syn_cookie, is_too_old_after_a_jump_of_time) {
  static const unsigned jumps[] = {2, 3, 16384 - 1};

  for (unsigned i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
    bench_t *b = new_bench(FORCED, 0, 8);
    const seg_t ack = answer_to(full_syn, get_cookie(b, full_syn));
    bench_wait_us(b, jumps[i] * EPOCH_US);
    bench_send(b, ack);
    bench_expect_event(b, EV_NO_CONN);
    cr_expect_eq(b->cookies_refused, 0, "no cookie is out any more");
    get_cookie(b, (seg_t){.rport = RPORT + 1, .seq = IRS, .flags = SYN});
    bench_send(b, ack);
    bench_expect_event(b, EV_NO_CONN);
    b->cookies_refused = 0;
    bench_delete(b);
  }
}

/* --- When --------------------------------------------------------------------------------------
 */

Test(syn_cookie, begins_at_the_high_mark_and_ends_at_the_low_one) {
  bench_t *b = new_bench(3, 1, 100);
  uint32_t iss[3];

  for (uint16_t i = 0; i < 3; i++) {
    cr_expect_not(*b->tb->cookies_o, "%u", i);
    iss[i] = bench_half_open(b, (uint16_t)(5000 + i), IRS);
  }
  cr_expect(*b->tb->cookies_o);
  get_cookie(b, full_syn);
  bench_complete(b, 5000, IRS, iss[0]);
  cr_expect(*b->tb->cookies_o, "two are more than the low mark");
  const seg_t late = answer_to(full_syn, get_cookie(b, full_syn));
  bench_complete(b, 5001, IRS, iss[1]);
  bench_settle(b);
  cr_expect_not(*b->tb->cookies_o);
  bench_half_open(b, RPORT + 1, IRS);
  accepted(b, late);
  bench_delete(b);
}

Test(syn_cookie, full_backlog_gives_cookies_to_its_own_listener) {
  bench_t *b = new_bench(CACHE_SIZE, 0, 1);

  bench_command(b, CMD_LISTEN, 0, 5, PORT + 1, 0);
  bench_half_open(b, 5000, IRS);
  const sent_t a = get_cookie(b, full_syn);
  cr_expect_not(*b->tb->cookies_o, "the cache has room");
  bench_send(b, (seg_t){.rport = RPORT, .lport = PORT + 1, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  cr_expect_eq(bench_sent(b).flags, SYN | ACK);
  cr_expect_eq(*b->tb->half_open_count_o, 2);
  accepted(b, answer_to(full_syn, a));
  bench_delete(b);
}

Test(syn_cookie, full_set_of_the_cache_gives_cookies) {
  bench_t *b = new_bench(CACHE_SIZE, 0, 100);
  unsigned found = 0;
  uint16_t port = 5000;

  for (; found < 4; port++)
    if (hash_of_key(peer_key(port)) % (CACHE_SIZE / 4) == 0) {
      bench_half_open(b, port, IRS);
      found++;
    }
  while (hash_of_key(peer_key(port)) % (CACHE_SIZE / 4) != 0) port++;
  get_cookie(b, (seg_t){.rport = port, .seq = IRS, .flags = SYN});
  bench_delete(b);
}

Test(syn_cookie, switched_off_or_without_a_key_the_syn_is_dropped) {
  for (unsigned i = 0; i < 2; i++) {
    bench_t *b = bench_new();

    *b->tb->cfg_cookie_high_i = FORCED;
    if (i == 0) load_key(b, 0x40);
    *b->tb->cfg_syn_cookies_i = i != 0;
    bench_listen(b, 1);
    cr_expect_not(*b->tb->cookies_o);
    bench_half_open(b, RPORT, IRS);
    bench_send(b, (seg_t){.rport = RPORT + 1, .seq = IRS, .flags = SYN});
    bench_expect_event(b, EV_DISCARD);
    bench_expect_drop(b, DROP_SYN_BACKLOG);
    bench_delete(b);
  }
}

/* The number that follows a TIME-WAIT record's must be beyond it. */
Test(syn_cookie, reuse_of_time_wait_takes_a_place_in_the_cache) {
  bench_t *b = new_bench(FORCED, 0, 8);

  bench_time_wait(b, peer_key(RPORT), 0x11111111, IRS - 1, false, 0);
  bench_send(b, (seg_t){.rport = RPORT, .seq = IRS, .flags = SYN});
  bench_expect_event(b, EV_DISCARD);
  bench_expect_syn_ack(b, RPORT, IRS);
  cr_expect_eq(*b->tb->half_open_count_o, 1);
  bench_delete(b);
}

/* --- Rate --------------------------------------------------------------------------------------
 */

Test(syn_cookie, takes_no_longer_than_an_entry) {
  uint64_t cycles[2];

  for (unsigned i = 0; i < 2; i++) {
    bench_t *b = new_bench(i != 0 ? FORCED : CACHE_SIZE, 0, 8);
    const uint64_t start = bench_offer(b, full_syn);
    bench_settle(b);
    bench_expect_event(b, EV_DISCARD);
    cycles[i] = bench_sent(b).cycle - start;
    b->cookies_sent = 0;
    bench_delete(b);
  }
  cr_expect_eq(cycles[1], cycles[0], "%u cycles", (unsigned)cycles[1]);
}

Test(syn_cookie, flood_of_acks_and_syns_costs_eight_cycles_each) {
  enum { SEGMENTS = 400 };
  bench_t *b = new_bench(FORCED, 0, 8);

  for (uint16_t i = 0; i < SEGMENTS; i++)
    bench_offer(b, (seg_t){.rport = i, .seq = i, .ack = i, .flags = i % 2 != 0 ? ACK : SYN});
  bench_settle(b);
  cr_assert_eq(b->num_events, SEGMENTS);
  cr_expect_leq(b->events[SEGMENTS - 1].cycle - b->events[0].cycle, 8 * (SEGMENTS - 1));
  cr_expect_eq(b->num_sent, SEGMENTS / 2, "none is lost");
  cr_expect_eq(b->cookies_sent, SEGMENTS / 2);
  b->next_event = b->num_events;
  b->next_sent = b->num_sent;
  b->cookies_sent = b->cookies_refused = 0;
  bench_delete(b);
}
