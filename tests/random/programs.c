/* SPDX-License-Identifier: Apache-2.0
 *
 * The program at one end of a connection: sends, receives, pauses, changes options, and ends the
 * connection in one of several ways.
 */
#include <inttypes.h>
#include <string.h>

#include "world.h"

static void let_go(end_t *end, bool abort) {
  const bool linger_zero = end->ending == ENDING_LINGER_ZERO;
  const bool unread = toe_recv_waiting(end->conn) != 0;

  if (abort || linger_zero || unread || !end->eof) end->cut = true;
  if (!abort && !linger_zero && !unread && end->phase == PHASE_OPEN) end->closed = true;
  if (linger_zero) toe_set_option(end->conn, TOE_OPT_LINGER_ZERO, 1);
  if (abort)
    toe_abort(end->conn);
  else
    toe_conn_close(end->conn);
  end->conn = NULL;
  end->phase = PHASE_GONE;
}

/* True when something was received, or the end was found. */
static bool receive(end_t *end) {
  static uint8_t octets[WORLD_CHUNK], expected[WORLD_CHUNK];
  world_t *world = end->side->world;
  const unsigned peer = 1 - end->side->number;
  const bool peek = world_chance(world, 50000);
  const ssize_t result = toe_recv(end->conn, octets, 1 + tb_random_below(&world->rng, end->chunk),
                                  peek ? TOE_PEEK : 0);

  if (result < 0) return false;
  if (result == 0) {
    const end_t *other = &end->flow->ends[peer];
    if (!end->eof && !other->shut && !other->closed)
      side_fail(end->side, "flow %u: side %u read the end of a stream that goes on",
                end->flow->number, end->side->number);
    if (!end->eof && end->received != other->sent)
      side_fail(end->side, "flow %u: side %u read the end after %" PRIu64 " octets of %" PRIu64,
                end->flow->number, end->side->number, end->received, other->sent);
    const bool news = !end->eof;
    end->eof = true;
    return news;
  }
  stream_fill(end->flow, peer, end->received, expected, (size_t)result);
  if (memcmp(octets, expected, (size_t)result) != 0)
    side_fail(end->side, "flow %u: side %u read wrong octets from %" PRIu64 " on",
              end->flow->number, end->side->number, end->received);
  if (end->received + (uint64_t)result > end->flow->ends[peer].sent)
    side_fail(
        end->side, "flow %u: side %u has read %" PRIu64 " octets and %zd more, of %" PRIu64 " sent",
        end->flow->number, end->side->number, end->received, result, end->flow->ends[peer].sent);
  if (peek) return true;
  end->received += (uint64_t)result;
  world->octets += (uint64_t)result;
  return true;
}

static bool transmit(end_t *end) {
  static uint8_t octets[WORLD_CHUNK];
  world_t *world = end->side->world;
  uint64_t len = 1 + tb_random_below(&world->rng, end->chunk);

  if (end->shut || end->sent == end->goal) return false;
  if (len > end->goal - end->sent) len = end->goal - end->sent;
  unsigned flags = 0;
  if (world_chance(world, 100000)) flags |= TOE_MORE;
  if (world_chance(world, 20000)) flags |= TOE_URGENT;
  stream_fill(end->flow, end->side->number, end->sent, octets, len);
  const ssize_t result = toe_send(end->conn, octets, len, flags);
  if (result > 0) end->sent += (uint64_t)result;
  return result > 0;
}

static void change_option(end_t *end) {
  world_t *world = end->side->world;
  struct toe_conn_info info;
  uint64_t value;

  switch (tb_random_below(&world->rng, 7)) {
    case 0:
      toe_set_option(end->conn, TOE_OPT_NODELAY, tb_random_below(&world->rng, 2));
      break;
    case 1:
      toe_set_option(end->conn, TOE_OPT_CORK, 0);
      break;
    case 2:
      value = tb_random_below(&world->rng, 2);
      toe_set_option(end->conn, TOE_OPT_KEEPALIVE, value);
      end->impatient = end->impatient || value != 0;
      break;
    case 3:
      toe_set_option(end->conn, TOE_OPT_QUICKACK, tb_random_below(&world->rng, 2));
      break;
    case 4:
      value = world_between(world, 0, 5000000);
      toe_set_option(end->conn, TOE_OPT_USER_TIMEOUT_US, value);
      end->impatient = end->impatient || value != 0;
      break;
    case 5:
      toe_set_option(end->conn, TOE_OPT_DSCP, tb_random_below(&world->rng, 64));
      break;
    default:
      if (toe_conn_info(end->conn, &info) == 0 && (int32_t)(info.snd_nxt - info.snd_una) < 0)
        side_fail(end->side, "flow %u: snd_nxt before snd_una", end->flow->number);
  }
}

