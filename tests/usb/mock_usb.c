/* SPDX-License-Identifier: Apache-2.0
 *
 * See mock_usb.h.  umockdev brings each ioctl() of a device node to handle_ioctl(), on a thread of
 * its own but in the same process, so pointers of the caller are good here.
 *
 * The node is a pipe in place of the plain file that umockdev makes, because a plain file is always
 * writable and epoll refuses it.  A full pipe is not writable, as a node of the kernel's is not
 * while no transfer has ended.
 */
#include "tests/usb/mock_usb.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <umockdev.h>
#include <unistd.h>

enum { MAX_BOARDS = 4, INTERFACES = 2, PIPE_OCTETS = 4096, TICK_NS = 100000 };

/* One transfer as the kernel would hold it. */
struct held {
  struct usb_urb urb;
  struct usbdevfs_urb *user;
  const void *client; /* who gets it back */
  struct held *next;
};

struct mock_board {
  struct mock_usb *usb;
  struct usb_board board;
  const char *port;
  unsigned devnum;
  bool plugged;
  char devpath[64], node[256];
  int pipe_fd;
  bool writable;
  struct held *ended, **ended_end;
  const void *claimed[INTERFACES]; /* the client that has it */
  const char *driver;
  bool driver_bound;
  bool busy;
  uint64_t unplug_at; /* octets_in; 0: never */
};

struct mock_usb {
  UMockdevTestbed *testbed;
  UMockdevIoctlBase *handler;
  pthread_mutex_t mutex;
  pthread_t thread;
  atomic_bool stop;
  struct mock_board boards[MAX_BOARDS];
  unsigned count, devnums;
};

static uint64_t now_us(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- Readiness ------------------------------------------------------------------------------- */

static void set_writable(struct mock_board *board, bool writable) {
  static const uint8_t page[PIPE_OCTETS];
  uint8_t drain[PIPE_OCTETS];

  if (board->writable == writable) return;
  if (writable)
    while (read(board->pipe_fd, drain, sizeof drain) > 0) continue;
  else
    while (write(board->pipe_fd, page, sizeof page) > 0) continue;
  board->writable = writable;
}

/* Takes what has ended; with the mutex. */
static void collect(struct mock_board *board) {
  struct usb_urb *urb;

  while ((urb = usb_board_reap(&board->board)) != NULL) {
    struct held *held = urb->user;
    *board->ended_end = held;
    board->ended_end = &held->next;
  }
  set_writable(board, board->ended != NULL || !board->plugged);
}

static void unplug(struct mock_board *board) {
  usb_board_unplug(&board->board);
  board->plugged = false;
  collect(board);
}

static void *tick(void *user) {
  static const struct timespec pause = {.tv_nsec = TICK_NS};
  struct mock_usb *usb = user;

  while (!usb->stop) {
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&usb->mutex);
    for (unsigned i = 0; i < usb->count; i++) {
      struct mock_board *board = &usb->boards[i];
      usb_board_run(&board->board, now_us());
      if (board->unplug_at != 0 && board->board.octets_in >= board->unplug_at) {
        board->unplug_at = 0;
        unplug(board);
      }
      collect(board);
    }
    pthread_mutex_unlock(&usb->mutex);
  }
  return NULL;
}

/* --- What the kernel does -------------------------------------------------------------------- */

static int submit(struct mock_board *board, const void *client, struct usbdevfs_urb *user) {
  struct held *held = calloc(1, sizeof *held);
  uint8_t *octets = user->buffer;

  if (held == NULL) return ENOMEM;
  held->user = user;
  held->client = client;
  held->urb = (struct usb_urb){
      .endpoint = user->endpoint, .data = octets, .len = (size_t)user->buffer_length, .user = held};
  if (user->type == USBDEVFS_URB_TYPE_CONTROL) {
    memcpy(held->urb.setup, octets, FT_SETUP_OCTETS);
    held->urb.endpoint = 0;
    held->urb.data += FT_SETUP_OCTETS;
    held->urb.len -= FT_SETUP_OCTETS;
  } else if (board->claimed[(user->endpoint & 0xf) > 2] != client) {
    free(held);
    return EINVAL;
  }
  if (usb_board_submit(&board->board, now_us(), &held->urb)) return 0;
  free(held);
  return ENODEV;
}

