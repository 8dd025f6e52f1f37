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
 *   loop=1              what the engine sends comes back to it
 *   fst=run.fst         waveform
 *   check=1             compare every event with the reference model; a difference aborts
 *   loss=1% burst=0.1%/5 corrupt=100ppm truncate=1% dup=1% reorder=1%/2ms
 *   delay=10ms jitter=1ms rate=100Mbit
 *                       the link, each direction by itself; burst with its frames on average,
 *                       reorder with the time that a frame is held back
 */
#include "driver/sim_uri.h"

#include <stdio.h>
#include <string.h>

#include "driver/uri.h"

/* --- Options --------------------------------------------------------------------------------- */

static bool set_width(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_u32(value, &uri->width_bits) &&
         (uri->width_bits == 64 || uri->width_bits == 128 || uri->width_bits == 256 ||
          uri->width_bits == 512);
}

static bool set_conns(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_u32(value, &uri->num_conns) && uri->num_conns >= 16 && uri->num_conns <= 65536 &&
         (uri->num_conns & (uri->num_conns - 1)) == 0;
}

static bool set_library(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->library);
}

static bool set_tap(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->live.tap);
}

static bool set_peer(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_ip_prefix(value, &uri->live.peer_ip, &uri->live.peer_prefix_len);
}

static bool set_ip(void *target, const char *value) {
  struct toe_sim_uri *uri = target;
  unsigned prefix_len;

  if (!uri_read_ip_prefix(value, &uri->live.sim.ip, &prefix_len)) return false;
  uri->live.sim.netmask = ~(UINT32_MAX >> prefix_len);
  return true;
}

static bool set_gateway(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_ip(value, &uri->live.sim.gateway);
}

static bool set_mac(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_mac(value, uri->live.sim.mac);
}

static bool set_mtu(void *target, const char *value) {
  struct toe_sim_uri *uri = target;
  uint64_t mtu;

  if (!uri_read_number(value, 9000, &mtu) || mtu < 576) return false;
  uri->live.sim.mtu = (uint16_t)mtu;
  return true;
}

static bool set_seed(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  if (!uri_read_u32(value, &uri->live.sim.seed)) return false;
  uri->live.link.seed = uri->live.sim.seed;
  return true;
}

static bool set_latency(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_u32(value, &uri->live.sim.mem_latency_cycles) &&
         uri->live.sim.mem_latency_cycles >= 1 && uri->live.sim.mem_latency_cycles <= 10000;
}

static bool set_pcap(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->live.pcap);
}

static bool set_replay(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->live.replay);
}

static bool set_states(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->live.states);
}

static bool set_stats(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->live.stats);
}

static bool set_fst(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_string(value, &uri->live.sim.waveform);
}

static bool set_loop(void *target, const char *value) {
  struct toe_sim_uri *uri = target;
  uint64_t number;

  if (!uri_read_number(value, 1, &number)) return false;
  uri->live.loop = number != 0;
  return true;
}

static bool set_check(void *target, const char *value) {
  struct toe_sim_uri *uri = target;
  uint64_t number;

  if (!uri_read_number(value, 1, &number)) return false;
  uri->live.sim.check = number != 0;
  return true;
}

static bool set_loss(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_chance(value, &uri->live.link.loss_ppm);
}

static bool set_burst(void *target, const char *value) {
  struct toe_sim_uri *uri = target;
  char chance[32];
  const char *frames;

  return uri_split(value, chance, sizeof chance, &frames) &&
         uri_read_chance(chance, &uri->live.link.burst_ppm) &&
         uri_read_u32(frames, &uri->live.link.burst_frames) && uri->live.link.burst_frames != 0;
}

static bool set_corrupt(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_chance(value, &uri->live.link.corrupt_ppm);
}

static bool set_truncate(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_chance(value, &uri->live.link.truncate_ppm);
}

static bool set_duplicate(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_chance(value, &uri->live.link.duplicate_ppm);
}

static bool set_reorder(void *target, const char *value) {
  struct toe_sim_uri *uri = target;
  char chance[32];
  const char *held;

  return uri_split(value, chance, sizeof chance, &held) &&
         uri_read_chance(chance, &uri->live.link.reorder_ppm) &&
         uri_read_time(held, &uri->live.link.reorder_ns);
}

static bool set_delay(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_time(value, &uri->live.link.delay_ns);
}

static bool set_jitter(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_time(value, &uri->live.link.jitter_ns);
}

static bool set_rate(void *target, const char *value) {
  struct toe_sim_uri *uri = target;

  return uri_read_rate(value, &uri->live.link.rate_bps);
}

static const struct uri_option kOptions[] = {
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
    {"loop", set_loop, "0 or 1"},
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

static const struct uri_scheme kScheme = {
    .prefix = "sim:", .options = kOptions, .count = sizeof kOptions / sizeof kOptions[0]};

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
  const int result = uri_parse(&kScheme, out->text, out, message, TOE_SIM_MESSAGE_LEN);
  if (result != 0) return result;
  out->live.sim.data_width = out->width_bits;
  out->live.sim.num_conns = out->num_conns;
  if (out->live.peer_ip != 0 && out->live.tap == NULL) {
    snprintf(message, TOE_SIM_MESSAGE_LEN, "sim: option peer needs tap=NAME beside it");
    return TOE_ERR_URI;
  }
  return 0;
}
