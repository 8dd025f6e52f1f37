/* SPDX-License-Identifier: Apache-2.0
 *
 * The host library on an engine that lies: registers, completion ring and memory answer with what
 * the input says, while the input's other octets say which calls a program makes.  Nothing may
 * crash or go on for ever, results have names, and no more octets come than were asked for.
 *
 * Input: octets, taken one after another by whoever needs one.  When they are used up the engine is
 * gone, or goes on with one and the same answer for ever: the first octet says which.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "host/src/internal.h"
#include "toe/toe.h"

enum {
  CONNS = 4,
  HANDLES = 12,
  RING_LOG2 = 10,
  MAX_ACCESSES = 100 * TOE_PATIENCE, /* of one call; beyond, it would never end */
  ODD = 0xf0                         /* control octets from here on ask for something unusual */
};

/* What the engine does when the input is used up. */
enum end {
  END_GONE,
  END_SILENT, /* takes no command, says nothing, and yet wakes the host */
  END_CHATTY  /* always has something to say that nobody wants to know */
};

/* The engine that lies. */
static struct fake {
  const uint8_t *data;
  size_t left;
  bool honest; /* while it is opened */
  enum end end;
  uint64_t now_us;
  uint32_t accesses; /* in the present call */
  uint32_t cq_tail, sq_tail;
  uint32_t last_tags[4]; /* of the commands that came last */
  uint32_t commands;
} fake;

static uint8_t take8(void) {
  if (fake.left == 0) return 0;
  fake.left--;
  return *fake.data++;
}

static uint32_t take32(void) {
  const uint32_t high = (uint32_t)take8() << 24 | (uint32_t)take8() << 16;

  return high | (uint32_t)take8() << 8 | take8();
}

/* A small number, one that the library gave, or anything. */
static uint32_t take_word(void) {
  const uint8_t kind = take8();

  if (kind < ODD) return kind;
  if (kind < ODD + 4) return fake.last_tags[kind - ODD];
  if (kind < ODD + 8) return UINT32_MAX - (kind & 3);
  return take32();
}

static int count_access(void) {
  FUZZ_CHECK(++fake.accesses < MAX_ACCESSES);
  if (fake.honest) return 0;
  return fake.left == 0 && fake.end == END_GONE ? TOE_ERR_GONE : 0;
}

/* Flags in any combination, most often for a number that exists. */
static uint32_t take_ntf_word0(void) {
  const uint32_t low = (uint32_t)take8() << 8 | take8();
  const uint8_t conn = take8();

  return low | (uint32_t)(conn < ODD ? conn % CONNS : conn * 257u) << TOE_NTF_CONN_LSB;
}

/* What an engine of the right kind says while it is opened. */
static uint32_t honest_register(uint32_t offset) {
  switch (offset) {
    case TOE_REG(ID):
      return TOE_REGS__ID__MAGIC_reset;
    case TOE_REG(VERSION):
      return TOE_REGS__VERSION__MAJOR_reset << TOE_REGS__VERSION__MAJOR_bp;
    case TOE_REG(NUM_CONNS):
      return CONNS;
    case TOE_REG(SQ_DEPTH):
      return TOE_SQ_DEPTH;
    case TOE_REG(CQ_DEPTH):
      return TOE_CQ_DEPTH;
    case TOE_REG(RX_RING_LOG2):
    case TOE_REG(TX_RING_LOG2):
      return RING_LOG2;
    case TOE_REG(STATUS):
      return TOE_REGS__STATUS__READY_bm;
    default:
      return 0;
  }
}

static uint32_t lying_register(uint32_t offset) {
  if (offset >= TOE_REG(CQ) && offset < TOE_REG(CQ) + 4 * TOE_CQ_DEPTH * TOE_NTF_WORDS)
    return offset / 4 % TOE_NTF_WORDS == 0 ? take_ntf_word0() : take_word();
  if (offset == TOE_REG(CQ_TAIL)) {
    if (fake.left == 0) return fake.cq_tail += fake.end == END_CHATTY;
    const uint8_t news = take8();
    if (news >= ODD) return fake.cq_tail = take32();
    return fake.cq_tail += news % 3;
  }
  if (offset == TOE_REG(SQ_HEAD) && fake.left == 0 && fake.end == END_SILENT)
    return fake.sq_tail - TOE_SQ_DEPTH;
  if (offset == TOE_REG(SQ_HEAD)) return take8() < ODD ? fake.sq_tail : take32();
  return take_word();
}

