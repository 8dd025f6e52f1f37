/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts: they open and accept connections and read their news.  Octets of a stream tell the
 * connection, the direction and their place, so that one that is lost, repeated or strayed shows.
 */
#include <inttypes.h>
#include <string.h>

#include "siphash.h"
#include "world.h"

enum { FIRST_CLIENT_PORT = 10000, PORTS = 50000, NEWS_DELAY_NS = 20000 };

/* --- Streams ---------------------------------------------------------------------------------- */

static uint64_t word_at(const flow_t *flow, unsigned sender, uint64_t place) {
  uint64_t x = ((uint64_t)flow->number * 2 + sender + 1) * UINT64_C(0x9e3779b97f4a7c15) + place;

  x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
  return x ^ (x >> 32);
}

void stream_fill(const flow_t *flow, unsigned sender, uint64_t from, uint8_t *octets, size_t len) {
  uint64_t word = 0, number = UINT64_MAX;

  for (size_t i = 0; i < len; i++) {
    const uint64_t place = from + i;
    if (place / 8 != number) {
      number = place / 8;
      word = word_at(flow, sender, number);
    }
    octets[i] = (uint8_t)(word >> (place % 8 * 8));
  }
}

/* --- Connections begin ------------------------------------------------------------------------ */

static void put_big_endian(uint8_t *octets, uint32_t value, int count) {
  for (int i = 0; i < count; i++) octets[i] = (uint8_t)(value >> (8 * (count - 1 - i)));
}

/* RFC 6528, as the engine of @p side would choose it now. */
static uint32_t initial_seq(const side_t *side, uint16_t local_port, uint16_t remote_port) {
  const side_t *other = &side->world->sides[1 - side->number];
  uint8_t message[12];

  put_big_endian(message, other->config.ip, 4);
  put_big_endian(message + 4, side->config.ip, 4);
  put_big_endian(message + 8, remote_port, 2);
  put_big_endian(message + 10, local_port, 2);
  const uint64_t hash = siphash_2_4(side->config.key, message, sizeof message);
  return (uint32_t)(hash >> 32) + (uint32_t)(toe_sim_now(side->sim) / 4000);
}

static bool port_taken(const world_t *world, uint16_t port) {
  for (unsigned i = 0; i < world->flow_count; i++)
    if (world->flows[i].ports[0] == port || world->flows[i].ports[1] == port) return true;
  return false;
}

static uint16_t free_port(world_t *world) {
  uint16_t port;

  do {
    port = (uint16_t)(FIRST_CLIENT_PORT + tb_random_below(&world->rng, PORTS));
  } while (port_taken(world, port));
  return port;
}

/* Octets from @p seq to the next place where numbers wrap, or their sign does. */
static uint32_t to_wrap(uint32_t seq) {
  return (0U - seq) & 0x7fffffff;
}

/* A port for the opener with which the stream of one of the two sides wraps early. */
static uint16_t wrapping_port(world_t *world, const flow_t *flow, uint16_t other_port) {
  const unsigned turned = flow->opener ^ tb_random_below(&world->rng, 2);
  uint32_t best = UINT32_MAX;
  uint16_t choice = free_port(world);

  for (int i = 0; i < 12000; i++) {
    const uint16_t port = (uint16_t)(FIRST_CLIENT_PORT + tb_random_below(&world->rng, PORTS));
    const bool at_opener = turned == flow->opener;
    const uint32_t wrap = to_wrap(initial_seq(&world->sides[turned], at_opener ? port : other_port,
                                              at_opener ? other_port : port));
    if (wrap >= best || port_taken(world, port)) continue;
    best = wrap;
    choice = port;
  }
  return choice;
}

static uint64_t draw_goal(world_t *world) {
  switch (tb_random_below(&world->rng, 8)) {
    case 0:
      return tb_random_below(&world->rng, 3);
    case 1:
      return world_between(world, 20000, 150000);
    case 2:
    case 3:
      return world_between(world, 1000, 20000);
    default:
      return world_between(world, 1, 4000);
  }
}

