/* SPDX-License-Identifier: Apache-2.0
 *
 * The submission and the completion ring.  Pointers run freely modulo 2^16; an entry's place is its
 * pointer modulo the depth.
 */
#include <string.h>

#include "host/src/internal.h"

/* Completions taken before their places are given back. */
static const uint16_t kBatch = 32;

bool sq_put(struct toe_engine *engine, const struct command *command) {
  if ((uint16_t)(engine->sq_tail - engine->sq_head) >= TOE_SQ_DEPTH) {
    uint32_t head;
    if (reg_read(engine, TOE_REG(SQ_HEAD), &head, 1) != 0) return false;
    if ((uint16_t)(engine->sq_tail - head) > TOE_SQ_DEPTH) { /* it has read what was not written */
      engine_gone(engine);
      return false;
    }
    engine->sq_head = (uint16_t)head;
    if ((uint16_t)(engine->sq_tail - engine->sq_head) >= TOE_SQ_DEPTH) return false;
  }
  uint32_t *words = engine->sq + (size_t)(engine->sq_tail % TOE_SQ_DEPTH) * TOE_CMD_WORDS;
  memset(words, 0, TOE_CMD_WORDS * sizeof *words);
  words[TOE_CMD_OP_WORD] = (uint32_t)command->op | (uint32_t)command->flags << TOE_CMD_FLAGS_LSB |
                           (uint32_t)command->conn << TOE_CMD_CONN_LSB;
  words[TOE_CMD_USER_TIMEOUT_US_WORD] = command->user_timeout_us;
  words[TOE_CMD_REMOTE_IP_WORD] = command->remote_ip;
  words[TOE_CMD_LOCAL_PORT_WORD] = command->local_port | (uint32_t)command->remote_port
                                                             << TOE_CMD_REMOTE_PORT_LSB;
  words[TOE_CMD_TAG_WORD] = command->tag;
  words[TOE_CMD_VALUE_WORD] = command->value;
  words[TOE_CMD_OPTS_WORD] = command->opts;
  engine->sq_tail++;
  return true;
}

int sq_ring(struct toe_engine *engine) {
  /* At most two pieces: the ring may wrap between them. */
  while (engine->sq_rung != engine->sq_tail) {
    const uint32_t place = engine->sq_rung % TOE_SQ_DEPTH;
    uint32_t entries = (uint16_t)(engine->sq_tail - engine->sq_rung);
    if (entries > TOE_SQ_DEPTH - place) entries = TOE_SQ_DEPTH - place;
    const uint32_t first = place * TOE_CMD_WORDS;
    const int result = reg_write(engine, TOE_REG(SQ) + 4 * first, engine->sq + first,
                                 (size_t)entries * TOE_CMD_WORDS);
    if (result != 0) return result;
    engine->sq_rung = (uint16_t)(engine->sq_rung + entries);
    if (engine->sq_rung == engine->sq_tail)
      return reg_write1(engine, TOE_REG(SQ_TAIL), engine->sq_tail);
  }
  return 0;
}

static int cq_take(struct toe_engine *engine) {
  uint32_t words[TOE_NTF_WORDS] = {0};
  const uint32_t offset =
      TOE_REG(CQ) + 4 * (engine->cq_head % TOE_CQ_DEPTH) * (uint32_t)TOE_NTF_WORDS;
  const size_t half = TOE_NTF_WORDS / 2;

  int result = reg_read(engine, offset, words, half);
  if (result == 0 && ntf_is_long(words[0]))
    result = reg_read(engine, offset + 4 * (uint32_t)half, words + half, half);
  if (result != 0) return result;
  engine->cq_head++;
  dispatch(engine, words);
  return 0;
}

int cq_drain(struct toe_engine *engine) {
  int taken = 0;

  /* One ring's worth at most, so that an engine that goes on for ever cannot hold the caller. */
  while (taken < TOE_CQ_DEPTH) {
    uint32_t tail;
    int result = reg_read(engine, TOE_REG(CQ_TAIL), &tail, 1);
    if (result != 0) return result;
    uint16_t waiting = (uint16_t)(tail - engine->cq_head);
    if (waiting > TOE_CQ_DEPTH) return engine_gone(engine);
    if (waiting == 0) return taken;
    if (waiting > kBatch) waiting = kBatch;
    for (uint16_t i = 0; i < waiting && result == 0; i++) result = cq_take(engine);
    if (result == 0) result = reg_write1(engine, TOE_REG(CQ_HEAD), engine->cq_head);
    if (result != 0) return result;
    taken += waiting;
  }
  return taken;
}
