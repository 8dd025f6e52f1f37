/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends back what it receives, on any number of connections at once (RFC 862).
 *
 * Each connection has one buffer, and nothing more is received while something in it is unsent: a
 * peer that does not read is held back by its own window.
 */
#include "host/examples/cli.h"

enum { BUFFER_OCTETS = 32768, EVENTS = 64 };

struct client {
  struct toe_conn *conn;
  size_t held, sent; /* octets in the buffer, and how many of them have gone */
  bool finished;     /* the peer has closed */
  char buffer[BUFFER_OCTETS];
};

static const char kUsage[] =
    "usage: echo_server --uri URI [--port N]\n"
    "\n"
    "Sends back what it receives.\n"
    "\n"
    "  --port N           port to listen on; 7\n" CLI_HELP_TEXT
    "                     of --count: connections that have ended\n";

/* Goes on until the engine has nothing to give or takes nothing.  False when the connection is
 * done. */
static bool echo(struct client *client) {
  for (;;) {
    if (client->sent < client->held) {
      const ssize_t sent =
          toe_send(client->conn, client->buffer + client->sent, client->held - client->sent, 0);
      if (sent == TOE_ERR_AGAIN) return true;
      if (sent < 0) return false;
      client->sent += (size_t)sent;
      continue;
    }
    if (client->finished) return false;
    const ssize_t held = toe_recv(client->conn, client->buffer, sizeof client->buffer, 0);
    if (held == TOE_ERR_AGAIN) return true;
    if (held < 0) return false;
    client->finished = held == 0;
    client->held = (size_t)held;
    client->sent = 0;
  }
}

/* Gives each new connection the first free place of clients[places]; its tag says which. */
static void accept_all(struct toe_listener *listener, struct client **clients, uint32_t places) {
  struct toe_conn *conn;

  while (toe_accept(listener, 0, &conn) == 0) {
    uint32_t place = 0;
    while (place < places && clients[place] != NULL) place++;
    struct client *client = place < places ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
      toe_abort(conn);
      continue;
    }
    client->conn = conn;
    clients[place] = client;
    toe_conn_set_tag(conn, place);
  }
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"port", required_argument, NULL, 'p'}, CLI_LONG_OPTIONS};
  struct toe_engine_info info = {0};
  struct toe_listener *listener;
  struct toe_event events[EVENTS];
  struct cli cli;
  uint16_t port = 7;
  uint64_t ended = 0;
  int option;

  cli_init(&cli, argv[0]);
  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'p')
      port = (uint16_t)cli_number(&cli, "--port", optarg, 1, 65535);
    else if (!cli_option(&cli, option, kUsage))
      return CLI_USAGE;
  }
  if (optind != argc) cli_fail(&cli, CLI_USAGE, "\"%s\" is one argument too many", argv[optind]);

  struct toe_engine *engine = cli_open(&cli);
  toe_engine_info(engine, &info);
  struct client **clients = calloc(info.num_conns, sizeof(void *));
  if (clients == NULL) cli_fail(&cli, CLI_FAILED, "out of memory");
  int result = toe_listen(engine, port, 1024, 0, &listener);
  if (result != 0) cli_fail(&cli, CLI_FAILED, "port %u: %s", port, toe_strerror(result));
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("echoing on port %u\n", port);

  const uint64_t deadline_us = cli_deadline(&cli, engine);
  while (!cli_stopped && ended < cli.count && toe_now_us(engine) < deadline_us) {
    const int count = toe_wait(engine, events, EVENTS, cli_timeout(engine, deadline_us));
    if (count < 0) cli_fail(&cli, CLI_NO_ENGINE, "%s", toe_strerror(count));
    for (int i = 0; i < count; i++) {
      if (events[i].listener != NULL) {
        accept_all(listener, clients, info.num_conns);
        continue;
      }
      struct client *client = clients[events[i].tag];
      if (echo(client)) continue;
      clients[events[i].tag] = NULL;
      toe_conn_close(client->conn);
      free(client);
      ended++;
    }
  }
  toe_listener_close(listener);
  for (uint32_t i = 0; i < info.num_conns; i++) free(clients[i]);
  free(clients);
  toe_drain(engine, 5000000);
  toe_close(engine);
  return CLI_OK;
}
