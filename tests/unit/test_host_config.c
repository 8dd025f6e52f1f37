/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe: ranges of a configuration, errors in words, URIs that cannot be opened.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "host/src/internal.h"

static struct toe_config good(void) {
  struct toe_config config;

  toe_config_init(&config);
  config.ip = 0x0a000002;
  config.prefix_len = 24;
  config.mtu = 1500;
  return config;
}

/* Expects a complaint with this word in it; "": none. */
static void expect(const struct toe_config *config, const char *word) {
  const char *complaint = config_complaint(config);

  if (complaint == NULL) complaint = "";
  cr_expect(word[0] == '\0' ? complaint[0] == '\0' : strstr(complaint, word) != NULL,
            "\"%s\", not \"%s\"", word, complaint);
}

Test(host_config, defaults_with_an_address_are_good) {
  const struct toe_config config = good();
  expect(&config, "");
}

Test(host_config, addresses) {
  struct toe_config config;

  config = good();
  config.ip = 0;
  expect(&config, "ip");
  config = good();
  config.ip = 0x7f000001;
  expect(&config, "ip");
  config = good();
  config.ip = 0xe0000001;
  expect(&config, "ip");
  config = good();
  config.ip = 0x0a000000;
  expect(&config, "first or last");
  config = good();
  config.ip = 0x0a0000ff;
  expect(&config, "first or last");
  config = good();
  config.prefix_len = 0;
  expect(&config, "prefix_len");
  config = good();
  config.prefix_len = 32;
  expect(&config, "prefix_len");
  config = good();
  config.prefix_len = 1;
  expect(&config, "");
  config = good();
  config.prefix_len = 31;
  expect(&config, "");
  config = good();
  config.gateway = 0x0a000001;
  expect(&config, "");
  config = good();
  config.gateway = 0x0b000001;
  expect(&config, "gateway");
  config = good();
  config.gateway = config.ip;
  expect(&config, "gateway");
  config = good();
  config.mac[0] = 0x01;
  expect(&config, "mac");
  config = good();
  config.mac[0] = 0x02;
  expect(&config, "");
}

Test(host_config, numbers) {
  struct toe_config config;

  config = good();
  config.mtu = 575;
  expect(&config, "mtu");
  config = good();
  config.mtu = 576;
  expect(&config, "");
  config = good();
  config.mtu = 9000;
  expect(&config, "");
  config = good();
  config.mtu = 9001;
  expect(&config, "mtu");
  config = good();
  config.min_mss = 0;
  expect(&config, "min_mss");
  config = good();
  config.min_mss = 1;
  expect(&config, "");
  config = good();
  config.min_mss = 1460;
  expect(&config, "");
  config = good();
  config.min_mss = 1461;
  expect(&config, "min_mss");
  config = good();
  config.min_pmtu = 67;
  expect(&config, "min_pmtu");
  config = good();
  config.min_pmtu = 68;
  expect(&config, "");
  config = good();
  config.min_pmtu = 1500;
  expect(&config, "");
  config = good();
  config.min_pmtu = 1501;
  expect(&config, "min_pmtu");
  config = good();
  config.ttl = 0;
  expect(&config, "ttl");
  config = good();
  config.ttl = 255;
  expect(&config, "");
  config = good();
  config.dscp = 63;
  expect(&config, "");
  config = good();
  config.dscp = 64;
  expect(&config, "dscp");
  config = good();
  config.rto_min_us = 0;
  expect(&config, "rto_min_us");
  config = good();
  config.rto_min_us = config.rto_initial_us;
  expect(&config, "");
  config = good();
  config.rto_min_us = config.rto_initial_us + 1;
  expect(&config, "rto_initial_us");
  config = good();
  config.rto_max_us = config.rto_initial_us;
  expect(&config, "");
  config = good();
  config.rto_max_us = config.rto_initial_us - 1;
  expect(&config, "rto_initial_us");
  config = good();
  config.r1_retries = 0;
  expect(&config, "");
  config = good();
  config.r1_retries = 16;
  expect(&config, "r1_retries");
  config = good();
  config.data_retries = 0;
  expect(&config, "data_retries");
  config = good();
  config.data_retries = 15;
  expect(&config, "");
  config = good();
  config.data_retries = 16;
  expect(&config, "data_retries");
  config = good();
  config.syn_retries = 0;
  expect(&config, "syn_retries");
  config = good();
  config.syn_retries = 15;
  expect(&config, "");
  config = good();
  config.syn_retries = 16;
  expect(&config, "syn_retries");
  config = good();
  config.delack_us = 499999;
  expect(&config, "");
  config = good();
  config.delack_us = 500000;
  expect(&config, "delack_us");
  config = good();
  config.keepalive_us = (UINT64_C(1) << 38) - 1;
  expect(&config, "");
  config = good();
  config.keepalive_us = UINT64_C(1) << 38;
  expect(&config, "keepalive_us");
}

