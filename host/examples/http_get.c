/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetches a file over HTTP and says how fast that was.
 *
 * It asks as HTTP/1.0, so the answer is never chunked (RFC 9112 section 7.1) and ends with the
 * connection.
 */
#include <inttypes.h>

#include "host/examples/cli.h"

enum { BUFFER_OCTETS = 65536, HEADER_OCTETS = 16384 };

struct url {
  uint32_t ip;
  uint16_t port;
  const char *host; /* host[host_len]: with the port, as written */
  int host_len;
  const char *path;
};

struct answer {
  char header[HEADER_OCTETS + 1];
  size_t header_len;
  bool in_body;
  int status;
  bool has_length;
  uint64_t length; /* of the body, as announced */
  uint64_t octets; /* of the body, received */
};

static const char kUsage[] =
    "usage: http_get --uri URI [--output FILE] [http://]ADDR[:PORT]/PATH\n"
    "\n"
    "Fetches a file over HTTP, and prints its size, the time from SYN to the end, and the "
    "goodput.\n"
    "\n"
    "  --output FILE      where to put it; the last part of PATH\n"
    "  --timeout SEC      longest silence; 30\n" CLI_HELP_TEXT
    "                     of --count: fetch it so many times\n";

static struct url parse_url(const struct cli *cli, const char *text) {
  struct url url = {.port = 80};
  const char *end;

  if (strncmp(text, "http://", 7) == 0) text += 7;
  url.host = text;
  if (!cli_address(text, &url.ip, &end))
    cli_fail(cli, CLI_USAGE,
             "\"%s\" does not begin with an address as 10.0.0.1; names are not known here", text);
  if (*end == ':') {
    char *port_end;
    const unsigned long port = strtoul(end + 1, &port_end, 10);
    if (port == 0 || port > 65535) cli_fail(cli, CLI_USAGE, "\"%s\" has a bad port", text);
    url.port = (uint16_t)port;
    end = port_end;
  }
  if (*end != '/' && *end != '\0') cli_fail(cli, CLI_USAGE, "\"%s\" cannot be read", text);
  url.host_len = (int)(end - text);
  url.path = *end == '/' ? end : "/";
  return url;
}

/* The last part of a path, as a name for the file. */
static const char *name_of(const struct cli *cli, const char *path) {
  const char *name = strrchr(path, '/') + 1;

  if (*name == '\0') cli_fail(cli, CLI_USAGE, "the URL names no file: say --output FILE");
  return name;
}

/* Reads the header once it is there whole.  Returns an explanation when it cannot be understood. */
static const char *parse_header(struct answer *answer) {
  const char *line = answer->header;

  if (sscanf(line, "HTTP/1.%*1d %3d", &answer->status) != 1) return "the answer is not HTTP/1";
  while ((line = strstr(line, "\r\n")) != NULL && strncmp(line, "\r\n\r\n", 4) != 0) {
    line += 2;
    if (strncasecmp(line, "Content-Length:", 15) == 0) {
      answer->has_length = sscanf(line + 15, "%" SCNu64, &answer->length) == 1;
      if (!answer->has_length) return "Content-Length cannot be read";
    }
  }
  return NULL;
}

/* Octets of the answer.  Returns an explanation when something is wrong. */
static const char *take(struct answer *answer, const char *data, size_t len, FILE *file) {
  if (!answer->in_body) {
    const size_t room = HEADER_OCTETS - answer->header_len;
    const size_t before = answer->header_len;
    const size_t copied = len < room ? len : room;
    memcpy(answer->header + before, data, copied);
    answer->header_len += copied;
    answer->header[answer->header_len] = '\0';
    const char *end = strstr(answer->header, "\r\n\r\n");
    if (end == NULL) return answer->header_len == HEADER_OCTETS ? "the header does not end" : NULL;
    answer->in_body = true;
    const char *complaint = parse_header(answer);
    if (complaint != NULL) return complaint;
    const size_t used = (size_t)(end + 4 - answer->header) - before;
    data += used;
    len -= used;
  }
  answer->octets += len;
  return fwrite(data, 1, len, file) == len ? NULL : "the file cannot be written";
}

