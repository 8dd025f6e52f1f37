/* SPDX-License-Identifier: Apache-2.0
 *
 * URIs of the simulated engine, and what opening says about bad ones.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "driver/sim_uri.h"
#include "driver/toe_transport.h"

static struct toe_sim_uri uri;
static char message[TOE_SIM_MESSAGE_LEN];

Test(sim_uri, every_option_is_read) {
  cr_assert_eq(
      toe_sim_uri_parse("sim:tap=toe0,peer=10.0.0.1/24,ip=10.0.0.2/20,gw=10.0.0.9,"
                        "mac=02:00:00:0a:Bc:02,mtu=9000,seed=3,latency=7,pcap=a.pcap,replay=b.pcap,"
                        "fst=c.fst,loss=1%,burst=0.1%/5,corrupt=100ppm,truncate=2%,dup=0.5%,"
                        "reorder=3%/2ms,delay=10ms,jitter=1.5us,rate=2.5Gbit,width=256,conns=16,"
                        "lib=x.so,check=1",
                        &uri, message),
      0, "%s", message);
  const struct toe_live_config *live = &uri.live;
  const uint8_t mac[6] = {0x02, 0, 0, 0x0a, 0xbc, 0x02};

  cr_expect_str_eq(live->tap, "toe0");
  cr_expect_eq(live->peer_ip, 0x0a000001);
  cr_expect_eq(live->peer_prefix_len, 24);
  cr_expect_eq(live->sim.ip, 0x0a000002);
  cr_expect_eq(live->sim.netmask, 0xfffff000);
  cr_expect_eq(live->sim.gateway, 0x0a000009);
  cr_expect_arr_eq(live->sim.mac, mac, sizeof mac);
  cr_expect_eq(live->sim.mtu, 9000);
  cr_expect_eq(live->sim.seed, 3);
  cr_expect_eq(live->link.seed, 3);
  cr_expect_eq(live->sim.mem_latency_cycles, 7);
  cr_expect_str_eq(live->pcap, "a.pcap");
  cr_expect_str_eq(live->replay, "b.pcap");
  cr_expect_str_eq(live->sim.waveform, "c.fst");
  cr_expect(live->sim.check);
  cr_expect_eq(live->link.loss_ppm, 10000);
  cr_expect_eq(live->link.burst_ppm, 1000);
  cr_expect_eq(live->link.burst_frames, 5);
  cr_expect_eq(live->link.corrupt_ppm, 100);
  cr_expect_eq(live->link.truncate_ppm, 20000);
  cr_expect_eq(live->link.duplicate_ppm, 5000);
  cr_expect_eq(live->link.reorder_ppm, 30000);
  cr_expect_eq(live->link.reorder_ns, 2000000);
  cr_expect_eq(live->link.delay_ns, 10000000);
  cr_expect_eq(live->link.jitter_ns, 1500);
  cr_expect_eq(live->link.rate_bps, UINT64_C(2500000000));
  cr_expect_eq(uri.width_bits, 256);
  cr_expect_eq(uri.num_conns, 16);
  cr_expect_str_eq(uri.library, "x.so");
}

Test(sim_uri, nothing_given_means_defaults) {
  cr_assert_eq(toe_sim_uri_parse("sim:", &uri, message), 0);
  cr_expect_eq(uri.width_bits, 64);
  cr_expect_eq(uri.num_conns, 1024);
  cr_expect_null(uri.live.tap);
  cr_expect_null(uri.live.pcap);
  cr_expect_eq(uri.live.sim.ip, 0);
  cr_expect_eq(uri.live.link.loss_ppm, 0);
}

struct bad_case {
  char text[48]; /* arrays, not pointers: Criterion hands cases to another process */
  char says[32];
};

