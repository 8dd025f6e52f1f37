/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends random octets to an echo server, half-closes, and compares what comes back.
 */
#include <inttypes.h>
#include <sys/random.h>

#include "host/examples/cli.h"

enum { CHUNK_OCTETS = 16384 };

static const char kUsage[] =
    "usage: echo_client --uri URI [--octets N] ADDR:PORT\n"
    "\n"
    "Sends octets to an echo server, closes its own direction, and compares what comes back.\n"
    "\n"
    "  --octets N         how many; 1000000\n" CLI_HELP_TEXT
    "                     of --count: do it so many times\n";

/* One connection.  Returns an explanation when it fails. */
static const char *run(struct toe_engine *engine, uint32_t ip, uint16_t port, const uint8_t *data,
                       uint8_t *back, size_t octets) {
  static const int64_t patience_us = 30000000;
  struct toe_conn *conn;
  size_t sent = 0, received = 0;
  const char *complaint = NULL;
  bool ended = false;

  const int result = toe_sock_connect(engine, ip, port, NULL, patience_us, &conn);
  if (result != 0) return toe_strerror(result);
  while (complaint == NULL && !ended) {
    bool moved = false;
    if (sent < octets) {
      const size_t len = octets - sent < CHUNK_OCTETS ? octets - sent : CHUNK_OCTETS;
      const ssize_t taken = toe_send(conn, data + sent, len, 0);
      if (taken < 0 && taken != TOE_ERR_AGAIN) complaint = toe_strerror((int)taken);
      if (taken > 0) {
        sent += (size_t)taken;
        moved = true;
      }
      if (sent == octets) toe_shutdown(conn);
    }
    /* One octet more than was sent, to see one too many. */
    const ssize_t got = toe_recv(conn, back + received, octets + 1 - received, 0);
    if (got < 0 && got != TOE_ERR_AGAIN) complaint = toe_strerror((int)got);
    if (got > 0) {
      received += (size_t)got;
      moved = true;
    }
    ended = got == 0 || received > octets;
    if (complaint == NULL && !moved && !ended && toe_process(engine, patience_us) == 0)
      complaint = "nothing came for 30 s";
  }
  toe_conn_close(conn);
  if (complaint != NULL) return complaint;
  if (received != octets || memcmp(data, back, octets) != 0)
    return "what came back is not what was sent";
  return NULL;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"octets", required_argument, NULL, 'n'},
                                          CLI_LONG_OPTIONS};
  size_t octets = 1000000;
  struct cli cli;
  const char *end;
  uint32_t ip;
  int option;

  cli_init(&cli, argv[0]);
  cli.count = 1;
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'n')
      octets = cli_number(&cli, "--octets", optarg, 1, 1000000000);
    else if (!cli_option(&cli, option, kUsage))
      return CLI_USAGE;
  }
  if (optind + 1 != argc) cli_fail(&cli, CLI_USAGE, "it takes one ADDR:PORT; try --help");
  if (!cli_address(argv[optind], &ip, &end) || *end != ':')
    cli_fail(&cli, CLI_USAGE, "\"%s\" is not an address and port as 10.0.0.1:7", argv[optind]);
  const uint16_t port = (uint16_t)cli_number(&cli, "the port", end + 1, 1, 65535);

  uint8_t *data = malloc(octets);
  uint8_t *back = malloc(octets + 1);
  if (data == NULL || back == NULL) cli_fail(&cli, CLI_FAILED, "no memory for %zu octets", octets);
  for (size_t at = 0; at < octets;) {
    const ssize_t got = getrandom(data + at, octets - at < 256 ? octets - at : 256, 0);
    if (got < 0) cli_fail(&cli, CLI_FAILED, "no random octets: %s", strerror(errno));
    at += (size_t)got;
  }

  struct toe_engine *engine = cli_open(&cli);
  const char *complaint = NULL;
  for (uint64_t i = 0; i < cli.count && !cli_stopped && complaint == NULL; i++)
    complaint = run(engine, ip, port, data, back, octets);
  if (complaint != NULL)
    fprintf(stderr, "%s: %s\n", cli.program, complaint);
  else
    printf("half-close: %zu octets came back after the FIN was sent\n", octets);
  toe_drain(engine, 5000000);
  toe_close(engine);
  free(data);
  free(back);
  return complaint == NULL ? CLI_OK : CLI_FAILED;
}