/* One fetch.  Returns an explanation when it fails. */
static const char *fetch(struct toe_engine *engine, const struct url *url, FILE *file,
                         int64_t timeout_us, struct answer *answer) {
  static char buffer[BUFFER_OCTETS];
  struct toe_conn *conn;
  const char *complaint = NULL;
  ssize_t result;

  const int len = snprintf(buffer, sizeof buffer,
                           "GET %s HTTP/1.0\r\nHost: %.*s\r\nUser-Agent: http_get\r\n\r\n",
                           url->path, url->host_len, url->host);
  if (len >= (int)sizeof buffer) return "the path is too long";
  *answer = (struct answer){0};
  result = toe_sock_connect(engine, url->ip, url->port, NULL, timeout_us, &conn);
  if (result != 0) return toe_strerror((int)result);
  result = toe_sock_send(conn, buffer, (size_t)len, timeout_us);
  if (result != len) complaint = toe_strerror(result < 0 ? (int)result : TOE_ERR_TIMEOUT);
  while (complaint == NULL) {
    result = toe_sock_recv(conn, buffer, sizeof buffer, timeout_us);
    if (result == 0) break;
    complaint = result > 0 ? take(answer, buffer, (size_t)result, file) : toe_strerror((int)result);
  }
  toe_conn_close(conn);
  if (complaint != NULL) return complaint;
  if (!answer->in_body) return "the connection ended before the header did";
  if (answer->has_length && answer->octets != answer->length)
    return "the connection ended before the file did";
  return NULL;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                          {"timeout", required_argument, NULL, 't'},
                                          CLI_LONG_OPTIONS};
  static struct answer answer;
  const char *output = NULL;
  int64_t timeout_us = 30000000;
  struct cli cli;
  int option;

  cli_init(&cli, argv[0]);
  cli.count = 1;
  while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
    if (option == 'o')
      output = optarg;
    else if (option == 't')
      timeout_us = (int64_t)cli_number(&cli, "--timeout", optarg, 1, 1000000) * 1000000;
    else if (!cli_option(&cli, option, kUsage))
      return CLI_USAGE;
  }
  if (optind + 1 != argc) cli_fail(&cli, CLI_USAGE, "it takes one URL; try --help");
  const struct url url = parse_url(&cli, argv[optind]);
  if (output == NULL) output = name_of(&cli, url.path);

  struct toe_engine *engine = cli_open(&cli);
  const uint64_t deadline_us = cli_deadline(&cli, engine);
  int code = CLI_OK;
  for (uint64_t i = 0; i < cli.count && !cli_stopped && toe_now_us(engine) < deadline_us; i++) {
    FILE *file = fopen(output, "wb");
    if (file == NULL) cli_fail(&cli, CLI_FAILED, "%s: %s", output, strerror(errno));
    const uint64_t start_us = toe_now_us(engine);
    const char *complaint = fetch(engine, &url, file, timeout_us, &answer);
    const double seconds = (double)(toe_now_us(engine) - start_us) / 1e6;
    if (fclose(file) != 0 && complaint == NULL) complaint = "the file cannot be written";
    if (complaint != NULL) {
      fprintf(stderr, "%s: %s\n", cli.program, complaint);
      code = CLI_FAILED;
      break;
    }
    printf("%" PRIu64 " octets in %.6f s: %.3f Mbit/s, status %d\n", answer.octets, seconds,
           seconds > 0 ? (double)answer.octets * 8e-6 / seconds : 0, answer.status);
    if (answer.status != 200) code = CLI_FAILED;
  }
  toe_drain(engine, 5000000);
  toe_close(engine);
  return code;
}