/* Trouble is told once, and only what was said on the wire or has happened. */
static void ask_trouble(end_t *end) {
  const bool ready = (toe_conn_ready(end->conn) & TOE_TROUBLE) != 0;
  struct toe_trouble trouble;
  const bool told = toe_conn_trouble(end->conn, &trouble);

  if (told != ready || told != (trouble.icmp_type != 0 || trouble.retrying) ||
      (toe_conn_ready(end->conn) & TOE_TROUBLE) != 0)
    side_fail(end->side, "flow %u: trouble does not rise and fall as it should", end->flow->number);
  if (trouble.icmp_type != 0 &&
      (trouble.icmp_type >= ICMP_TYPES ||
       (end->icmp_codes[trouble.icmp_type] >> trouble.icmp_code & 1) == 0))
    side_fail(end->side, "flow %u: side %u was told of an ICMP error that nobody sent (%u, %u)",
              end->flow->number, end->side->number, trouble.icmp_type, trouble.icmp_code);
  if (trouble.retrying && end->side->config.r1_retries == 0)
    side_fail(end->side, "flow %u: side %u was told of retransmissions against its will",
              end->flow->number, end->side->number);
}

/* The connection has ended, or could not begin. */
static bool is_dead(end_t *end) {
  if ((toe_conn_ready(end->conn) & TOE_CLOSED) == 0) return false;
  const int error = toe_conn_error(end->conn);
  if (error == 0 && !end->eof && toe_recv_waiting(end->conn) == 0 && !receive(end))
    side_fail(end->side, "flow %u: side %u was told of an end without an end", end->flow->number,
              end->side->number);
  if (toe_recv_waiting(end->conn) != 0) return false; /* reads on first */
  end->error = error;
  end->finished = error == 0;
  toe_conn_close(end->conn);
  end->conn = NULL;
  end->phase = PHASE_GONE;
  return true;
}

/* What follows when all is sent.  True when something was done. */
static bool finish(end_t *end) {
  const uint64_t now_ns = toe_sim_now(end->side->sim);

  switch (end->ending) {
    case ENDING_CLOSE:
    case ENDING_LINGER_ZERO:
      let_go(end, false);
      return true;
    case ENDING_ABORT:
      let_go(end, true);
      return true;
    case ENDING_LAST:
      if (end->patience_ns == 0)
        end->patience_ns = now_ns + world_between(end->side->world, 1000, 3000000);
      if (end->eof) {
        let_go(end, false);
        return true;
      }
      if (now_ns < end->patience_ns) return false;
      break;
    default:
      break;
  }
  if (end->shut || toe_shutdown(end->conn) != 0) return false;
  end->shut = true;
  return true;
}

/* TCP waits for ever for a peer that has gone when the RST was lost and nothing is left to send.
 * Anything else that stands still is an error. */
static void check_progress(end_t *end) {
  side_t *side = end->side;
  const round_t *round = &side->world->round;
  const end_t *other = &end->flow->ends[1 - side->number];

  if (toe_sim_now(side->sim) - end->progress_ns < WORLD_PATIENCE_NS) return;
  if (!end_is_over(other) || !(round->faults || round->hostile))
    side_fail(side,
              "flow %u stands still: side %u has sent %" PRIu64 " of %" PRIu64
              " and received %" PRIu64 " of %" PRIu64
              ", %zu not acknowledged; phases %d and %d, readiness 0x%x; the other's ending %d%s, "
              "error %d",
              end->flow->number, side->number, end->sent, end->goal, end->received, other->sent,
              toe_send_unacked(end->conn), (int)end->phase, (int)other->phase,
              toe_conn_ready(end->conn), (int)other->ending, other->cut ? ", cut" : "",
              other->error);
  let_go(end, true);
}

void program_act(end_t *end) {
  world_t *world = end->side->world;
  const uint64_t now_ns = toe_sim_now(end->side->sim);

  if (world_chance(world, 300000)) ask_trouble(end);
  if (is_dead(end)) return;
  if (end->phase == PHASE_OPENING) {
    end->wake_ns = WORLD_NEVER;
    if ((toe_conn_ready(end->conn) & TOE_CONNECTED) == 0) {
      if (world_chance(world, 10000)) let_go(end, true);
      return;
    }
    end->phase = PHASE_OPEN;
    end->opened = true;
  }
  bool busy = false;
  for (int i = 0; i < 4 && end->phase == PHASE_OPEN; i++) {
    bool done = receive(end);
    done = transmit(end) || done;
    if (world_chance(world, 10000)) change_option(end);
    if (end->ending == ENDING_ABORT && world_chance(world, 20000)) {
      let_go(end, true);
      return;
    }
    if (end->sent == end->goal && finish(end)) {
      if (end->phase == PHASE_GONE) return;
      done = true;
    }
    busy = done;
    if (!done) break;
    end->progress_ns = now_ns;
  }
  if (world_chance(world, end->pause_ppm))
    end->wake_ns = now_ns + world_between(world, 1000, end->pause_max_ns);
  else if (busy)
    end->wake_ns = now_ns + world_between(world, 100, 3000);
  else
    end->wake_ns = end->patience_ns > now_ns ? end->patience_ns : WORLD_NEVER;
  if (!busy) check_progress(end);
}
