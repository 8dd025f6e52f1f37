/* SPDX-License-Identifier: Apache-2.0
 *
 * Serves the files of a folder over HTTP/1.1: GET and HEAD, connections that stay open, as many at
 * once as the engine has.
 *
 * One loop over toe_wait(); each client is a small state machine that goes on until the engine has
 * nothing more to read or takes nothing more.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/examples/cli.h"

enum {
  REQUEST_OCTETS = 8192,
  CHUNK_OCTETS = 65536,
  EVENTS = 64,
};

static const uint64_t kIdleUs = 60000000;  /* a client that says nothing for so long is let go */
static const uint64_t kLingerUs = 5000000; /* how long to wait for its FIN after ours */

enum phase {
  READING, /* a request */
  SENDING, /* the header, then the file */
  CLOSING, /* our FIN is out; what still comes is thrown away, so that no reset overtakes the answer
            */
};

struct client {
  struct toe_conn *conn; /* its tag is the client's place in server->clients */
  enum phase phase;
  uint64_t seen_us; /* last progress */
  bool keep;        /* another request may follow */
  size_t request_len;
  char request[REQUEST_OCTETS + 1];
  size_t header_len, header_sent;
  char header[1024];
  int file; /* -1: none */
  off_t position, end;
};

struct server {
  struct cli cli;
  struct toe_engine *engine;
  int folder;
  bool verbose;
  uint32_t places;
  struct client **clients; /* clients[places], NULL: free */
  uint64_t answers;
  char path[REQUEST_OCTETS + 1]; /* of the request at hand */
  char chunk[CHUNK_OCTETS];
};

static const char kUsage[] =
    "usage: http_server --uri URI [--port N] [--verbose] FOLDER\n"
    "\n"
    "Serves the files of a folder over HTTP/1.1.\n"
    "\n"
    "  --port N           port to listen on; 80\n"
    "  --verbose          print each request\n" CLI_HELP_TEXT
    "                     of --count: answers\n";

/* ---- The answer ----------------------------------------------------------------------------- */

static const char *type_of(const char *path) {
  static const struct {
    const char *ending, *type;
  } types[] = {{".html", "text/html; charset=utf-8"},
               {".css", "text/css"},
               {".js", "text/javascript"},
               {".json", "application/json"},
               {".txt", "text/plain; charset=utf-8"},
               {".png", "image/png"},
               {".jpg", "image/jpeg"},
               {".svg", "image/svg+xml"}};
  const char *dot = strrchr(path, '.');

  for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++) {
    if (strcmp(dot, types[i].ending) == 0) return types[i].type;
  }
  return "application/octet-stream";
}

static void write_header(struct client *client, const char *status, const char *extra,
                         const char *type, off_t length) {
  const time_t now = time(NULL);
  char date[64];
  struct tm broken_down;

  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &broken_down));
  const int len =
      snprintf(client->header, sizeof client->header,
               "HTTP/1.1 %s\r\nDate: %s\r\nServer: toe\r\n%sContent-Type: %s\r\n"
               "Content-Length: %jd\r\nConnection: %s\r\n\r\n",
               status, date, extra, type, (intmax_t)length, client->keep ? "keep-alive" : "close");
  client->header_len = (size_t)len;
  client->header_sent = 0;
  client->phase = SENDING;
}

/* An answer without a file; the status is its text too. */
static void answer_status(struct client *client, const char *status, const char *extra, bool keep) {
  client->keep = client->keep && keep;
  client->file = -1;
  client->position = client->end = 0;
  write_header(client, status, extra, "text/plain; charset=utf-8", 0);
}

/* Decodes %XX in place and cuts off the query.  False when it cannot be or leads out of the folder.
 */
static bool decode_path(char *path) {
  char *to = path;

  path[strcspn(path, "?#")] = '\0';
  for (const char *from = path; *from != '\0'; from++) {
    unsigned octet = (unsigned char)*from;
    if (octet == '%') {
      if (strspn(from + 1, "0123456789abcdefABCDEF") < 2) return false;
      const char digits[3] = {from[1], from[2], '\0'};
      octet = (unsigned)strtoul(digits, NULL, 16);
      from += 2;
      if (octet == 0) return false;
    }
    *to++ = (char)octet;
  }
  *to = '\0';
  if (path[0] != '/') return false;
  for (const char *part = path; part != NULL; part = strchr(part + 1, '/')) {
    if (strncmp(part, "/..", 3) == 0 && (part[3] == '/' || part[3] == '\0')) return false;
  }
  return true;
}