ParameterizedTestParameters(sim_uri, bad_ones_are_explained) {
  static struct bad_case cases[] = {
      {"sim:speed=9", "\"speed\"; it has width"},
      {"sim:tap", "\"tap\" has no value"},
      {"sim:tap=", "name of a TAP device"},
      {"sim:ip=10.0.0.2", "10.0.0.2/24"},
      {"sim:ip=10.0.0.256/24", "10.0.0.256/24"},
      {"sim:ip=10.0.0/24", "it takes an address"},
      {"sim:ip=10.0.0.2/0", "it takes an address"},
      {"sim:ip=10.0.0.2/32", "it takes an address"},
      {"sim:ip=10.0.0.2/24x", "it takes an address"},
      {"sim:gw=10.0.0.1/24", "it takes an address"},
      {"sim:mac=02:00:00:00:00", "unicast"},
      {"sim:mac=01:00:00:00:00:02", "unicast"},
      {"sim:mtu=575", "576 to 9000"},
      {"sim:mtu=9001", "576 to 9000"},
      {"sim:width=96", "64, 128, 256 or 512"},
      {"sim:conns=1000", "power of two"},
      {"sim:conns=131072", "power of two"},
      {"sim:seed=-1", "below 2^32"},
      {"sim:seed=4294967296", "below 2^32"},
      {"sim:latency=0", "1 to 10000"},
      {"sim:loss=1", "it takes a chance"},
      {"sim:loss=101%", "it takes a chance"},
      {"sim:loss=-1%", "it takes a chance"},
      {"sim:burst=1%", "0.1%/5"},
      {"sim:burst=1%/0", "0.1%/5"},
      {"sim:reorder=1%/2", "1%/2ms"},
      {"sim:delay=10", "it takes a time"},
      {"sim:rate=0bit", "it takes a rate"},
      {"sim:peer=10.0.0.1/24", "needs tap=NAME"},
  };
  return cr_make_param_array(struct bad_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct bad_case *c, sim_uri, bad_ones_are_explained) {
  cr_expect_eq(toe_sim_uri_parse(c->text, &uri, message), TOE_ERR_URI, "%s", c->text);
  cr_expect_not_null(strstr(message, c->says), "%s: %s", c->text, message);
}

Test(sim_uri, too_long_a_uri_is_refused) {
  char text[2 * TOE_SIM_URI_LEN];

  memset(text, 'x', sizeof text);
  memcpy(text, "sim:pcap=", 9);
  text[sizeof text - 1] = '\0';
  cr_expect_eq(toe_sim_uri_parse(text, &uri, message), TOE_ERR_URI);
}

Test(transport, unknown_scheme_is_named) {
  struct toe_transport transport;

  cr_expect_eq(toe_transport_open("pci:0", &transport), TOE_ERR_SCHEME);
  cr_expect_not_null(strstr(transport.message, "\"pci:0\""), "%s", transport.message);
  cr_expect_eq(toe_transport_open("", &transport), TOE_ERR_SCHEME);
}

Test(transport, bad_option_is_named) {
  struct toe_transport transport;

  cr_expect_eq(toe_transport_open("sim:loss=2", &transport), TOE_ERR_URI);
  cr_expect_not_null(strstr(transport.message, "loss"), "%s", transport.message);
}

Test(transport, missing_engine_is_named) {
  struct toe_transport transport;

  cr_expect_eq(toe_transport_open("sim:conns=32768", &transport), TOE_ERR_LIBRARY);
  cr_expect_not_null(strstr(transport.message, "libtoe_sim_w64_c32768.so"), "%s",
                     transport.message);
  cr_expect_eq(toe_transport_open("sim:lib=/nonexistent/e.so", &transport), TOE_ERR_LIBRARY);
  cr_expect_not_null(strstr(transport.message, "/nonexistent/e.so"), "%s", transport.message);
}

Test(transport, library_without_engine_is_named) {
  struct toe_transport transport;

  cr_expect_eq(toe_transport_open("sim:lib=libm.so.6", &transport), TOE_ERR_LIBRARY);
  cr_expect_not_null(strstr(transport.message, "not a simulated engine"), "%s", transport.message);
}
