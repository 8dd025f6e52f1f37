/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl bench: goodput and latency of a connection.
 */
#include "host/tools/toectl/bench.h"

#include "driver/toe_transport.h"
#include "host/tools/toectl/toectl.h"

enum { PAIR_PORT = 9 };

/* Addresses of TEST-NET-1 (RFC 5737) for two engines that nobody else hears. */
static const uint32_t kPairIp[2] = {0xc0000201, 0xc0000202};

struct wish {
  uint32_t ip; /* of the server, 0: a second simulated engine */
  uint16_t port;
  bool echo, send;
};

static void must(const struct ctl *ctl, const char *what, int result) {
  if (result >= 0) return;
  cli_fail(&ctl->cli, result == TOE_ERR_GONE ? CLI_NO_ENGINE : CLI_FAILED, "%s: %s", what,
           toe_strerror(result));
}

/* ---- The two ends --------------------------------------------------------------------------- */

static void open_server(const struct ctl *ctl, const struct wish *wish, struct bench *bench) {
  char where[64];

  snprintf(where, sizeof where, "%u.%u.%u.%u:%u", wish->ip >> 24, wish->ip >> 16 & 255,
           wish->ip >> 8 & 255, wish->ip & 255, wish->port);
  bench->engine = ctl_open(ctl);
  must(ctl, where,
       toe_sock_connect(bench->engine, wish->ip, wish->port, NULL, bench->patience_us,
                        &bench->conn));
}

static void open_pair(const struct ctl *ctl, struct bench *bench) {
  const char *uri = ctl->cli.uri != NULL ? ctl->cli.uri : "sim:";
  struct toe_transport transports[2];
  struct toe_engine *engines[2];
  struct toe_listener *listener;

  if (toe_transport_open_pair(uri, transports) != 0)
    cli_fail(&ctl->cli, CLI_NO_ENGINE, "%s", transports[0].message);
  for (int i = 0; i < 2; i++) {
    struct toe_config config = ctl->cli.config;
    config.ip = kPairIp[i];
    config.prefix_len = 24;
    must(ctl, "engine", toe_open_transport(&transports[i], &config, &engines[i]));
  }
  bench->engine = engines[0];
  bench->server = engines[1];
  ctl_catch_signals();
  must(ctl, "listen", toe_listen(bench->server, PAIR_PORT, 1, 0, &listener));
  must(ctl, "connect",
       toe_sock_connect(bench->engine, kPairIp[1], PAIR_PORT, NULL, bench->patience_us,
                        &bench->conn));
  must(ctl, "accept", toe_sock_accept(listener, bench->patience_us, &bench->peer));
}

static void close_both(struct bench *bench) {
  toe_conn_close(bench->conn);
  toe_conn_close(bench->peer);
  toe_drain(bench->engine, 1000000);
  toe_close(bench->engine);
  toe_close(bench->server);
}

/* ---- Results -------------------------------------------------------------------------------- */

static double rate(double amount, double seconds) {
  return seconds > 0 ? amount / seconds : 0;
}

static json_t *goodput_json(const struct goodput *goodput) {
  return json_pack("{s:I, s:f, s:f}", "octets", (json_int_t)goodput->octets, "seconds",
                   goodput->seconds, "mbit_per_second",
                   rate((double)goodput->octets * 8e-6, goodput->seconds));
}

static json_t *latency_json(const struct bench *bench, const struct latency *latency) {
  return json_pack("{s:I, s:i, s:f, s:f, s:I, s:I, s:I, s:I}", "transactions",
                   (json_int_t)latency->count, "octets", (int)bench->size, "seconds",
                   latency->seconds, "per_second", rate((double)latency->count, latency->seconds),
                   "min_us", (json_int_t)latency->min_us, "median_us",
                   (json_int_t)latency->median_us, "p99_us", (json_int_t)latency->p99_us, "max_us",
                   (json_int_t)latency->max_us);
}