Test(host_config, keepalive_is_two_hours_unless_changed) {
  cr_expect_eq(good().keepalive_us, UINT64_C(7200000000)); /* RFC 9293 MUST-28 */
}

Test(host_config, r1_is_three_unless_changed) {
  cr_expect_eq(good().r1_retries, 3); /* RFC 9293 SHLD-10 */
}

Test(host_config, ttl_is_64_unless_changed) {
  cr_expect_eq(good().ttl, 64);
}

Test(host_open, unknown_uri_says_what_to_do) {
  const struct toe_config config = good();
  struct toe_engine *engine;
  char message[256] = "";

  cr_expect_eq(toe_open("nothing:x", &config, &engine, message, sizeof message), TOE_ERR_SCHEME);
  cr_expect_neq(strstr(message, "sim:"), NULL, "%s", message);
  cr_expect_eq(toe_open("sim:color=red", &config, &engine, message, sizeof message), TOE_ERR_URI);
  cr_expect_neq(strstr(message, "color"), NULL, "%s", message);
  cr_expect_eq(toe_open("sim:lib=/nowhere/lib.so", &config, &engine, message, sizeof message),
               TOE_ERR_LIBRARY);
  cr_expect_neq(strstr(message, "/nowhere/lib.so"), NULL, "%s", message);
  cr_expect_eq(toe_open("nothing:x", &config, &engine, NULL, 0), TOE_ERR_SCHEME);
}

Test(host_open, message_is_cut_to_its_buffer) {
  const struct toe_config config = good();
  struct toe_engine *engine;
  char message[8];

  memset(message, '!', sizeof message);
  cr_expect_eq(toe_open("nothing:x", &config, &engine, message, 4), TOE_ERR_SCHEME);
  cr_expect_eq(strlen(message), 3);
  cr_expect_eq(message[4], '!');
}

Test(host_config, cookies_end_below_where_they_begin) {
  struct toe_config config = good();

  config.cookies_from = config.cookies_until;
  expect(&config, "cookies_until");
  config.cookies_from--;
  expect(&config, "cookies_until");
  config.cookies_from += 2;
  expect(&config, "");
  config.cookies_from = config.cookies_until = 0;
  expect(&config, "");
}

Test(host_strerror, every_error_has_a_text_of_its_own) {
  for (int a = TOE_ERR_NO_TRACE; a <= TOE_OK; a++) {
    cr_expect_str_neq(toe_strerror(a), toe_strerror(1), "%d", a);
    for (int b = TOE_ERR_NO_TRACE; b < a; b++)
      cr_expect_str_neq(toe_strerror(a), toe_strerror(b), "%d %d", a, b);
  }
  cr_expect_str_eq(toe_strerror(TOE_ERR_NO_TRACE - 1), "unknown error");
  cr_expect_str_eq(toe_strerror(1), "unknown error");
}

Test(host_strerror, every_reason_is_an_error) {
  cr_expect_eq(error_of_reason(TOE_REASON_NONE), 0);
  cr_expect_eq(error_of_reason(TOE_REASON_PEER_RESET), TOE_ERR_RESET);
  cr_expect_eq(error_of_reason(TOE_REASON_CONN_REFUSED), TOE_ERR_REFUSED);
  cr_expect_eq(error_of_reason(TOE_REASON_TIMEOUT), TOE_ERR_TIMEOUT);
  cr_expect_eq(error_of_reason(TOE_REASON_USER_TIMEOUT), TOE_ERR_TIMEOUT);
  cr_expect_eq(error_of_reason(TOE_REASON_UNREACHABLE), TOE_ERR_UNREACHABLE);
  cr_expect_eq(error_of_reason(TOE_REASON_ABORTED), TOE_ERR_ABORTED);
  cr_expect_eq(error_of_reason(TOE_REASON_NO_CONN), TOE_ERR_FULL);
  cr_expect_eq(error_of_reason(TOE_REASON_FLOW_FULL), TOE_ERR_FULL);
  cr_expect_eq(error_of_reason(TOE_REASON_LISTEN_FULL), TOE_ERR_FULL);
  cr_expect_eq(error_of_reason(TOE_REASON_ADDR_IN_USE), TOE_ERR_IN_USE);
  cr_expect_eq(error_of_reason(TOE_REASON_NO_KEY), TOE_ERR_ENGINE);
  cr_expect_eq(error_of_reason((enum toe_reason)200), TOE_ERR_ENGINE);
}