static void end_init(world_t *world, flow_t *flow, unsigned number) {
  end_t *end = &flow->ends[number];
  const uint32_t chunks[] = {1, 17, 100, 536, 1400, WORLD_CHUNK};

  *end = (end_t){.side = &world->sides[number],
                 .flow = flow,
                 .goal = draw_goal(world),
                 .chunk = chunks[tb_random_below(&world->rng, 6)],
                 .pause_ppm = tb_random_below(&world->rng, 2) * 300000,
                 .pause_max_ns = world_between(world, 1000, 3000000),
                 .wake_ns = WORLD_NEVER};
  if (end->chunk > 100 && world_chance(world, 30000)) end->pause_max_ns = 1000000000;
  if (end->chunk < 100 && end->goal > 3000) end->goal = 3000;
  const uint32_t kind = tb_random_below(&world->rng, 16);
  end->ending = kind < ENDING_COUNT ? (ending_t)kind : kind < 12 ? ENDING_SHUTDOWN : ENDING_LAST;
}

static void connect_end(end_t *end, uint16_t port, uint16_t other_port) {
  side_t *side = end->side;
  world_t *world = side->world;
  const struct toe_connect_opts opts = {
      .local_port = port,
      .nodelay = world_chance(world, 300000),
      .keepalive = world_chance(world, 300000),
      .dscp = world_chance(world, 200000) ? (uint8_t)tb_random_below(&world->rng, 64) : 0,
      .user_timeout_us =
          world_chance(world, 100000) ? (uint32_t)world_between(world, 10000, 3000000) : 0};
  end->impatient = opts.keepalive || opts.user_timeout_us != 0;
  side->probe.armed = false; /* its command may go before the answer that is waited for */
  const int result = toe_connect(side->engine, world->sides[1 - side->number].config.ip, other_port,
                                 &opts, end->flow->number, &end->conn);

  if (result == TOE_ERR_FULL) {
    end->phase = PHASE_GONE;
    end->error = result;
    return;
  }
  if (result != 0) side_fail(side, "toe_connect: %s", toe_strerror(result));
  end->phase = PHASE_OPENING;
  end->progress_ns = toe_sim_now(side->sim);
  end->wake_ns = toe_sim_now(side->sim);
}

static void flow_open(world_t *world) {
  flow_t *flow = &world->flows[world->flow_count];

  *flow = (flow_t){.number = world->flow_count, .opener = tb_random_below(&world->rng, 2)};
  for (unsigned i = 0; i < 2; i++) end_init(world, flow, i);
  const unsigned opener = flow->opener;
  flow->simultaneous = world_chance(world, 100000);
  /* One that nobody listens on is refused, now and then. */
  uint16_t other_port =
      (uint16_t)(WORLD_FIRST_PORT +
                 tb_random_below(&world->rng, WORLD_LISTENERS + world_chance(world, 50000)));
  if (flow->simultaneous) other_port = free_port(world);
  const uint16_t port =
      world_chance(world, 300000) ? wrapping_port(world, flow, other_port) : free_port(world);
  const unsigned listener = other_port - WORLD_FIRST_PORT; /* or a number that none has */
  flow->listened_on =
      listener < WORLD_LISTENERS && world->sides[1 - opener].listeners[listener] != NULL;
  flow->ports[opener] = port;
  flow->ports[1 - opener] = other_port;
  world->flow_count++;
  connect_end(&flow->ends[opener], port, other_port);
  if (flow->simultaneous) connect_end(&flow->ends[1 - opener], other_port, port);
}

static bool flow_is_over(const flow_t *flow) {
  return end_is_over(&flow->ends[0]) && end_is_over(&flow->ends[1]);
}

