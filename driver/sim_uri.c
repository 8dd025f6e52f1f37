/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a `sim:` URI, each with one example:
 *
 *   width=64            bits of the streams: 64, 128, 256 or 512
 *   conns=1024          connections; a library for this number must have been built
 *   lib=/path/file.so   a simulated engine of one's own
 *   tap=toe0            TAP device, made when it is not there; time follows the machine's clock
 *   peer=10.0.0.1/24    address to give to the machine's side of it
 *   ip=10.0.0.2/24      the engine's address and subnet
 *   gw=10.0.0.1         its router
 *   mac=02:00:00:00:00:02
 *   mtu=1500
 *   seed=3              of the link, and of registers that reset leaves alone
 *   latency=4           cycles of the buffer memory
 *   pcap=run.pcap       what to record
 *   states=run.states   changes of the connections' states to record, JSON lines
 *   stats=run.json      what the simulation cost, written at its end
 *   replay=in.pcap      what to feed in
 *   fst=run.fst         waveform
 *   check=1             compare every event with the reference model; a difference aborts
 *   loss=1% burst=0.1%/5 corrupt=100ppm truncate=1% dup=1% reorder=1%/2ms
 *   delay=10ms jitter=1ms rate=100Mbit
 *                       the link, each direction by itself; burst with its frames on average,
 *                       reorder with the time that a frame is held back
 */
#include "driver/sim_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Readers of one value: true when all of it was understood. */

static bool read_number(const char *value, uint64_t limit, uint64_t *out) {
  char *end;

  if (value[0] < '0' || value[0] > '9') return false;
  *out = strtoull(value, &end, 10);
  return *end == '\0' && *out <= limit;
}

static bool read_u32(const char *value, uint32_t *out) {
  uint64_t number;

  if (!read_number(value, UINT32_MAX, &number)) return false;
  *out = (uint32_t)number;
  return true;
}

struct unit {
  const char *name;
  double factor;
};

/* A number that may have a fraction, then one of @p units. */
static bool read_scaled(const char *value, const struct unit *units, double limit, double *out) {
  char *end;

  if (value[0] < '0' || value[0] > '9') return false;
  *out = strtod(value, &end);
  for (; units->name != NULL; units++) {
    if (strcmp(end, units->name) == 0) {
      *out *= units->factor;
      return *out <= limit;
    }
  }
  return false;
}

static bool read_chance(const char *value, uint32_t *out_ppm) {
  static const struct unit units[] = {{"%", 1e4}, {"ppm", 1}, {NULL, 0}};
  double ppm;

  if (!read_scaled(value, units, 1e6, &ppm)) return false;
  *out_ppm = (uint32_t)(ppm + 0.5);
  return true;
}

static bool read_time(const char *value, uint64_t *out_ns) {
  static const struct unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
  double ns;

  if (!read_scaled(value, units, 1e15, &ns)) return false;
  *out_ns = (uint64_t)(ns + 0.5);
  return true;
}

static bool read_rate(const char *value, uint64_t *out_bps) {
  static const struct unit units[] = {
      {"bit", 1}, {"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}, {NULL, 0}};
  double bps;

  if (!read_scaled(value, units, 1e12, &bps) || bps < 1) return false;
  *out_bps = (uint64_t)(bps + 0.5);
  return true;
}

static bool read_ip(const char *value, uint32_t *out) {
  unsigned octets[4];
  int used = 0;

  if (strspn(value, "0123456789.") != strlen(value) ||
      sscanf(value, "%3u.%3u.%3u.%3u%n", &octets[0], &octets[1], &octets[2], &octets[3], &used) !=
          4 ||
      value[used] != '\0')
    return false;
  *out = 0;
  for (int i = 0; i < 4; i++) {
    if (octets[i] > 255) return false;
    *out = *out << 8 | octets[i];
  }
  return true;
}

/* Splits "first/second" into the copy @p first and the rest; false without a slash. */
static bool split(const char *value, char *first, size_t capacity, const char **second) {
  const char *slash = strchr(value, '/');

  if (slash == NULL || (size_t)(slash - value) >= capacity) return false;
  memcpy(first, value, (size_t)(slash - value));
  first[slash - value] = '\0';
  *second = slash + 1;
  return true;
}

static bool read_ip_prefix(const char *value, uint32_t *out_ip, unsigned *out_len) {
  char ip[16];
  const char *rest;
  uint64_t len;

  if (!split(value, ip, sizeof ip, &rest) || !read_ip(ip, out_ip) || !read_number(rest, 31, &len) ||
      len == 0)
    return false;
  *out_len = (unsigned)len;
  return true;
}

static bool read_mac(const char *value, uint8_t *out) {
  unsigned octets[6];
  int used = 0;

  if (strspn(value, "0123456789abcdefABCDEF:") != strlen(value) ||
      sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &octets[0], &octets[1], &octets[2], &octets[3],
             &octets[4], &octets[5], &used) != 6 ||
      value[used] != '\0' || (octets[0] & 1u) != 0)
    return false;
  for (int i = 0; i < 6; i++) out[i] = (uint8_t)octets[i];
  return true;
}

static bool set_string(const char *value, const char **out) {
  *out = value;
  return value[0] != '\0';
}

/* --- Options --------------------------------------------------------------------------------- */

static bool set_width(struct toe_sim_uri *uri, const char *value) {
  return read_u32(value, &uri->width_bits) && (uri->width_bits == 64 || uri->width_bits == 128 ||
                                               uri->width_bits == 256 || uri->width_bits == 512);
}

static bool set_conns(struct toe_sim_uri *uri, const char *value) {
  return read_u32(value, &uri->num_conns) && uri->num_conns >= 16 && uri->num_conns <= 65536 &&
         (uri->num_conns & (uri->num_conns - 1)) == 0;
}

static bool set_library(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->library);
}