static int reap(struct mock_board *board, const void *client, struct usbdevfs_urb **out) {
  for (struct held **place = &board->ended; *place != NULL; place = &(*place)->next) {
    struct held *held = *place;
    if (held->client != client) continue;
    *place = held->next;
    if (*place == NULL) board->ended_end = place;
    held->user->status = held->urb.status;
    held->user->actual_length = (int)held->urb.actual;
    *out = held->user;
    free(held);
    return 0;
  }
  return board->plugged ? EAGAIN : ENODEV;
}

static int discard(struct mock_board *board, const struct usbdevfs_urb *user) {
  for (struct usb_urb *urb = board->board.pending; urb != NULL; urb = urb->next) {
    if (((struct held *)urb->user)->user != user) continue;
    usb_board_cancel(&board->board, urb, -ENOENT);
    return 0;
  }
  return EINVAL;
}

static int claim(struct mock_board *board, const void *client, unsigned interface) {
  if (interface >= INTERFACES) return ENOENT;
  if (board->busy || (board->driver_bound && interface == 1)) return EBUSY;
  if (board->claimed[interface] != NULL && board->claimed[interface] != client) return EBUSY;
  board->claimed[interface] = client;
  return 0;
}

static int disconnect_and_claim(struct mock_board *board, const void *client,
                                const struct usbdevfs_disconnect_claim *what) {
  if (what->interface == 1) board->driver_bound = false;
  return claim(board, client, what->interface);
}

/* *value is what ioctl() returns. */
static int through_driver(struct mock_board *board, const struct usbdevfs_ioctl *what,
                          long *value) {
  if (what->ioctl_code != USBDEVFS_CONNECT || what->ifno != 1) return ENOTTY;
  board->driver_bound = board->driver != NULL;
  *value = 1;
  return 0;
}

/* An errno, 0 when it works. */
static int carry_out(struct mock_board *board, const void *client, unsigned long number, void *arg,
                     long *value) {
  if (number == USBDEVFS_REAPURBNDELAY || number == USBDEVFS_REAPURB)
    return reap(board, client, arg);
  if (!board->plugged) return ENODEV;
  switch (number) {
    case USBDEVFS_GET_CAPABILITIES:
      *(uint32_t *)arg = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                         USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
      return 0;
    case USBDEVFS_SUBMITURB:
      return submit(board, client, arg);
    case USBDEVFS_DISCARDURB:
      return discard(board, arg);
    case USBDEVFS_CLAIMINTERFACE:
      return claim(board, client, *(unsigned *)arg);
    case USBDEVFS_DISCONNECT_CLAIM:
      return disconnect_and_claim(board, client, arg);
    case USBDEVFS_RELEASEINTERFACE:
      if (*(unsigned *)arg >= INTERFACES) return EINVAL;
      board->claimed[*(unsigned *)arg] = NULL;
      return 0;
    case USBDEVFS_IOCTL:
      return through_driver(board, arg, value);
    default:
      return ENOTTY;
  }
}

static struct mock_board *board_of(struct mock_usb *usb, UMockdevIoctlClient *client) {
  const char *node = umockdev_ioctl_client_get_devnode(client);

  for (unsigned i = 0; i < usb->count; i++) {
    if (strcmp(node, usb->boards[i].node + strlen(usb->boards[i].node) - strlen(node)) == 0)
      return &usb->boards[i];
  }
  return NULL;
}