void hosts_open(world_t *world) {
  unsigned live = 0;

  while (world->flow_first < world->flow_count && flow_is_over(&world->flows[world->flow_first]))
    world->flow_first++;
  for (unsigned i = world->flow_first; i < world->flow_count; i++)
    live += !flow_is_over(&world->flows[i]);
  world->flow_live = live;
  if (world_now(world) < world->next_flow_ns) return;
  if (world->flow_count < world->round.flows && live < world->round.flows_live) flow_open(world);
  world->next_flow_ns = world_now(world) + world_between(world, 0, 20000);
}

static void accept_all(side_t *side) {
  struct toe_conn *conn;

  for (int i = 0; i < WORLD_LISTENERS; i++) {
    while (side->listeners[i] != NULL && toe_accept(side->listeners[i], 0, &conn) == 0) {
      uint16_t port;
      toe_conn_peer(conn, NULL, &port);
      flow_t *flow =
          world_flow(side->world, side->number, toe_listener_port(side->listeners[i]), port);
      end_t *end = flow != NULL ? &flow->ends[side->number] : NULL;
      /* Raised by a frame of old, or its opener has gone long since. */
      if (end == NULL || end->phase != PHASE_NONE || flow->number < side->world->flow_first) {
        toe_conn_close(conn);
        continue;
      }
      end->conn = conn;
      end->phase = PHASE_OPEN;
      end->opened = true;
      end->progress_ns = toe_sim_now(side->sim);
      end->wake_ns = toe_sim_now(side->sim);
    }
  }
}

/* --- Hosts ------------------------------------------------------------------------------------ */

/* A host may close a port that it listens on, and open it again. */
static void change_listener(side_t *side) {
  world_t *world = side->world;
  const uint32_t i = tb_random_below(&world->rng, WORLD_LISTENERS);
  const uint16_t port = (uint16_t)(WORLD_FIRST_PORT + i);

  if (side->listeners[i] != NULL) {
    for (unsigned f = world->flow_first; f < world->flow_count; f++)
      if (world->flows[f].ports[side->number] == port)
        world->flows[f].ends[side->number].cut = true;
    toe_listener_close(side->listeners[i]);
    side->listeners[i] = NULL;
  } else if (toe_listen(side->engine, port, 1 + tb_random_below(&world->rng, 40), 0,
                        &side->listeners[i]) != 0) {
    side_fail(side, "a port that was given back cannot be listened on");
  }
}

static void act(side_t *side) {
  world_t *world = side->world;
  const uint64_t now_ns = toe_sim_now(side->sim);

  if (now_ns < side->stalled_until_ns) return;
  if (world_chance(world, 200)) { /* long enough for a completion ring to fill */
    side->stalled_until_ns = now_ns + world_between(world, 10000, 4000000);
    return;
  }
  if (world_chance(world, 300)) change_listener(side);
  const int news = toe_process(side->engine, 0);
  if (news < 0) side_fail(side, "toe_process: %s", toe_strerror(news));
  accept_all(side);
  for (unsigned i = world->flow_first; i < world->flow_count; i++) {
    end_t *end = &world->flows[i].ends[side->number];
    if (end_is_over(end)) continue;
    if (news != 0 && end->wake_ns == WORLD_NEVER)
      end->wake_ns = now_ns + world_between(world, 0, NEWS_DELAY_NS);
    if (end->wake_ns == WORLD_NEVER && now_ns - end->progress_ns > WORLD_PATIENCE_NS)
      end->wake_ns = now_ns;
    if (end->wake_ns <= now_ns) program_act(end);
  }
}

void host_act(side_t *side) {
  const uint64_t before_ns = toe_sim_now(side->sim);

  act(side);
  /* A command may go before the answer that is waited for. */
  if (toe_sim_now(side->sim) != before_ns) side->probe.armed = false;
}

uint64_t hosts_next(const world_t *world) {
  uint64_t next_ns = WORLD_NEVER;

  if (world->flow_count < world->round.flows && world->flow_live < world->round.flows_live)
    next_ns = world->next_flow_ns;
  for (unsigned i = world->flow_first; i < world->flow_count; i++) {
    for (int n = 0; n < 2; n++) {
      const end_t *end = &world->flows[i].ends[n];
      if (end_is_over(end)) continue;
      const uint64_t stalled_ns = end->side->stalled_until_ns;
      const uint64_t wake_ns = end->wake_ns < stalled_ns ? stalled_ns : end->wake_ns;
      if (wake_ns < next_ns) next_ns = wake_ns;
    }
  }
  return next_ns;
}

