/* SPDX-License-Identifier: Apache-2.0
 *
 * A TAP device of Linux, never blocking.
 */
#include <toe/toe_net.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct toe_tap {
  int fd;
};

/* The error for errno, and a message that says what to do. */
static int explain(const char *name, const char *what, char *message) {
  const int error = errno;
  const char *advice = "";
  int result = TOE_ERR_IO;

  if (error == EPERM || error == EACCES) {
    result = TOE_ERR_PERMISSION;
    advice = ": run as root, inside `unshare -rn`, or let root run `ip tuntap add mode tap user`";
  } else if (error == EBUSY) {
    result = TOE_ERR_DEVICE;
    advice = ": another program has it open";
  } else if (error == ENOENT || error == ENODEV || error == ENXIO) {
    result = TOE_ERR_DEVICE;
    advice = ": let root run `modprobe tun`, and give a container the device /dev/net/tun";
  } else if (error == EINVAL) {
    result = TOE_ERR_DEVICE;
    advice = ": a device of this name exists and is not a TAP device";
  }
  if (message != NULL)
    snprintf(message, TOE_SIM_MESSAGE_LEN, "TAP device %s: %s: %s%s", name, what, strerror(error),
             advice);
  return result;
}

static void set_address(struct ifreq *request, uint32_t ip) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(ip)}};

  memcpy(&request->ifr_addr, &address, sizeof address);
}

/* Gives the machine's side its address and brings it up; NULL, or what could not be done. */
static const char *configure(const char *name, uint32_t peer_ip, unsigned prefix_len) {
  struct ifreq request = {0};
  const char *failed = NULL;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (fd < 0) return "socket";
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (peer_ip != 0) {
    set_address(&request, peer_ip);
    if (ioctl(fd, SIOCSIFADDR, &request) != 0) failed = "setting its address";
    set_address(&request, ~(UINT32_MAX >> prefix_len));
    if (failed == NULL && ioctl(fd, SIOCSIFNETMASK, &request) != 0) failed = "setting its netmask";
  }
  if (failed == NULL && ioctl(fd, SIOCGIFFLAGS, &request) != 0) failed = "reading its flags";
  if (failed == NULL && (request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) failed = "bringing it up";
  }
  const int error = errno;
  close(fd);
  errno = error;
  return failed;
}

int toe_tap_open(const char *name, uint32_t peer_ip, unsigned prefix_len, struct toe_tap **out,
                 char *message) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

  if (name[0] == '\0' || strlen(name) >= IFNAMSIZ || strpbrk(name, "/ %") != NULL ||
      (peer_ip != 0 && (prefix_len < 1 || prefix_len > 31))) {
    if (message != NULL)
      snprintf(message, TOE_SIM_MESSAGE_LEN,
               "TAP device \"%.32s\": a name has 1 to %d characters, a prefix 1 to 31 bits", name,
               IFNAMSIZ - 1);
    return TOE_ERR_RANGE;
  }
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return explain(name, "opening /dev/net/tun", message);
  strcpy(request.ifr_name, name);
  const char *failed = ioctl(fd, TUNSETIFF, &request) != 0 ? "attaching to it"
                                                           : configure(name, peer_ip, prefix_len);
  if (failed != NULL) {
    const int result = explain(name, failed, message);
    close(fd);
    return result;
  }
  struct toe_tap *tap = malloc(sizeof *tap);
  if (tap == NULL) {
    close(fd);
    return TOE_ERR_NO_MEMORY;
  }
  tap->fd = fd;
  *out = tap;
  return 0;
}

void toe_tap_close(struct toe_tap *tap) {
  if (tap == NULL) return;
  close(tap->fd);
  free(tap);
}

int toe_tap_fd(const struct toe_tap *tap) {
  return tap->fd;
}

static int io_error(void) {
  if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return TOE_ERR_AGAIN;
  return errno == EBADFD ? TOE_ERR_GONE : TOE_ERR_IO;
}

int toe_tap_read(struct toe_tap *tap, void *frame, size_t capacity) {
  const ssize_t octets = read(tap->fd, frame, capacity);

  if (octets < 0) return io_error();
  return octets == 0 ? TOE_ERR_GONE : (int)octets;
}

int toe_tap_write(struct toe_tap *tap, const void *frame, size_t len) {
  return write(tap->fd, frame, len) < 0 ? io_error() : 0;
}