static gboolean handle_ioctl(UMockdevIoctlBase *handler, UMockdevIoctlClient *client,
                             struct mock_usb *usb) {
  UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
  long value = 0;

  (void)handler;
  pthread_mutex_lock(&usb->mutex);
  struct mock_board *board = board_of(usb, client);
  int error = ENODEV;
  if (board != NULL) {
    error = carry_out(board, client, umockdev_ioctl_client_get_request(client), *(void **)arg->data,
                      &value);
    collect(board);
  }
  pthread_mutex_unlock(&usb->mutex);
  umockdev_ioctl_client_complete(client, error != 0 ? -1 : value, error);
  return TRUE;
}

/* What the kernel does when a node is closed. */
static void handle_vanished(UMockdevIoctlBase *handler, UMockdevIoctlClient *client,
                            struct mock_usb *usb) {
  struct usbdevfs_urb *user;

  (void)handler;
  pthread_mutex_lock(&usb->mutex);
  for (unsigned i = 0; i < usb->count; i++) {
    struct mock_board *board = &usb->boards[i];
    for (struct usb_urb *urb = board->board.pending, *next; urb != NULL; urb = next) {
      next = urb->next;
      if (((struct held *)urb->user)->client == client)
        usb_board_cancel(&board->board, urb, -ENOENT);
    }
    collect(board);
    while (reap(board, client, &user) == 0) continue;
    for (unsigned k = 0; k < INTERFACES; k++)
      if (board->claimed[k] == client) board->claimed[k] = NULL;
    collect(board);
  }
  pthread_mutex_unlock(&usb->mutex);
}

/* --- Boards ---------------------------------------------------------------------------------- */

