/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe on two simulated engines: information and options.
 */
#include <stddef.h>

#include "api_pair.h"
#include "toe/toe_regs.h"

/* UINT64_MAX when there is none of that name. */
static uint64_t counter(struct toe_engine *engine, const char *name) {
  struct toe_counter counters[TOE_HW_COUNTER_COUNT];
  const int count = toe_counters(engine, counters, TOE_HW_COUNTER_COUNT);

  cr_assert_eq(count, TOE_HW_COUNTER_COUNT);
  for (int i = 0; i < count; i++) {
    if (strcmp(counters[i].name, name) == 0) return counters[i].value;
  }
  return UINT64_MAX;
}

Test(api_info, engine_tells_its_sizes) {
  struct api_pair *p = api_pair_new();
  const struct toe_sim_config *built = toe_sim_config_get(p->sim[0]);
  struct toe_engine_info info;

  cr_assert_eq(toe_engine_info(p->engine[0], &info), 0);
  cr_expect_eq(info.data_width, built->data_width);
  cr_expect_eq(info.num_conns, built->num_conns);
  cr_expect_eq(info.rx_ring_octets, 1U << built->rx_ring_log2);
  cr_expect_eq(info.tx_ring_octets, 1U << built->tx_ring_log2);
  cr_expect_eq(info.free_conns, built->num_conns);
  cr_expect_eq(info.half_open, 0);
  cr_expect_eq(info.time_wait, 0);
  api_pair_delete(p);
}

Test(api_info, connection_tells_state_and_sequence_numbers_of_both_ends) {
  struct api_pair *p = api_pair_new();
  struct toe_conn_info a, b;
  struct toe_conn *conns[2];
  char buffer[2000] = "";

  api_connect(p, conns);
  cr_assert_eq(toe_sock_send(conns[0], buffer, 2000, SECOND_US), 2000);
  api_run(p, 200000);
  cr_assert_eq(toe_conn_info(conns[0], &a), 0);
  cr_assert_eq(toe_conn_info(conns[1], &b), 0);
  cr_expect_eq(a.state, TOE_TCP_ESTABLISHED);
  cr_expect_eq(b.state, TOE_TCP_ESTABLISHED);
  cr_expect_eq(a.local_ip, kIp[0]);
  cr_expect_eq(a.remote_ip, kIp[1]);
  cr_expect_eq(a.remote_port, PORT);
  cr_expect_eq(b.local_port, PORT);
  cr_expect_eq(a.local_port, b.remote_port);
  cr_expect_eq(a.iss, b.irs);
  cr_expect_eq(b.iss, a.irs);
  cr_expect_eq(a.snd_una, a.iss + 2001);
  cr_expect_eq(a.snd_nxt, a.iss + 2001);
  cr_expect_eq(b.rcv_nxt, b.irs + 2001);
  cr_expect_eq(b.snd_nxt, b.iss + 1);
  cr_expect_eq(a.snd_mss, 1448); /* of 1500: 40 of headers, 12 of timestamps */
  cr_expect(a.timestamps);
  cr_expect(a.sack);
  cr_expect_eq(a.snd_wscale, 1);
  cr_expect_eq(a.rcv_wscale, 1);
  cr_expect_geq(a.cwnd, 10 * 1448);
  cr_expect_gt(a.srtt_us, 0);
  cr_expect_eq(a.rto_us, 200000);
  cr_expect_eq(a.retransmits, 0);
  cr_expect_eq(a.retries, 0);
  api_pair_delete(p);
}

Test(api_info, features_switched_off_are_not_negotiated) {
  struct toe_config configs[2] = {api_config(0), api_config(1)};
  struct toe_conn_info info;
  struct toe_conn *conns[2];

  configs[1].timestamps = configs[1].sack = configs[1].window_scale = false;
  configs[1].mtu = 1000;
  struct api_pair *p = api_pair_new_with(configs, NULL);
  api_connect(p, conns);
  for (int i = 0; i < 2; i++) {
    cr_assert_eq(toe_conn_info(conns[i], &info), 0);
    cr_expect(!info.timestamps);
    cr_expect(!info.sack);
    cr_expect_eq(info.snd_wscale, 0, "end %d", i);
    cr_expect_eq(info.rcv_wscale, 0, "end %d", i);
    cr_expect_eq(info.snd_mss, 960);
  }
  api_pair_delete(p);
}

Test(api_info, connection_that_has_ended_still_tells) {
  struct api_pair *p = api_pair_new();
  struct toe_conn_info info;
  struct toe_conn *conns[2];

  api_connect(p, conns);
  cr_assert_eq(toe_shutdown(conns[0]), 0);
  cr_assert_eq(toe_process(p->engine[1], SECOND_US), 1);
  cr_assert_eq(toe_conn_info(conns[1], &info), 0);
  cr_expect_eq(info.state, TOE_TCP_CLOSE_WAIT);
  cr_assert_eq(toe_shutdown(conns[1]), 0);
  cr_expect_eq(toe_sock_wait_closed(conns[0], SECOND_US), 0);
  cr_expect_eq(toe_sock_wait_closed(conns[1], SECOND_US), 0);
  cr_assert_eq(toe_conn_info(conns[0], &info), 0);
  cr_expect_eq(info.state, TOE_TCP_TIME_WAIT);
  cr_assert_eq(toe_conn_info(conns[1], &info), 0);
  cr_expect_eq(info.state, TOE_TCP_CLOSED);
  api_pair_delete(p);
}