static void measure(const struct ctl *ctl, const struct wish *wish, struct bench *bench) {
  json_t *result = json_pack("{s:s}", "time", bench->server != NULL ? "virtual" : "real");
  struct goodput goodput;
  struct latency latency;

  if (wish->echo) {
    const int echoed = bench_echo(bench, &latency);
    if (echoed == TOE_ERR_IO)
      cli_fail(&ctl->cli, CLI_FAILED,
               "other octets came back than were sent: is that a server of "
               "the echo protocol?");
    must(ctl, "echo", echoed);
    json_object_set_new(result, "latency", latency_json(bench, &latency));
    if (!ctl->json)
      printf(
          "echo: %llu transactions of %u octets in %.6f s, %.0f a second; min %llu, median %llu, "
          "99 %% %llu, max %llu us\n",
          (unsigned long long)latency.count, bench->size, latency.seconds,
          rate((double)latency.count, latency.seconds), (unsigned long long)latency.min_us,
          (unsigned long long)latency.median_us, (unsigned long long)latency.p99_us,
          (unsigned long long)latency.max_us);
  }
  if (wish->send) {
    must(ctl, "send", bench_send(bench, &goodput));
    json_object_set_new(result, "goodput", goodput_json(&goodput));
    if (!ctl->json)
      printf("send: %llu octets in %.6f s, %.3f Mbit/s\n", (unsigned long long)goodput.octets,
             goodput.seconds, rate((double)goodput.octets * 8e-6, goodput.seconds));
  }
  if (ctl->json)
    ctl_print_json(result, false);
  else
    json_decref(result);
}

/* ADDRESS:PORT */
static void read_server(const struct ctl *ctl, const char *text, struct wish *wish) {
  const char *end;

  if (!cli_address(text, &wish->ip, &end) || *end != ':' || wish->ip == 0)
    cli_fail(&ctl->cli, CLI_USAGE, "a server is ADDRESS:PORT, as 10.0.0.1:9, not \"%s\"", text);
  wish->port = (uint16_t)cli_number(&ctl->cli, "the port of a server", end + 1, 1, 65535);
}

static int run(struct ctl *ctl, int argc, char **argv) {
  static const struct option options[] = {{"echo", no_argument, NULL, 'e'},
                                          {"octets", required_argument, NULL, 'o'},
                                          {"size", required_argument, NULL, 's'},
                                          {"timeout", required_argument, NULL, 't'},
                                          CTL_LONG_OPTIONS};
  struct bench bench = {.octets = 4 << 20, .count = 1000, .size = 64, .patience_us = 10000000};
  struct wish wish = {0};
  int option;

  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'e')
      wish.echo = true;
    else if (option == 'o')
      bench.octets = cli_number(&ctl->cli, "--octets", optarg, 1, UINT64_C(1) << 40);
    else if (option == 's')
      bench.size = (uint32_t)cli_number(&ctl->cli, "--size", optarg, 1, 1 << 20);
    else if (option == 't')
      bench.patience_us = 1000000 * (int64_t)cli_number(&ctl->cli, "--timeout", optarg, 1, 3600);
    else if (!ctl_option(ctl, option, command_bench.usage))
      return CLI_USAGE;
  }
  ctl_arguments(ctl, argc, argv, optind, 1);
  if (ctl->cli.count != UINT64_MAX) bench.count = ctl->cli.count;
  if (bench.count > 100000000) cli_fail(&ctl->cli, CLI_USAGE, "--count is 100000000 at most");
  if (optind < argc) {
    read_server(ctl, argv[optind], &wish);
    if (ctl->cli.uri == NULL)
      cli_fail(&ctl->cli, CLI_USAGE, "which engine connects to %s?  --uri URI", argv[optind]);
    wish.send = !wish.echo;
    open_server(ctl, &wish, &bench);
  } else {
    wish.echo = wish.send = true;
    open_pair(ctl, &bench);
  }
  measure(ctl, &wish, &bench);
  close_both(&bench);
  return CLI_OK;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "goodput and latency to a server, or between two simulated engines",
    .usage =
        "usage: toectl bench --uri URI [--octets N] ADDRESS:PORT\n"
        "       toectl bench --uri URI --echo [--size N] [--count N] ADDRESS:PORT\n"
        "       toectl bench [--uri sim:OPTIONS] [--octets N] [--size N] [--count N]\n"
        "\n"
        "Sends octets to a server that discards them, or measures transactions with one that "
        "echoes;\n"
        "without a server both, from one simulated engine to another, in virtual time.\n"
        "\n"
        "  --octets N         to send; 4194304\n"
        "  --size N           octets of a transaction; 64\n"
        "  --count N          transactions; 1000\n"
        "  --timeout SECONDS  without progress; 10\n",
    .run = run,
};