static int fake_read(void *ctx, uint32_t offset, uint32_t *values, size_t count) {
  (void)ctx;
  if (count_access() != 0) return TOE_ERR_GONE;
  for (size_t i = 0; i < count; i++, offset += 4)
    values[i] = fake.honest ? honest_register(offset) : lying_register(offset);
  return 0;
}

static int fake_write(void *ctx, uint32_t offset, const uint32_t *values, size_t count) {
  (void)ctx;
  if (count_access() != 0) return TOE_ERR_GONE;
  for (size_t i = 0; i < count; i++, offset += 4) {
    if (offset == TOE_REG(SQ_TAIL)) fake.sq_tail = values[i];
    if (offset >= TOE_REG(SQ) && offset < TOE_REG(SQ) + 4 * TOE_SQ_DEPTH * TOE_CMD_WORDS &&
        offset / 4 % TOE_CMD_WORDS == TOE_CMD_TAG_WORD)
      fake.last_tags[fake.commands++ % 4] = values[i];
  }
  return 0;
}

static int fake_mem(uint64_t address, size_t len) {
  if (count_access() != 0) return TOE_ERR_GONE;
  /* The library reaches into its own rings only, whatever the engine says of them. */
  FUZZ_CHECK(len <= (size_t)1 << RING_LOG2);
  FUZZ_CHECK(address + len <= (uint64_t)2 * CONNS << RING_LOG2);
  FUZZ_CHECK(address >> RING_LOG2 == (address + len - 1) >> RING_LOG2);
  return 0;
}

static int fake_mem_read(void *ctx, uint64_t address, void *buf, size_t len) {
  (void)ctx;
  const int result = fake_mem(address, len);
  if (result == 0) memset(buf, 0x5a, len);
  return result;
}

static int fake_mem_write(void *ctx, uint64_t address, const void *buf, size_t len) {
  uint8_t sum = 0;

  (void)ctx;
  for (size_t i = 0; i < len; i++) sum ^= ((const uint8_t *)buf)[i]; /* it can be read */
  fake.now_us += sum & 1;
  return fake_mem(address, len);
}

/* Time goes on in a lying engine too: its clock is the host's. */
static int fake_wait(void *ctx, int64_t timeout_us) {
  (void)ctx;
  if (count_access() != 0) return TOE_ERR_GONE;
  fake.now_us += timeout_us > 0 && take8() < 0x80 ? (uint64_t)timeout_us : 1000;
  return take8() < 0xc0;
}

static uint64_t fake_now_us(void *ctx) {
  (void)ctx;
  return fake.now_us;
}

static int fake_fd(void *ctx) {
  (void)ctx;
  return -1;
}

static void fake_close(void *ctx) {
  (void)ctx;
}

static const struct toe_transport kTransport = {.reg_read = fake_read,
                                                .reg_write = fake_write,
                                                .mem_read = fake_mem_read,
                                                .mem_write = fake_mem_write,
                                                .wait = fake_wait,
                                                .now_us = fake_now_us,
                                                .fd = fake_fd,
                                                .close = fake_close};

/* --- The program ----------------------------------------------------------------------------- */

static struct toe_engine *engine;
static struct toe_conn *conns[HANDLES];
static struct toe_listener *listeners[HANDLES];

/* A result that is not an error of the list ends the process. */
static int64_t named(int64_t result) {
  if (result < 0) FUZZ_CHECK(strcmp(toe_strerror((int)result), toe_strerror(-9999)) != 0);
  return result;
}

static void keep(struct toe_conn *conn) {
  const size_t place = take8() % HANDLES;

  if (conns[place] != NULL) toe_conn_close(conns[place]);
  conns[place] = conn;
}