static bool set_tap(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->live.tap);
}

static bool set_peer(struct toe_sim_uri *uri, const char *value) {
  return read_ip_prefix(value, &uri->live.peer_ip, &uri->live.peer_prefix_len);
}

static bool set_ip(struct toe_sim_uri *uri, const char *value) {
  unsigned prefix_len;

  if (!read_ip_prefix(value, &uri->live.sim.ip, &prefix_len)) return false;
  uri->live.sim.netmask = ~(UINT32_MAX >> prefix_len);
  return true;
}

static bool set_gateway(struct toe_sim_uri *uri, const char *value) {
  return read_ip(value, &uri->live.sim.gateway);
}

static bool set_mac(struct toe_sim_uri *uri, const char *value) {
  return read_mac(value, uri->live.sim.mac);
}

static bool set_mtu(struct toe_sim_uri *uri, const char *value) {
  uint64_t mtu;

  if (!read_number(value, 9000, &mtu) || mtu < 576) return false;
  uri->live.sim.mtu = (uint16_t)mtu;
  return true;
}

static bool set_seed(struct toe_sim_uri *uri, const char *value) {
  if (!read_u32(value, &uri->live.sim.seed)) return false;
  uri->live.link.seed = uri->live.sim.seed;
  return true;
}

static bool set_latency(struct toe_sim_uri *uri, const char *value) {
  return read_u32(value, &uri->live.sim.mem_latency_cycles) &&
         uri->live.sim.mem_latency_cycles >= 1 && uri->live.sim.mem_latency_cycles <= 10000;
}

static bool set_pcap(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->live.pcap);
}

static bool set_replay(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->live.replay);
}

static bool set_states(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->live.states);
}

static bool set_stats(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->live.stats);
}

static bool set_fst(struct toe_sim_uri *uri, const char *value) {
  return set_string(value, &uri->live.sim.waveform);
}

static bool set_check(struct toe_sim_uri *uri, const char *value) {
  uint64_t number;

  if (!read_number(value, 1, &number)) return false;
  uri->live.sim.check = number != 0;
  return true;
}

static bool set_loss(struct toe_sim_uri *uri, const char *value) {
  return read_chance(value, &uri->live.link.loss_ppm);
}

static bool set_burst(struct toe_sim_uri *uri, const char *value) {
  char chance[32];
  const char *frames;

  return split(value, chance, sizeof chance, &frames) &&
         read_chance(chance, &uri->live.link.burst_ppm) &&
         read_u32(frames, &uri->live.link.burst_frames) && uri->live.link.burst_frames != 0;
}

static bool set_corrupt(struct toe_sim_uri *uri, const char *value) {
  return read_chance(value, &uri->live.link.corrupt_ppm);
}

static bool set_truncate(struct toe_sim_uri *uri, const char *value) {
  return read_chance(value, &uri->live.link.truncate_ppm);
}

static bool set_duplicate(struct toe_sim_uri *uri, const char *value) {
  return read_chance(value, &uri->live.link.duplicate_ppm);
}

static bool set_reorder(struct toe_sim_uri *uri, const char *value) {
  char chance[32];
  const char *held;

  return split(value, chance, sizeof chance, &held) &&
         read_chance(chance, &uri->live.link.reorder_ppm) &&
         read_time(held, &uri->live.link.reorder_ns);
}

static bool set_delay(struct toe_sim_uri *uri, const char *value) {
  return read_time(value, &uri->live.link.delay_ns);
}