bool hosts_done(world_t *world) {
  return world->flow_first == world->flow_count && world->flow_count == world->round.flows;
}

/* --- At the end ------------------------------------------------------------------------------- */

/* What a round did to its connections. */
typedef struct causes {
  bool lost;       /* frames got lost, on the links or at an engine */
  bool no_room[2]; /* by side: no room for a SYN, or for what was open at the other end already */
} causes_t;

static bool any_counted(const side_t *side, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (audit_count(side, names[i]) != 0) return true;
  return false;
}

static causes_t find_causes(const world_t *world) {
  static const char *const lost[] = {"drop_rx_full", "drop_tx_no_arp", "drop_tx_arp_full"};
  static const char *const no_room[] = {"drop_syn_cache_full", "drop_syn_backlog",
                                        "drop_no_free_conn", "drop_flow_full"};
  causes_t causes = {.lost = world->round.faults};

  for (int i = 0; i < 2; i++) {
    if (any_counted(&world->sides[i], lost, 3)) causes.lost = true;
    causes.no_room[i] = any_counted(&world->sides[i], no_room, 4);
  }
  return causes;
}

/* Whether what the round and its programs did can lead to the error that @p end was told.  An error
 * that nothing leads to is a mistake of the engine or the library. */
static bool has_cause(const world_t *world, const causes_t *causes, const end_t *end) {
  const flow_t *flow = end->flow;
  const unsigned peer = 1 - end->side->number;
  const end_t *other = &flow->ends[peer];
  const bool is_opener = flow->simultaneous || flow->opener != peer;

  switch (end->error) {
    case TOE_ERR_RESET:
      return causes->lost || causes->no_room[peer] || flow->attacked || other->cut ||
             other->error == TOE_ERR_TIMEOUT || other->error == TOE_ERR_UNREACHABLE;
    case TOE_ERR_REFUSED:
      return is_opener && !end->opened &&
             (causes->lost || flow->attacked || flow->simultaneous || other->cut ||
              !flow->listened_on);
    case TOE_ERR_TIMEOUT:
      return causes->lost || end->impatient || (!end->opened && causes->no_room[peer]);
    case TOE_ERR_UNREACHABLE: /* protocol or port */
      return is_opener && !end->opened && (end->icmp_codes[3] & (1u << 2 | 1u << 3)) != 0;
    case TOE_ERR_FULL:
      return is_opener && !end->opened && end->side->free_conns < world->flow_count;
    default:
      return false;
  }
}

static void check_end(world_t *world, const causes_t *causes, const flow_t *flow, unsigned number) {
  const end_t *end = &flow->ends[number], *other = &flow->ends[1 - number];

  if (end->error != 0) {
    world->broken++;
    world->refused += end->error == TOE_ERR_REFUSED;
    if (!has_cause(world, causes, end))
      side_fail(end->side, "flow %u: side %u was told '%s' without a reason", flow->number, number,
                toe_strerror(end->error));
  }
  /* An orderly end says that the peer has all octets.  Its program has read them, or was told why
   * not, or has gone. */
  if (end->finished && !other->cut && other->error == 0 && other->phase == PHASE_GONE &&
      other->received != end->sent)
    side_fail(end->side,
              "flow %u: side %u ended in order, but %" PRIu64 " of %" PRIu64
              " octets were received",
              flow->number, number, other->received, end->sent);
}

void hosts_check(world_t *world) {
  const causes_t causes = find_causes(world);

  for (unsigned i = 0; i < world->flow_count; i++)
    for (unsigned number = 0; number < 2; number++)
      check_end(world, &causes, &world->flows[i], number);
}