static void answer_file(const struct server *server, struct client *client, char *path, bool head) {
  char name[REQUEST_OCTETS + 32];
  struct stat status;

  if (!decode_path(path)) {
    answer_status(client, "403 Forbidden", "", true);
    return;
  }
  const bool folder = path[strlen(path) - 1] == '/';
  snprintf(name, sizeof name, ".%.8192s%s", path, folder ? "index.html" : "");
  client->file = openat(server->folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (client->file < 0) {
    answer_status(client, errno == EACCES ? "403 Forbidden" : "404 Not Found", "", true);
    return;
  }
  if (fstat(client->file, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(client->file);
    answer_status(client, "404 Not Found", "", true);
    return;
  }
  client->position = 0;
  client->end = head ? 0 : status.st_size;
  write_header(client, "200 OK", "", type_of(name), status.st_size);
}

/* ---- The request ---------------------------------------------------------------------------- */

/* The value of a header field, NULL when it is not there.  The request ends with an empty line. */
static const char *field(const char *request, const char *name) {
  const size_t len = strlen(name);

  for (const char *line = strstr(request, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
      line += len + 1;
      return line + strspn(line, " \t");
    }
  }
  return NULL;
}

static bool says(const char *value, const char *word) {
  return value != NULL && strncasecmp(value, word, strlen(word)) == 0;
}

/* A whole request is in the buffer, its last line ended by a zero. */
static void answer_request(struct server *server, struct client *client) {
  char method[16], version[16];
  char *path = server->path;
  int used = 0;

  if (server->verbose) printf("%.*s\n", (int)strcspn(client->request, "\r"), client->request);
  client->keep = false;
  if (sscanf(client->request, "%15[A-Z] %8191[^ \r\n] %15[^ \r\n]%n", method, path, version,
             &used) != 3 ||
      strncmp(client->request + used, "\r\n", 2) != 0) {
    answer_status(client, "400 Bad Request", "", false);
    return;
  }
  const bool one_one = strcmp(version, "HTTP/1.1") == 0;
  if (!one_one && strcmp(version, "HTTP/1.0") != 0) {
    answer_status(client, "505 HTTP Version Not Supported", "", false);
    return;
  }
  const char *connection = field(client->request, "Connection");
  const bool body = field(client->request, "Transfer-Encoding") != NULL ||
                    (field(client->request, "Content-Length") != NULL &&
                     field(client->request, "Content-Length")[0] != '0');
  client->keep = (one_one ? !says(connection, "close") : says(connection, "keep-alive")) && !body;
  if (one_one && field(client->request, "Host") == NULL)
    answer_status(client, "400 Bad Request", "", false);
  else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
    answer_file(server, client, path, method[0] == 'H');
  else
    answer_status(client, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", true);
}

/* Reads until a request is whole: 1 then, 0 when the engine has no more now, negative at the end.
 */
static ssize_t read_request(struct server *server, struct client *client) {
  for (;;) {
    client->request[client->request_len] = '\0';
    char *end = strstr(client->request, "\r\n\r\n");
    if (end != NULL) {
      /* What follows is the next request. */
      const size_t used = (size_t)(end + 4 - client->request);
      const char next = client->request[used];
      client->request[used] = '\0';
      answer_request(server, client);
      client->request[used] = next;
      client->request_len -= used;
      memmove(client->request, client->request + used, client->request_len);
      return 1;
    }
    if (client->request_len == REQUEST_OCTETS) {
      client->keep = false;
      answer_status(client, "431 Request Header Fields Too Large", "", false);
      return 1;
    }
    const ssize_t received = toe_recv(client->conn, client->request + client->request_len,
                                      REQUEST_OCTETS - client->request_len, 0);
    if (received == TOE_ERR_AGAIN) return 0;
    if (received == 0) return TOE_ERR_STATE;
    if (received < 0) return received;
    client->request_len += (size_t)received;
    client->seen_us = toe_now_us(server->engine);
  }
}

/* ---- Sending -------------------------------------------------------------------------------- */

static ssize_t send_header(struct client *client) {
  while (client->header_sent < client->header_len) {
    const ssize_t sent = toe_send(client->conn, client->header + client->header_sent,
                                  client->header_len - client->header_sent,
                                  client->position < client->end ? TOE_MORE : 0);
    if (sent < 0) return sent;
    client->header_sent += (size_t)sent;
  }
  return 1;
}

/* 1 when all is queued, TOE_ERR_AGAIN when the engine has no room, another error at the end. */
static ssize_t send_answer(struct server *server, struct client *client) {
  ssize_t result = send_header(client);

  while (result > 0 && client->position < client->end) {
    const off_t left = client->end - client->position;
    size_t room = toe_send_room(client->conn);
    if (room == 0) room = 1; /* a send that fails makes the engine tell when it would not */
    if (room > CHUNK_OCTETS) room = CHUNK_OCTETS;
    if ((off_t)room > left) room = (size_t)left;
    const ssize_t got = pread(client->file, server->chunk, room, client->position);
    if (got <= 0) return TOE_ERR_IO; /* the file shrank: only a reset can say so now */
    result = toe_send(client->conn, server->chunk, (size_t)got,
                      client->position + got < client->end ? TOE_MORE : 0);
    if (result > 0) client->position += result;
  }
  client->seen_us = toe_now_us(server->engine);
  return result;
}

static void answer_done(struct server *server, struct client *client) {
  if (client->file >= 0) close(client->file);
  client->file = -1;
  server->answers++;
  if (client->keep) {
    client->phase = READING;
  } else {
    toe_shutdown(client->conn);
    client->phase = CLOSING;
  }
}

/* ---- Clients -------------------------------------------------------------------------------- */

/* False when the client is done; *reset when its connection cannot end well. */
static bool serve(struct server *server, struct client *client, bool *reset) {
  *reset = false;
  for (;;) {
    ssize_t result;
    switch (client->phase) {
      case READING:
        result = read_request(server, client);
        if (result == 0) return true;
        if (result < 0) return false;
        break;
      case SENDING:
        result = send_answer(server, client);
        if (result == TOE_ERR_AGAIN) return true;
        *reset = result == TOE_ERR_IO;
        if (result < 0) return false;
        answer_done(server, client);
        break;
      default:
        result = toe_recv(client->conn, server->chunk, sizeof server->chunk, 0);
        if (result == TOE_ERR_AGAIN) return true;
        if (result <= 0) return false;
        break;
    }
  }
}

static void client_end(struct server *server, struct client *client, bool reset) {
  server->clients[toe_conn_tag(client->conn)] = NULL;
  if (reset)
    toe_abort(client->conn);
  else
    toe_conn_close(client->conn);
  if (client->file >= 0) close(client->file);
  free(client);
}

static void accept_all(struct server *server, struct toe_listener *listener) {
  struct toe_conn *conn;

  while (toe_accept(listener, 0, &conn) == 0) {
    uint32_t place = 0;
    while (place < server->places && server->clients[place] != NULL) place++;
    struct client *client = place < server->places ? calloc(1, sizeof *client) : NULL;
    if (client == NULL) {
      toe_abort(conn);
      continue;
    }
    client->conn = conn;
    client->file = -1;
    client->seen_us = toe_now_us(server->engine);
    server->clients[place] = client;
    toe_conn_set_tag(conn, place);
  }
}

static void end_idle(struct server *server) {
  const uint64_t now_us = toe_now_us(server->engine);

  for (uint32_t i = 0; i < server->places; i++) {
    struct client *client = server->clients[i];
    if (client == NULL) continue;
    const uint64_t limit_us = client->phase == CLOSING ? kLingerUs : kIdleUs;
    if (now_us - client->seen_us > limit_us) client_end(server, client, client->phase == SENDING);
  }
}

static void run(struct server *server, struct toe_listener *listener) {
  const uint64_t deadline_us = cli_deadline(&server->cli, server->engine);
  struct toe_event events[EVENTS];
  bool reset;

  while (!cli_stopped && server->answers < server->cli.count &&
         toe_now_us(server->engine) < deadline_us) {
    const int count =
        toe_wait(server->engine, events, EVENTS, cli_timeout(server->engine, deadline_us));
    if (count < 0) cli_fail(&server->cli, CLI_NO_ENGINE, "%s", toe_strerror(count));
    for (int i = 0; i < count; i++) {
      if (events[i].listener != NULL) {
        accept_all(server, listener);
        continue;
      }
      struct client *client = server->clients[events[i].tag];
      if (!serve(server, client, &reset)) client_end(server, client, reset);
    }
    end_idle(server);
  }
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                          {"verbose", no_argument, NULL, 'v'},
                                          CLI_LONG_OPTIONS};
  static struct server server;
  struct toe_engine_info info = {0};
  struct toe_listener *listener;
  uint16_t port = 80;
  int option;

  cli_init(&server.cli, argv[0]);
  while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
    if (option == 'p')
      port = (uint16_t)cli_number(&server.cli, "--port", optarg, 1, 65535);
    else if (option == 'v')
      server.verbose = true;
    else if (!cli_option(&server.cli, option, kUsage))
      return CLI_USAGE;
  }
  if (optind + 1 != argc) cli_fail(&server.cli, CLI_USAGE, "it takes one FOLDER; try --help");
  server.folder = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (server.folder < 0) cli_fail(&server.cli, CLI_USAGE, "%s: %s", argv[optind], strerror(errno));

  server.engine = cli_open(&server.cli);
  toe_engine_info(server.engine, &info);
  server.places = info.num_conns;
  server.clients = calloc(server.places, sizeof(void *));
  if (server.clients == NULL) cli_fail(&server.cli, CLI_FAILED, "out of memory");
  const int result = toe_listen(server.engine, port, 1024, 0, &listener);
  if (result != 0) cli_fail(&server.cli, CLI_FAILED, "port %u: %s", port, toe_strerror(result));
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("serving %s on port %u\n", argv[optind], port);
  run(&server, listener);

  toe_listener_close(listener);
  for (uint32_t i = 0; i < server.places; i++) {
    if (server.clients[i] != NULL) client_end(&server, server.clients[i], false);
  }
  free(server.clients);
  toe_drain(server.engine, (int64_t)kLingerUs);
  toe_close(server.engine);
  printf("%" PRIu64 " answers\n", server.answers);
  return CLI_OK;
}