Test(api_info, refused_connect_has_nothing_to_tell) {
  struct api_pair *p = api_pair_new();
  const struct toe_connect_opts opts = {.local_port = 1234};
  struct toe_conn_info info;
  struct toe_conn *first, *second;

  cr_assert_eq(toe_connect(p->engine[0], kIp[1] + 1, PORT, &opts, 0, &first), 0);
  cr_assert_eq(toe_connect(p->engine[0], kIp[1] + 1, PORT, &opts, 0, &second), 0);
  cr_assert_eq(toe_conn_info(second, &info), 0);
  cr_expect_eq(info.state, TOE_TCP_SYN_SENT);
  cr_expect_eq(toe_sock_wait_closed(second, SECOND_US), 0);
  cr_expect_eq(toe_conn_info(second, &info), TOE_ERR_STATE);
  cr_assert_eq(toe_conn_info(first, &info), 0);
  cr_expect_eq(info.state, TOE_TCP_SYN_SENT);
  cr_expect_eq(info.local_port, 1234);
  api_pair_delete(p);
}

Test(api_info, options_are_kept_and_checked) {
  struct api_pair *p = api_pair_new();
  const enum toe_option bits[] = {TOE_OPT_NODELAY, TOE_OPT_CORK, TOE_OPT_KEEPALIVE,
                                  TOE_OPT_QUICKACK, TOE_OPT_LINGER_ZERO};
  struct toe_conn *conns[2];
  uint64_t value;

  api_connect(p, conns);
  for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
    cr_expect_eq(toe_set_option(conns[0], bits[i], 2), TOE_ERR_RANGE);
    for (uint64_t set = 1; set != UINT64_MAX; set--) {
      cr_expect_eq(toe_set_option(conns[0], bits[i], set), 0);
      cr_assert_eq(toe_get_option(conns[0], bits[i], &value), 0);
      cr_expect_eq(value, set);
    }
  }
  cr_expect_eq(toe_set_option(conns[0], TOE_OPT_USER_TIMEOUT_US, 1ULL << 32), TOE_ERR_RANGE);
  cr_expect_eq(toe_set_option(conns[0], TOE_OPT_USER_TIMEOUT_US, 5000000), 0);
  cr_assert_eq(toe_get_option(conns[0], TOE_OPT_USER_TIMEOUT_US, &value), 0);
  cr_expect_eq(value, 5000000);
  cr_expect_eq(toe_set_option(conns[0], (enum toe_option)99, 0), TOE_ERR_RANGE);
  cr_expect_eq(toe_get_option(conns[0], (enum toe_option)99, &value), TOE_ERR_RANGE);
  api_pair_delete(p);
}

Test(api_info, user_timeout_ends_a_connection_whose_peer_is_silent) {
  struct toe_config configs[2] = {api_config(0), api_config(1)};
  struct api_pair *p = api_pair_new_with(configs, NULL);
  struct toe_conn *conns[2];

  api_connect(p, conns);
  cr_assert_eq(toe_set_option(conns[0], TOE_OPT_USER_TIMEOUT_US, 3 * SECOND_US), 0);
  toe_process(p->engine[0], 1000);
  /* Engine 1 is switched off without a word. */
  const uint32_t off = 0;
  cr_assert_eq(toe_sim_reg_write(p->sim[1], offsetof(toe_regs_t, CTRL), &off, 1), 0);
  const uint64_t start_us = toe_now_us(p->engine[0]);
  cr_assert_eq(toe_send(conns[0], "hello?", 6, 0), 6);
  cr_expect_eq(toe_sock_wait_closed(conns[0], 10 * SECOND_US), 0);
  cr_expect_eq(toe_conn_error(conns[0]), TOE_ERR_TIMEOUT);
  const uint64_t took_us = toe_now_us(p->engine[0]) - start_us;
  cr_expect(took_us >= 3 * SECOND_US && took_us < 3500000, "%llu", (unsigned long long)took_us);
  api_pair_delete(p);
}

Test(api_info, keepalive_notices_a_peer_that_is_gone) {
  struct toe_config configs[2] = {api_config(0), api_config(1)};
  struct toe_conn *conns[2];

  configs[0].keepalive_us = 5 * SECOND_US;
  configs[0].keepalive_interval_us = SECOND_US;
  configs[0].data_retries = 3;
  struct api_pair *p = api_pair_new_with(configs, NULL);
  api_connect(p, conns);
  cr_assert_eq(toe_set_option(conns[0], TOE_OPT_KEEPALIVE, 1), 0);
  /* Alive: it lasts. */
  api_run(p, 30 * SECOND_US);
  cr_expect_eq(toe_conn_ready(conns[0]), TOE_CONNECTED | TOE_WRITABLE);
  const uint32_t off = 0;
  cr_assert_eq(toe_sim_reg_write(p->sim[1], offsetof(toe_regs_t, CTRL), &off, 1), 0);
  cr_expect_eq(toe_sock_wait_closed(conns[0], 20 * SECOND_US), 0);
  cr_expect_eq(toe_conn_error(conns[0]), TOE_ERR_TIMEOUT);
  api_pair_delete(p);
}

Test(api_info, counters_count_since_open) {
  struct api_pair *p = api_pair_new();
  struct toe_conn *conns[2];

  cr_expect_eq(toe_counters(p->engine[0], NULL, 0), TOE_HW_COUNTER_COUNT);
  cr_expect_eq(counter(p->engine[0], "active_open"), 0);
  api_connect(p, conns);
  api_run(p, 1000);
  cr_expect_eq(counter(p->engine[0], "active_open"), 1);
  cr_expect_eq(counter(p->engine[0], "passive_open"), 0);
  cr_expect_eq(counter(p->engine[1], "passive_open"), 1);
  cr_expect_eq(counter(p->engine[1], "rx_segment"), 2);
  cr_expect_eq(counter(p->engine[0], "tx_segment"), 2);
  cr_expect_eq(counter(p->engine[0], "tx_retransmit"), 0);
  api_pair_delete(p);
}