static void open_calls(uint8_t call) {
  struct toe_conn *conn = NULL;
  const size_t place = take8() % HANDLES;
  const struct toe_connect_opts opts = {.local_port = take8(), .nodelay = call & 1};

  switch (call % 4) {
    case 0:
      if (listeners[place] == NULL &&
          named(toe_listen(engine, (uint16_t)(1 + take8() % 4), 5, 1, &listeners[place])) != 0)
        listeners[place] = NULL;
      break;
    case 1:
      if (listeners[place] != NULL && named(toe_accept(listeners[place], 2, &conn)) == 0)
        keep(conn);
      break;
    case 2:
      toe_listener_close(listeners[place]);
      listeners[place] = NULL;
      break;
    default:
      if (named(toe_connect(engine, 0x0a000002 + take8(), take8(), &opts, 3, &conn)) == 0)
        keep(conn);
      break;
  }
}

static void info_calls(struct toe_conn *conn, uint8_t call) {
  struct toe_conn_info info;
  struct toe_engine_info engine_info;
  struct toe_counter counters[8];
  char *text = NULL;

  switch (call % 4) {
    case 0:
      named(toe_conn_info(conn, &info));
      break;
    case 1:
      named(toe_engine_info(engine, &engine_info));
      break;
    case 2:
      named(toe_counters(engine, counters, 8));
      break;
    default:
      if (named(toe_report(engine, &text)) == 0) free(text);
      break;
  }
}

static void conn_calls(uint8_t call) {
  static uint8_t buffer[3 << RING_LOG2];
  const size_t place = take8() % HANDLES;
  struct toe_conn *conn = conns[place];
  const size_t len = 1 + (size_t)take8() * 12;

  if (conn == NULL) return;
  switch (call % 8) {
    case 0:
    case 1:
      FUZZ_CHECK(named(toe_send(conn, buffer, len, take8() & 3)) <= (int64_t)len);
      break;
    case 2:
    case 3: {
      uint8_t *exact = malloc(len);
      FUZZ_CHECK(named(toe_recv(conn, exact, len, take8() & TOE_PEEK)) <= (int64_t)len);
      free(exact);
      break;
    }
    case 4:
      named(toe_shutdown(conn));
      break;
    case 5:
      if (take8() & 1)
        toe_abort(conn);
      else
        toe_conn_close(conn);
      conns[place] = NULL;
      break;
    case 6:
      named(toe_set_option(conn, (enum toe_option)(take8() % 8), take8()));
      FUZZ_CHECK(toe_send_room(conn) <= (size_t)1 << RING_LOG2);
      FUZZ_CHECK(toe_recv_waiting(conn) <= (size_t)1 << RING_LOG2);
      FUZZ_CHECK(toe_send_unacked(conn) <= (size_t)1 << RING_LOG2);
      break;
    default:
      info_calls(conn, take8());
      break;
  }
}

static void call_something(void) {
  struct toe_event events[4];
  const uint8_t call = take8();

  fake.accesses = 0;
  if (call < 0x50) {
    open_calls(call);
  } else if (call < 0xa0) {
    conn_calls(call);
  } else if (call < 0xd0) {
    named(toe_process(engine, call & 1 ? 1000000 : 0));
  } else if (call < 0xd4) {
    if (conns[call % 4] != NULL) named(toe_sock_wait_closed(conns[call % 4], 1000000));
  } else if (call < 0xf0) {
    FUZZ_CHECK(named(toe_wait(engine, events, 4, call & 1 ? 1000000 : 0)) <= 4);
  } else {
    named(toe_drain(engine, 1000000));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct toe_config config;

  if (size == 0) return 0;
  fake = (struct fake){.data = data, .left = size};
  const uint8_t how = take8();
  fake.honest = (how & 7) != 0; /* else it lies from the first register on */
  fake.end = how < 0xe0 ? END_GONE : how < 0xf0 ? END_SILENT : END_CHATTY;
  memset(conns, 0, sizeof conns);
  memset(listeners, 0, sizeof listeners);
  toe_config_init(&config);
  config.ip = 0x0a000001;
  config.prefix_len = 24;
  config.mtu = 1500;
  config.has_key = true;
  engine = NULL;
  if (named(toe_open_transport(&kTransport, &config, &engine)) != 0) return 0;
  fake.honest = false;
  while (fake.left != 0) call_something();
  fake.accesses = 0;
  toe_close(engine);
  return 0;
}
