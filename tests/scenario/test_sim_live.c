/* SPDX-License-Identifier: Apache-2.0
 *
 * What a `sim:` URI opens: an engine on captures in free time, and on a TAP device in real time.
 * The TAP tests run in a network namespace of their own, and are skipped where there can be none.
 */
#include "driver/toe_transport.h"
#include "sim_bench.h"
#include "toe/toe_live.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

static struct toe_transport transport;
static frame_t frame;

static void open_uri(const char *uri) {
  cr_assert_eq(toe_transport_open(uri, &transport), 0, "%s", transport.message);
}

static void write_register(uint32_t offset, uint32_t value) {
  cr_assert_eq(transport.reg_write(transport.ctx, offset, &value, 1), 0);
}

static uint32_t read_register(uint32_t offset) {
  uint32_t value = 0;

  cr_assert_eq(transport.reg_read(transport.ctx, offset, &value, 1), 0);
  return value;
}

static void enable(void) {
  static const uint32_t key[4] = {1, 2, 3, 4};

  cr_assert_eq(transport.reg_write(transport.ctx, SIM_REG(HASH_KEY0), key, 4), 0);
  write_register(SIM_REG(CTRL), TOE_REGS__CTRL__ENABLE_bm | TOE_REGS__CTRL__IRQ_ENABLE_bm);
}

/* A refused command, whose completion is a host event. */
static void cause_event(void) {
  const uint32_t tail = read_register(SIM_REG(SQ_TAIL));
  const uint32_t command[8] = {9};

  cr_assert_eq(transport.reg_write(transport.ctx, SIM_REG(SQ) + 32 * (tail % 64), command, 8), 0);
  write_register(SIM_REG(SQ_TAIL), (tail + 1) & 0xffff);
}

static void drain(void) {
  write_register(SIM_REG(CQ_HEAD), read_register(SIM_REG(CQ_TAIL)));
}

/* --- Captures -------------------------------------------------------------------------------- */

Test(sim_live, capture_is_replayed_and_answered) {
  char in_path[] = "/tmp/toe_in_XXXXXX";
  char out_path[] = "/tmp/toe_out_XXXXXX";
  char uri[200];
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  frame_path_t path = sim_bench_path();
  uint64_t times_ns[5] = {0};
  int frames = 0;
  int len;

  close(mkstemp(in_path));
  close(mkstemp(out_path));
  cr_assert_eq(toe_pcap_create(in_path, &writer, NULL), 0);
  frame_build_arp(&frame, &path, 1, NULL);
  toe_pcap_write(writer, 1700000000 * kSecondNs, frame.data, frame.len);
  toe_pcap_write(writer, 1700000000 * kSecondNs + 5000000, frame.data, frame.len);
  cr_assert_eq(toe_pcap_close(writer), 0);

  snprintf(uri, sizeof uri, "sim:ip=10.0.0.2/24,mac=02:00:00:00:00:02,replay=%s,pcap=%s", in_path,
           out_path);
  open_uri(uri);
  cr_expect_eq(read_register(SIM_REG(LOCAL_IP)), OUR_IP);
  cr_expect_eq(read_register(SIM_REG(NETMASK)), 0xffffff00);
  enable();
  cr_expect_eq(transport.fd(transport.ctx), -1);
  const uint64_t start_us = transport.now_us(transport.ctx);
  cr_expect_eq(transport.wait(transport.ctx, 10000), 0);
  cr_expect_eq(transport.now_us(transport.ctx), start_us + 10000);
  cr_expect_eq(transport.wait(transport.ctx, -1), 0, "the capture is at its end");
  transport.close(transport.ctx);

  cr_assert_eq(toe_pcap_open(out_path, &reader, NULL), 0);
  for (; (len = toe_pcap_read(reader, frame.data, sizeof frame.data, &times_ns[frames])) > 0;
       frames++) {
    frame.len = (uint32_t)len;
    cr_assert_lt(frames, 5);
  }
  cr_expect_eq(frames, 5, "two requests, two answers and the announcement: %d", frames);
  cr_expect_eq(frame_get16(&frame, 20), 2, "the last one is a reply");
  cr_expect(times_ns[4] >= 5000000 && times_ns[4] < 5002000, "%lu", (unsigned long)times_ns[4]);
  toe_pcap_reader_close(reader);
  unlink(in_path);
  unlink(out_path);
}