/* Enters it into sysfs, and puts the pipe in the place of the node. */
static void show(struct mock_board *board) {
  struct mock_usb *usb = board->usb;
  uint8_t descriptors[256];
  char hex[2 * sizeof descriptors + 1], text[2048];
  GError *error = NULL;

  board->devnum = ++usb->devnums;
  const size_t len = ft2232h_descriptors(board->board.chip, descriptors, sizeof descriptors);
  for (size_t i = 0; i < len; i++) sprintf(hex + 2 * i, "%02X", descriptors[i]);
  snprintf(board->devpath, sizeof board->devpath, "/devices/usb1/%s", board->port);
  char *root = umockdev_testbed_get_root_dir(usb->testbed);
  snprintf(board->node, sizeof board->node, "%s/dev/bus/usb/001/%03u", root, board->devnum);
  snprintf(text, sizeof text,
           "P: %s\nN: bus/usb/001/%03u\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
           "E: BUSNUM=001\nE: DEVNUM=%03u\nE: DEVNAME=/dev/bus/usb/001/%03u\n"
           "A: busnum=1\\n\nA: devnum=%u\\n\nA: bConfigurationValue=1\\n\nA: speed=480\\n\n"
           "H: descriptors=%s\n",
           board->devpath, board->devnum, board->devnum, board->devnum, board->devnum, hex);
  if (!umockdev_testbed_attach_ioctl(usb->testbed, board->node + strlen(root), usb->handler,
                                     &error) ||
      !umockdev_testbed_add_from_string(usb->testbed, text, &error)) {
    fprintf(stderr, "umockdev: %s\n", error->message);
    abort();
  }
  g_free(root);
  unlink(board->node);
  if (mkfifo(board->node, 0666) != 0) abort();
  board->pipe_fd = open(board->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (board->pipe_fd < 0 || fcntl(board->pipe_fd, F_SETPIPE_SZ, PIPE_OCTETS) < 0) abort();
  board->writable = true;
  set_writable(board, false);
}

struct mock_board *mock_usb_add(struct mock_usb *usb, const struct mock_board_config *config) {
  pthread_mutex_lock(&usb->mutex);
  if (usb->count == MAX_BOARDS) abort();
  struct mock_board *board = &usb->boards[usb->count];
  *board = (struct mock_board){.usb = usb, .port = config->port, .plugged = true};
  board->ended_end = &board->ended;
  usb_board_init(&board->board, &config->chip, &config->engine);
  show(board);
  usb->count++;
  pthread_mutex_unlock(&usb->mutex);
  return board;
}

struct usb_board *mock_board_lock(struct mock_board *board) {
  pthread_mutex_lock(&board->usb->mutex);
  return &board->board;
}

void mock_board_unlock(struct mock_board *board) {
  pthread_mutex_unlock(&board->usb->mutex);
}

void mock_board_unplug(struct mock_board *board) {
  mock_board_lock(board);
  unplug(board);
  mock_board_unlock(board);
  char path[80];
  snprintf(path, sizeof path, "/sys%s", board->devpath);
  umockdev_testbed_uevent(board->usb->testbed, path, "remove");
  umockdev_testbed_remove_device(board->usb->testbed, path);
  unlink(board->node);
}

void mock_board_unplug_after(struct mock_board *board, uint64_t octets) {
  mock_board_lock(board);
  board->unplug_at = board->board.octets_in + octets;
  mock_board_unlock(board);
}

void mock_board_plug(struct mock_board *board) {
  mock_board_lock(board);
  close(board->pipe_fd);
  usb_board_plug(&board->board);
  memset(board->claimed, 0, sizeof board->claimed);
  board->plugged = true;
  show(board);
  mock_board_unlock(board);
}

void mock_board_set_driver(struct mock_board *board, const char *driver) {
  mock_board_lock(board);
  board->driver = driver;
  board->driver_bound = driver != NULL;
  mock_board_unlock(board);
}

bool mock_board_has_driver(struct mock_board *board) {
  mock_board_lock(board);
  const bool bound = board->driver_bound;
  mock_board_unlock(board);
  return bound;
}

void mock_board_set_busy(struct mock_board *board, bool busy) {
  mock_board_lock(board);
  board->busy = busy;
  mock_board_unlock(board);
}

void mock_board_deny(struct mock_board *board) {
  char *root = umockdev_testbed_get_root_dir(board->usb->testbed);
  char socket[320];

  /* umockdev asks its socket also about a node that could not be opened. */
  snprintf(socket, sizeof socket, "%s/ioctl%s", root, board->node + strlen(root));
  if (chmod(board->node, 0) != 0 || chmod(socket, 0777) != 0 || chmod(root, 0777) != 0) abort();
  g_free(root);
}

/* umockdev answers for the system's files through a library that has to be there from the start. */
__attribute__((constructor)) static void preload(int argc, char **argv) {
  static const char library[] = "libumockdev-preload.so.0";
  const char *present = getenv("LD_PRELOAD");

  (void)argc;
  if (present != NULL && strstr(present, library) != NULL) return;
  if (setenv("LD_PRELOAD", library, 1) != 0) abort();
  execv("/proc/self/exe", argv);
  abort();
}

/* --- Beginning and end ----------------------------------------------------------------------- */

struct mock_usb *mock_usb_start(void) {
  struct mock_usb *usb = calloc(1, sizeof *usb);

  if (usb == NULL) abort();
  usb->testbed = umockdev_testbed_new();
  usb->handler = umockdev_ioctl_base_new();
  pthread_mutex_init(&usb->mutex, NULL);
  g_signal_connect(usb->handler, "handle-ioctl", G_CALLBACK(handle_ioctl), usb);
  g_signal_connect(usb->handler, "client-vanished", G_CALLBACK(handle_vanished), usb);
  if (pthread_create(&usb->thread, NULL, tick, usb) != 0) abort();
  return usb;
}

void mock_usb_stop(struct mock_usb *usb) {
  usb->stop = true;
  pthread_join(usb->thread, NULL);
  for (unsigned i = 0; i < usb->count; i++) close(usb->boards[i].pipe_fd);
  g_object_unref(usb->handler);
  g_object_unref(usb->testbed);
  for (unsigned i = 0; i < usb->count; i++) usb_board_free(&usb->boards[i].board);
  pthread_mutex_destroy(&usb->mutex);
  free(usb);
}
