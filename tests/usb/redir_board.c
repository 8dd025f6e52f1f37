/* SPDX-License-Identifier: Apache-2.0
 *
 * The Verilated board shell behind an FT2232H, as a USB device for QEMU's usb-redir, with its
 * network on a TAP device.  tools/test_usb.sh runs it.
 *
 *   redir_board SOCKET TAP
 *
 * SIGUSR1 asks it to be unplugged soon, in the middle of what goes on then, and plugged in again.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <toe/toe_net.h>
#include <toe/toe_sim.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "tests/usb/sim_board.h"
#include "tests/usb/usb_board.h"

enum { HIGH_SPEED = 2, BULK = 2, NO_ENDPOINT = 255 };

/* Octets that still reach the board after SIGUSR1, and how long it is away. */
static const uint64_t kUnplugOctets = 20000;
static const uint64_t kAwayUs = 3000000;

static const struct ft2232h_config kChip = {
    .maker = "OpenTOE", .product = "simulated board", .serial = "SIM1", .fifo = true};

/* A transfer that QEMU waits for. */
struct asked {
  struct usb_urb urb;
  uint64_t id;
  bool bulk;
  union {
    struct usb_redir_control_packet_header control;
    struct usb_redir_bulk_packet_header bulk_header;
  };
};

struct server {
  struct usb_board board;
  struct sim_board *shell;
  struct usbredirparser *parser;
  struct toe_tap *tap;
  int socket;
  bool ended;
  uint64_t unplug_at; /* octets_in of the board; 0: not */
  uint64_t plug_us;   /* 0: not */
};

static volatile sig_atomic_t unplug_asked, stop_asked;

static void on_signal(int number) {
  if (number == SIGUSR1)
    unplug_asked = 1;
  else
    stop_asked = 1;
}

static uint64_t now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- Octets of the protocol ------------------------------------------------------------------ */

static void redir_log(void *user, int level, const char *message) {
  (void)user;
  if (level <= usbredirparser_warning) fprintf(stderr, "usbredir: %s\n", message);
}

/* What read() and write() are to usbredirparser: 0 is to try again, -1 an end. */
static int transferred(struct server *server, ssize_t count) {
  if (count > 0) return (int)count;
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  server->ended = true;
  return -1;
}

static int redir_read(void *user, uint8_t *data, int count) {
  struct server *server = user;

  return transferred(server, recv(server->socket, data, (size_t)count, MSG_DONTWAIT));
}