Test(sim_live, link_stands_before_the_engine) {
  enum { REQUESTS = 400 };
  char in_path[] = "/tmp/toe_in_XXXXXX";
  char out_path[] = "/tmp/toe_out_XXXXXX";
  char uri[200];
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  frame_path_t path = sim_bench_path();
  unsigned from_us = 0;
  unsigned from_peer = 0;

  close(mkstemp(in_path));
  close(mkstemp(out_path));
  cr_assert_eq(toe_pcap_create(in_path, &writer, NULL), 0);
  frame_build_arp(&frame, &path, 1, NULL);
  for (uint64_t i = 0; i < REQUESTS; i++)
    toe_pcap_write(writer, kSecondNs + 10000 * i, frame.data, frame.len);
  cr_assert_eq(toe_pcap_close(writer), 0);
  snprintf(uri, sizeof uri,
           "sim:ip=10.0.0.2/24,mac=02:00:00:00:00:02,loss=50%%,seed=%u,replay=%s,pcap=%s",
           tb_seed(), in_path, out_path);
  open_uri(uri);
  enable();
  cr_expect_eq(transport.wait(transport.ctx, -1), 0);
  transport.close(transport.ctx);
  cr_assert_eq(toe_pcap_open(out_path, &reader, NULL), 0);
  while (toe_pcap_read(reader, frame.data, sizeof frame.data, NULL) > 0) {
    if (frame.data[11] == kOurMac[5])
      from_us++;
    else
      from_peer++;
  }
  cr_expect(from_peer > REQUESTS * 4 / 10 && from_peer < REQUESTS * 6 / 10, "%u", from_peer);
  cr_expect_eq(from_us, from_peer + 1, "an answer each, and the announcement");
  toe_pcap_reader_close(reader);
  unlink(in_path);
  unlink(out_path);
}

Test(sim_live, event_ends_a_wait_in_free_time) {
  open_uri("sim:ip=10.0.0.2/24");
  enable();
  cr_expect_eq(transport.wait(transport.ctx, 1000), 0);
  cause_event();
  const uint64_t start_us = transport.now_us(transport.ctx);
  cr_expect_eq(transport.wait(transport.ctx, 1000000), 1);
  cr_expect_lt(transport.now_us(transport.ctx), start_us + 10);
  transport.close(transport.ctx);
}

Test(sim_live, missing_files_are_named) {
  cr_expect_eq(toe_transport_open("sim:replay=/nonexistent/a.pcap", &transport), TOE_ERR_IO);
  cr_expect_not_null(strstr(transport.message, "/nonexistent/a.pcap"), "%s", transport.message);
  cr_expect_eq(toe_transport_open("sim:pcap=/nonexistent/b.pcap", &transport), TOE_ERR_IO);
  cr_expect_not_null(strstr(transport.message, "/nonexistent/b.pcap"), "%s", transport.message);
}

/* --- TAP ------------------------------------------------------------------------------------- */

/* A network namespace of this test's own; as a user who is root in it when need be. */
static void enter_namespace(void) {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    cr_skip_test("no network namespace can be had here");
  if (access("/dev/net/tun", R_OK | W_OK) != 0) cr_skip_test("no /dev/net/tun here");
  /* Without IPv6 Linux sends nothing that was not asked for. */
  FILE *ipv6 = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");
  if (ipv6 != NULL) {
    fputs("1", ipv6);
    fclose(ipv6);
  }
}

static void open_tap(const char *more) {
  char uri[200];

  snprintf(uri, sizeof uri,
           "sim:tap=toe0,peer=10.0.0.1/24,ip=10.0.0.2/24,mac=02:00:00:00:00:02,check=1%s", more);
  open_uri(uri);
  enable();
}

static int ping_socket(void) {
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP);

  cr_assert_geq(fd, 0);
  return fd;
}

static void send_ping(int fd, uint16_t sequence) {
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(OUR_IP)}};
  struct icmphdr echo = {.type = ICMP_ECHO};

  echo.un.echo.id = htons(77);
  echo.un.echo.sequence = htons(sequence);
  echo.checksum = htons(frame_csum((const uint8_t *)&echo, sizeof echo, 0));
  cr_assert_eq(sendto(fd, &echo, sizeof echo, 0, (const struct sockaddr *)&to, sizeof to),
               (ssize_t)sizeof echo);
}

/* Sequence number of an echo reply that has come, or -1. */
static int receive_pong(int fd) {
  uint8_t packet[200];

  while (recv(fd, packet, sizeof packet, 0) > 0) {
    struct icmphdr echo;
    const size_t header = (size_t)4 * (packet[0] & 15u);
    memcpy(&echo, packet + header, sizeof echo);
    if (echo.type == ICMP_ECHOREPLY && ntohs(echo.un.echo.id) == 77)
      return ntohs(echo.un.echo.sequence);
  }
  return -1;
}