static bool set_jitter(struct toe_sim_uri *uri, const char *value) {
  return read_time(value, &uri->live.link.jitter_ns);
}

static bool set_rate(struct toe_sim_uri *uri, const char *value) {
  return read_rate(value, &uri->live.link.rate_bps);
}

static const struct option {
  const char *name;
  bool (*set)(struct toe_sim_uri *uri, const char *value);
  const char *wanted;
} kOptions[] = {
    {"width", set_width, "64, 128, 256 or 512"},
    {"conns", set_conns, "a power of two from 16 to 65536"},
    {"lib", set_library, "the path of a libtoe_sim library"},
    {"tap", set_tap, "the name of a TAP device"},
    {"peer", set_peer, "an address as 10.0.0.1/24"},
    {"ip", set_ip, "an address as 10.0.0.2/24"},
    {"gw", set_gateway, "an address as 10.0.0.1"},
    {"mac", set_mac, "a unicast address as 02:00:00:00:00:02"},
    {"mtu", set_mtu, "576 to 9000"},
    {"seed", set_seed, "a number below 2^32"},
    {"latency", set_latency, "1 to 10000 cycles"},
    {"pcap", set_pcap, "a file name"},
    {"states", set_states, "a file name"},
    {"stats", set_stats, "a file name"},
    {"replay", set_replay, "a file name"},
    {"fst", set_fst, "a file name"},
    {"check", set_check, "0 or 1"},
    {"loss", set_loss, "a chance as 1% or 100ppm"},
    {"burst", set_burst, "a chance and a number of frames as 0.1%/5"},
    {"corrupt", set_corrupt, "a chance as 1% or 100ppm"},
    {"truncate", set_truncate, "a chance as 1% or 100ppm"},
    {"dup", set_duplicate, "a chance as 1% or 100ppm"},
    {"reorder", set_reorder, "a chance and a time as 1%/2ms"},
    {"delay", set_delay, "a time as 10ms"},
    {"jitter", set_jitter, "a time as 1ms"},
    {"rate", set_rate, "a rate as 100Mbit"},
};

static const size_t kOptionCount = sizeof kOptions / sizeof kOptions[0];

static int complain_of_name(const char *name, char *message) {
  int used = snprintf(message, TOE_SIM_MESSAGE_LEN, "sim: has no option \"%.32s\"; it has", name);

  for (size_t i = 0; i < kOptionCount && used < TOE_SIM_MESSAGE_LEN; i++)
    used += snprintf(message + used, (size_t)(TOE_SIM_MESSAGE_LEN - used), " %s", kOptions[i].name);
  return TOE_ERR_URI;
}

static int set_option(struct toe_sim_uri *uri, char *text, char *message) {
  char *value = strchr(text, '=');

  if (value == NULL) {
    snprintf(message, TOE_SIM_MESSAGE_LEN,
             "sim: option \"%.32s\" has no value; write options as name=value,name=value", text);
    return TOE_ERR_URI;
  }
  *value++ = '\0';
  for (size_t i = 0; i < kOptionCount; i++) {
    if (strcmp(text, kOptions[i].name) != 0) continue;
    if (kOptions[i].set(uri, value)) return 0;
    snprintf(message, TOE_SIM_MESSAGE_LEN, "sim: option %s cannot be \"%.64s\": it takes %s", text,
             value, kOptions[i].wanted);
    return TOE_ERR_URI;
  }
  return complain_of_name(text, message);
}

int toe_sim_uri_parse(const char *uri, struct toe_sim_uri *out, char *message) {
  memset(out, 0, sizeof *out);
  out->width_bits = 64;
  out->num_conns = 1024;
  if (strncmp(uri, "sim:", 4) != 0 || strlen(uri) >= sizeof out->text) {
    snprintf(message, TOE_SIM_MESSAGE_LEN,
             "a URI of the simulated engine begins with sim: and has "
             "at most %d characters",
             TOE_SIM_URI_LEN - 1);
    return TOE_ERR_URI;
  }
  strcpy(out->text, uri + 4);
  for (char *rest = out->text, *text; (text = strsep(&rest, ",")) != NULL;) {
    if (text[0] == '\0') continue;
    const int result = set_option(out, text, message);
    if (result != 0) return result;
  }
  out->live.sim.data_width = out->width_bits;
  out->live.sim.num_conns = out->num_conns;
  if (out->live.peer_ip != 0 && out->live.tap == NULL) {
    snprintf(message, TOE_SIM_MESSAGE_LEN, "sim: option peer needs tap=NAME beside it");
    return TOE_ERR_URI;
  }
  return 0;
}