static int redir_write(void *user, uint8_t *data, int count) {
  struct server *server = user;

  return transferred(server,
                     send(server->socket, data, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* --- The device ------------------------------------------------------------------------------ */

static void connect_device(struct server *server) {
  struct usb_redir_ep_info_header endpoints = {0};
  struct usb_redir_interface_info_header interfaces = {.interface_count = FT_CHANNELS};
  struct usb_redir_device_connect_header device = {
      .speed = HIGH_SPEED, .vendor_id = 0x0403, .product_id = 0x6010, .device_version_bcd = 0x0700};

  memset(endpoints.type, NO_ENDPOINT, sizeof endpoints.type);
  endpoints.type[0] = endpoints.type[16] = 0;
  for (int i = 0; i < FT_CHANNELS; i++) {
    const int places[2] = {2 + 2 * i, 16 + 1 + 2 * i}; /* OUT, then IN from 16 on */
    for (int k = 0; k < 2; k++) {
      endpoints.type[places[k]] = BULK;
      endpoints.interface[places[k]] = (uint8_t)i;
      endpoints.max_packet_size[places[k]] = FT_PACKET_OCTETS;
    }
    interfaces.interface[i] = (uint8_t)i;
    interfaces.interface_class[i] = interfaces.interface_subclass[i] =
        interfaces.interface_protocol[i] = 0xff;
  }
  usbredirparser_send_interface_info(server->parser, &interfaces);
  usbredirparser_send_ep_info(server->parser, &endpoints);
  usbredirparser_send_device_connect(server->parser, &device);
}

static void on_hello(void *user, struct usb_redir_hello_header *hello) {
  (void)hello;
  connect_device(user);
}

static void on_reset(void *user) {
  ft2232h_plug(((struct server *)user)->board.chip);
}

static void on_set_configuration(void *user, uint64_t id,
                                 struct usb_redir_set_configuration_header *wanted) {
  struct server *server = user;
  const uint8_t setup[FT_SETUP_OCTETS] = {0x00, 9, wanted->configuration};
  struct usb_redir_configuration_status_header status = {.configuration = wanted->configuration};

  ft2232h_control(server->board.chip, now_us(), setup, NULL);
  usbredirparser_send_configuration_status(server->parser, id, &status);
}

static void on_get_configuration(void *user, uint64_t id) {
  struct server *server = user;
  const uint8_t setup[FT_SETUP_OCTETS] = {0x80, 8, [6] = 1};
  struct usb_redir_configuration_status_header status = {0};

  ft2232h_control(server->board.chip, now_us(), setup, &status.configuration);
  usbredirparser_send_configuration_status(server->parser, id, &status);
}

static void on_set_alt_setting(void *user, uint64_t id,
                               struct usb_redir_set_alt_setting_header *wanted) {
  struct usb_redir_alt_setting_status_header status = {.interface = wanted->interface,
                                                       .alt = wanted->alt};

  usbredirparser_send_alt_setting_status(((struct server *)user)->parser, id, &status);
}

static void on_get_alt_setting(void *user, uint64_t id,
                               struct usb_redir_get_alt_setting_header *asked) {
  struct usb_redir_alt_setting_status_header status = {.interface = asked->interface};

  usbredirparser_send_alt_setting_status(((struct server *)user)->parser, id, &status);
}

/* --- Transfers ------------------------------------------------------------------------------- */

static uint8_t status_of(int status) {
  switch (status) {
    case 0:
      return usb_redir_success;
    case -ENOENT:
      return usb_redir_cancelled;
    case -EPIPE:
      return usb_redir_stall;
    default:
      return usb_redir_ioerror;
  }
}

static void answer(struct server *server, struct asked *asked) {
  const struct usb_urb *urb = &asked->urb;
  const uint8_t endpoint = asked->bulk ? asked->bulk_header.endpoint : asked->control.endpoint;
  const bool in = (endpoint & 0x80) != 0;
  uint8_t *data = in && urb->actual != 0 ? urb->data : NULL;
  const int len = in ? (int)urb->actual : 0;

  if (asked->bulk) {
    asked->bulk_header.status = status_of(urb->status);
    asked->bulk_header.length = (uint16_t)urb->actual;
    asked->bulk_header.length_high = (uint16_t)(urb->actual >> 16);
    usbredirparser_send_bulk_packet(server->parser, asked->id, &asked->bulk_header, data, len);
  } else {
    asked->control.status = status_of(urb->status);
    asked->control.length = (uint16_t)(in ? urb->actual : urb->len);
    usbredirparser_send_control_packet(server->parser, asked->id, &asked->control, data, len);
  }
}

static void free_asked(struct asked *asked) {
  free(asked->urb.data);
  free(asked);
}

/* A transfer of @p len octets; those that go out are in @p data, which belongs to the parser. */
static struct asked *new_asked(struct server *server, uint64_t id, uint8_t *data, int data_len,
                               size_t len) {
  struct asked *asked = calloc(1, sizeof *asked);

  if (asked == NULL) abort();
  asked->id = id;
  asked->urb.user = asked;
  asked->urb.len = len;
  asked->urb.data = calloc(1, len + 256); /* a descriptor may be cut short only after it was made */
  if (asked->urb.data == NULL) abort();
  if (data != NULL) memcpy(asked->urb.data, data, (size_t)data_len);
  usbredirparser_free_packet_data(server->parser, data);
  return asked;
}

static void submit(struct server *server, struct asked *asked) {
  if (usb_board_submit(&server->board, now_us(), &asked->urb)) return;
  free_asked(asked); /* unplugged, and QEMU is about to hear of it */
}

static void on_control(void *user, uint64_t id, struct usb_redir_control_packet_header *header,
                       uint8_t *data, int data_len) {
  struct server *server = user;
  struct asked *asked = new_asked(server, id, data, data_len, header->length);

  asked->control = *header;
  memcpy(asked->urb.setup,
         (uint8_t[]){header->requesttype, header->request, (uint8_t)header->value,
                     (uint8_t)(header->value >> 8), (uint8_t)header->index,
                     (uint8_t)(header->index >> 8), (uint8_t)header->length,
                     (uint8_t)(header->length >> 8)},
         FT_SETUP_OCTETS);
  submit(server, asked);
}

static void on_bulk(void *user, uint64_t id, struct usb_redir_bulk_packet_header *header,
                    uint8_t *data, int data_len) {
  struct server *server = user;
  const size_t len = header->length | (size_t)header->length_high << 16;
  struct asked *asked = new_asked(server, id, data, data_len, len);

  asked->bulk = true;
  asked->bulk_header = *header;
  asked->urb.endpoint = header->endpoint;
  submit(server, asked);
}

static void on_cancel(void *user, uint64_t id) {
  struct server *server = user;

  for (struct usb_urb *urb = server->board.pending; urb != NULL; urb = urb->next) {
    if (((struct asked *)urb->user)->id != id) continue;
    usb_board_cancel(&server->board, urb, -ENOENT);
    return;
  }
}

/* --- Plug ------------------------------------------------------------------------------------ */

static void check_plug(struct server *server) {
  struct usb_urb *urb;

  if (unplug_asked) {
    unplug_asked = 0;
    server->unplug_at = server->board.octets_in + kUnplugOctets;
  }
  if (server->unplug_at != 0 && server->board.octets_in >= server->unplug_at) {
    server->unplug_at = 0;
    server->plug_us = now_us() + kAwayUs;
    usb_board_unplug(&server->board);
    while ((urb = usb_board_reap(&server->board)) != NULL) free_asked(urb->user);
    usbredirparser_send_device_disconnect(server->parser);
    fprintf(stderr, "unplugged\n");
  }
  if (server->plug_us != 0 && now_us() >= server->plug_us) {
    server->plug_us = 0;
    usb_board_plug(&server->board);
    connect_device(server);
    fprintf(stderr, "plugged in\n");
  }
}

/* --- Loop ------------------------------------------------------------------------------------ */

static void move_frames(struct server *server) {
  uint8_t frame[SIM_BOARD_MAX_FRAME];
  size_t out;
  int in;

  while ((out = sim_board_frame_out(server->shell, frame)) != 0)
    toe_tap_write(server->tap, frame, out);
  while (sim_board_frame_room(server->shell) &&
         (in = toe_tap_read(server->tap, frame, sizeof frame)) > 0)
    sim_board_frame_in(server->shell, frame, (size_t)in);
}

/* The board runs whether it is plugged in or not; idle, it is looked at every millisecond, which is
 * the chip's latency. */
static void turn(struct server *server) {
  struct pollfd pollfds[2] = {{.fd = server->socket, .events = POLLIN},
                              {.fd = toe_tap_fd(server->tap), .events = POLLIN}};
  struct usb_urb *urb;

  usb_board_run(&server->board, now_us());
  sim_board_run(server->shell, now_us());
  move_frames(server);
  while ((urb = usb_board_reap(&server->board)) != NULL) {
    answer(server, urb->user);
    free_asked(urb->user);
  }
  check_plug(server);
  while (usbredirparser_has_data_to_write(server->parser) != 0 &&
         usbredirparser_do_write(server->parser) == 0)
    continue;
  const bool busy = sim_board_busy(server->shell, now_us());
  if (poll(pollfds, 2, busy ? 0 : 1) > 0 && pollfds[0].revents != 0)
    usbredirparser_do_read(server->parser);
}

static int wait_for_qemu(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  unlink(path);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 1) != 0)
    return -1;
  printf("ready\n");
  fflush(stdout);
  const int fd = accept(listener, NULL, NULL);
  close(listener);
  return fd;
}

static struct usbredirparser *make_parser(struct server *server) {
  uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
  struct usbredirparser *parser = usbredirparser_create();

  if (parser == NULL) abort();
  parser->priv = server;
  parser->log_func = redir_log;
  parser->read_func = redir_read;
  parser->write_func = redir_write;
  parser->hello_func = on_hello;
  parser->reset_func = on_reset;
  parser->set_configuration_func = on_set_configuration;
  parser->get_configuration_func = on_get_configuration;
  parser->set_alt_setting_func = on_set_alt_setting;
  parser->get_alt_setting_func = on_get_alt_setting;
  parser->control_packet_func = on_control;
  parser->bulk_packet_func = on_bulk;
  parser->cancel_data_packet_func = on_cancel;
  usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
  usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
  usbredirparser_init(parser, "OpenTOE simulated board", caps, USB_REDIR_CAPS_SIZE,
                      usbredirparser_fl_usb_host);
  return parser;
}

int main(int argc, char **argv) {
  struct sigaction action = {.sa_handler = on_signal};
  char message[TOE_SIM_MESSAGE_LEN];
  struct server server = {0};

  if (argc != 3) {
    fprintf(stderr, "usage: redir_board SOCKET TAP\n");
    return 2;
  }
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  if (toe_tap_open(argv[2], 0, 0, &server.tap, message) != 0) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  server.shell = sim_board_new();
  const struct usb_board_engine engine = sim_board_engine(server.shell);
  usb_board_init(&server.board, &kChip, &engine);
  server.socket = wait_for_qemu(argv[1]);
  if (server.socket < 0) {
    perror(argv[1]);
    return 1;
  }
  server.parser = make_parser(&server);
  while (!server.ended && !stop_asked) turn(&server);
  printf("%" PRIu64 " cycles of the board, %" PRIu64 " octets to it, %" PRIu64 " from it\n",
         sim_board_cycles(server.shell), server.board.octets_in, server.board.octets_out);
  usbredirparser_destroy(server.parser);
  toe_tap_close(server.tap);
  close(server.socket);
  return 0;
}