Test(sim_tap, linux_pings_the_engine, .init = enter_namespace, .timeout = 60) {
  open_tap("");
  const int fd = ping_socket();
  for (uint16_t i = 0; i < 20; i++) {
    int got = -1;
    send_ping(fd, i);
    for (int tries = 0; tries < 400 && got < 0; tries++) {
      cr_assert_geq(transport.wait(transport.ctx, 5000), 0);
      got = receive_pong(fd);
    }
    cr_expect_eq(got, i);
  }
  transport.close(transport.ctx);
}

Test(sim_tap, lossy_link_loses_pings, .init = enter_namespace, .timeout = 60) {
  open_tap(",loss=30%,seed=5");
  const int fd = ping_socket();
  unsigned answered = 0;
  for (uint16_t i = 0; i < 60; i++) {
    send_ping(fd, i);
    for (int tries = 0; tries < 4; tries++) {
      cr_assert_geq(transport.wait(transport.ctx, 2000), 0);
      if (receive_pong(fd) == i) {
        answered++;
        break;
      }
    }
  }
  cr_expect(answered > 5 && answered < 55, "%u of 60", answered);
  transport.close(transport.ctx);
}

/* Processor time of this process, in nanoseconds. */
static uint64_t cpu_ns(void) {
  struct timespec used;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * kSecondNs + (uint64_t)used.tv_nsec;
}

Test(sim_tap, idle_engine_sleeps, .init = enter_namespace, .timeout = 60) {
  open_tap("");
  for (int i = 0; i < 10; i++) transport.wait(transport.ctx, 100000); /* Linux says hello */
  const uint64_t start_us = transport.now_us(transport.ctx);
  const uint64_t start_cpu_ns = cpu_ns();
  cr_expect_eq(transport.wait(transport.ctx, 1000000), 0);
  cr_expect_geq(transport.now_us(transport.ctx), start_us + 1000000);
  cr_expect_lt(cpu_ns() - start_cpu_ns, 50000000, "5 %% of a second");
  transport.close(transport.ctx);
}

static bool readable(int fd, int timeout_ms) {
  struct pollfd pollfd = {.fd = fd, .events = POLLIN};

  return poll(&pollfd, 1, timeout_ms) == 1;
}

/* An event loop: polls, and calls wait(0) when the descriptor says so. */
static bool loop_until_quiet(int fd) {
  for (int i = 0; i < 10000; i++) {
    if (!readable(fd, 0)) return true;
    cr_assert_geq(transport.wait(transport.ctx, 0), 0);
  }
  return false;
}

Test(sim_tap, descriptor_serves_an_event_loop, .init = enter_namespace, .timeout = 60) {
  open_tap("");
  const int fd = transport.fd(transport.ctx);
  const int ping = ping_socket();
  cr_assert_geq(fd, 0);
  cr_expect(loop_until_quiet(fd), "an idle engine's descriptor stays readable");
  send_ping(ping, 9);
  int got = -1;
  for (int i = 0; i < 1000 && got < 0; i++) {
    cr_assert(readable(fd, 5000), "a frame came and nobody said so");
    cr_assert_geq(transport.wait(transport.ctx, 0), 0);
    got = receive_pong(ping);
  }
  cr_expect_eq(got, 9);
  cr_expect(loop_until_quiet(fd));
  cause_event();
  cr_assert(readable(fd, 20), "a command was posted and nobody said so");
  int result = 0;
  for (int i = 0; i < 1000 && result == 0; i++) result = transport.wait(transport.ctx, 0);
  cr_expect_eq(result, 1);
  cr_expect(readable(fd, 0), "a completion waits");
  drain();
  cr_expect(loop_until_quiet(fd));
  transport.close(transport.ctx);
}

Test(sim_tap, device_in_use_is_named, .init = enter_namespace, .timeout = 60) {
  struct toe_transport second;

  open_tap("");
  cr_expect_eq(toe_transport_open("sim:tap=toe0", &second), TOE_ERR_DEVICE);
  cr_expect_not_null(strstr(second.message, "toe0"), "%s", second.message);
  cr_expect_not_null(strstr(second.message, "another program"), "%s", second.message);
  cr_expect_eq(toe_transport_open("sim:tap=lo", &second), TOE_ERR_DEVICE);
  cr_expect_not_null(strstr(second.message, "not a TAP device"), "%s", second.message);
  cr_expect_eq(toe_transport_open("sim:tap=a-name-that-is-too-long", &second), TOE_ERR_RANGE);
  transport.close(transport.ctx);
}

Test(sim_tap, device_that_goes_away_ends_the_wait, .init = enter_namespace, .timeout = 60) {
  open_tap("");
  transport.wait(transport.ctx, 10000);
  cr_assert_eq(system("ip link delete toe0"), 0);
  int result = 0;
  for (int i = 0; i < 100 && result == 0; i++) result = transport.wait(transport.ctx, 10000);
  cr_expect_eq(result, TOE_ERR_GONE);
  transport.close(transport.ctx);
}
