/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration of an engine: defaults, ranges, registers.
 */
#include <string.h>
#include <sys/random.h>

#include "host/src/internal.h"

void toe_config_init(struct toe_config *config) {
  *config = (struct toe_config){
      .min_mss = TOE_REGS__MIN_MSS__VALUE_reset,
      .min_pmtu = TOE_REGS__MIN_PMTU__VALUE_reset,
      .ttl = TOE_REGS__IP_HEADER__TTL_reset,
      .dscp = TOE_REGS__IP_HEADER__DSCP_reset,
      .timestamps = TOE_REGS__FEATURES__TS_reset != 0,
      .sack = TOE_REGS__FEATURES__SACK_reset != 0,
      .window_scale = TOE_REGS__FEATURES__WSCALE_reset != 0,
      .syn_cookies = TOE_REGS__FEATURES__SYN_COOKIES_reset != 0,
      .cookies_from = TOE_REGS__SYN_COOKIES__HIGH_reset,
      .cookies_until = TOE_REGS__SYN_COOKIES__LOW_reset,
      .rto_initial_us = TOE_REGS__RTO_INITIAL_US__VALUE_reset,
      .rto_min_us = TOE_REGS__RTO_MIN_US__VALUE_reset,
      .rto_max_us = TOE_REGS__RTO_MAX_US__VALUE_reset,
      .r1_retries = TOE_REGS__RETRIES__R1_reset,
      .data_retries = TOE_REGS__RETRIES__DATA_reset,
      .syn_retries = TOE_REGS__RETRIES__SYN_reset,
      .time_wait_us = TOE_REGS__TIME_WAIT_US__VALUE_reset,
      .delack_us = TOE_REGS__DELACK_US__VALUE_reset,
      .keepalive_us = (uint64_t)TOE_REGS__KEEPALIVE_US_HI__VALUE_reset << 32 |
                      TOE_REGS__KEEPALIVE_US_LO__VALUE_reset,
      .keepalive_interval_us = TOE_REGS__KEEPALIVE_INTERVAL_US__VALUE_reset,
  };
}

static bool is_unicast(uint32_t ip) {
  return ip >> 24 != 0 && ip >> 24 != 127 && ip >> 29 != 7;
}

const char *config_complaint(const struct toe_config *config) {
  if (config->ip == 0)
    return "the engine has no address: set ip and prefix_len, or ip= in a sim: URI";
  if (!is_unicast(config->ip)) return "ip is not a unicast address";
  if (config->prefix_len < 1 || config->prefix_len > 31) return "prefix_len is not 1 to 31";
  const uint32_t netmask = UINT32_MAX << (32 - config->prefix_len);
  const uint32_t host = config->ip & ~netmask;
  if (config->prefix_len < 31 && (host == 0 || host == ~netmask))
    return "ip is the first or last address of its subnet, which no host can have";
  if (config->gateway != 0 && (config->gateway ^ config->ip) & netmask)
    return "gateway is not in the subnet of ip";
  if (config->gateway == config->ip) return "gateway is the engine's own address";
  if ((config->mac[0] & 1) != 0) return "mac is a group address";
  if (config->mtu < 576 || config->mtu > 9000) return "mtu is not 576 to 9000";
  if (config->min_mss < 1 || config->min_mss > 1460) return "min_mss is not 1 to 1460";
  if (config->min_pmtu < 68 || config->min_pmtu > 1500) return "min_pmtu is not 68 to 1500";
  if (config->ttl == 0) return "ttl is not 1 to 255";
  if (config->dscp > 63) return "dscp is not 0 to 63";
  if (config->cookies_until > config->cookies_from ||
      (config->cookies_until == config->cookies_from && config->cookies_from != 0))
    return "cookies_until is not below cookies_from";
  if (config->rto_min_us == 0) return "rto_min_us is 0";
  if (config->rto_min_us > config->rto_initial_us || config->rto_initial_us > config->rto_max_us)
    return "rto_initial_us is not between rto_min_us and rto_max_us";
  if (config->r1_retries > 15) return "r1_retries is not 0 to 15";
  if (config->data_retries < 1 || config->data_retries > 15) return "data_retries is not 1 to 15";
  if (config->syn_retries < 1 || config->syn_retries > 15) return "syn_retries is not 1 to 15";
  if (config->delack_us >= 500000) return "delack_us is not below 500000"; /* RFC 9293 MUST-40 */
  if (config->keepalive_us >= UINT64_C(1) << 38) return "keepalive_us is 2^38 or more";
  return NULL;
}

/* Zero is what the engine already has: given to a simulation with its URI, or by a loader. */
int config_adopt(struct toe_engine *engine, struct toe_config *config) {
  uint32_t values[(TOE_REG(MTU) - TOE_REG(LOCAL_MAC_HI)) / 4 + 1];
  static const uint8_t none[6] = {0};

  const int result =
      reg_read(engine, TOE_REG(LOCAL_MAC_HI), values, sizeof values / sizeof *values);
  if (result != 0) return result;
  if (memcmp(config->mac, none, sizeof none) == 0) {
    for (int i = 0; i < 2; i++) config->mac[i] = (uint8_t)(values[0] >> (8 - 8 * i));
    for (int i = 0; i < 4; i++) config->mac[2 + i] = (uint8_t)(values[1] >> (24 - 8 * i));
  }
  if (config->ip == 0) {
    config->ip = values[2];
    config->prefix_len = (uint8_t)__builtin_popcount(values[3]);
    if (config->gateway == 0) config->gateway = values[4];
  }
  if (config->mtu == 0) config->mtu = (uint16_t)values[5];
  return 0;
}

/* An address that is nobody's: locally administered, from the IPv4 address. */
static void make_mac(const struct toe_config *config, uint8_t mac[6]) {
  static const uint8_t none[6] = {0};

  memcpy(mac, config->mac, 6);
  if (memcmp(mac, none, 6) != 0) return;
  mac[0] = 0x02;
  for (int i = 0; i < 4; i++) mac[2 + i] = (uint8_t)(config->ip >> (24 - 8 * i));
}

static void words_of(const uint8_t key[16], uint32_t words[4]) {
  for (size_t i = 0; i < 4; i++) {
    words[i] = key[4 * i] | (uint32_t)key[4 * i + 1] << 8 | (uint32_t)key[4 * i + 2] << 16 |
               (uint32_t)key[4 * i + 3] << 24;
  }
}

int toe_renew_cookie_key(struct toe_engine *engine) {
  uint32_t words[4];

  if (getrandom(words, sizeof words, 0) != (ssize_t)sizeof words) return TOE_ERR_IO;
  return reg_write(engine, TOE_REG(COOKIE_KEY0), words, 4);
}

static int write_cookie_key(struct toe_engine *engine, const struct toe_config *config) {
  uint8_t key[16];
  uint32_t words[4];

  if (!config->has_key) return toe_renew_cookie_key(engine);
  for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)~config->key[i];
  words_of(key, words);
  return reg_write(engine, TOE_REG(COOKIE_KEY0), words, 4);
}

static int write_key(struct toe_engine *engine, const struct toe_config *config) {
  uint8_t key[16];
  uint32_t words[4];

  memcpy(key, config->key, sizeof key);
  if (!config->has_key && getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) return TOE_ERR_IO;
  words_of(key, words);
  engine->random = ((uint64_t)words[1] << 32 | words[0]) ^ UINT64_C(0x9e3779b97f4a7c15);
  if (!config->has_key &&
      getrandom(&engine->random, sizeof engine->random, 0) != (ssize_t)sizeof engine->random)
    return TOE_ERR_IO;
  if (engine->random == 0) engine->random = 1;
  return reg_write(engine, TOE_REG(HASH_KEY0), words, 4);
}

int config_write(struct toe_engine *engine, const struct toe_config *config) {
  uint8_t mac[6];
  const struct {
    uint32_t offset, value;
  } values[] = {
      {TOE_REG(LOCAL_IP), config->ip},
      {TOE_REG(NETMASK), engine->netmask},
      {TOE_REG(GATEWAY_IP), config->gateway},
      {TOE_REG(MTU), config->mtu},
      {TOE_REG(MIN_MSS), config->min_mss},
      {TOE_REG(FEATURES), (config->timestamps ? TOE_REGS__FEATURES__TS_bm : 0U) |
                              (config->sack ? TOE_REGS__FEATURES__SACK_bm : 0U) |
                              (config->window_scale ? TOE_REGS__FEATURES__WSCALE_bm : 0U) |
                              (config->syn_cookies ? TOE_REGS__FEATURES__SYN_COOKIES_bm : 0U)},
      {TOE_REG(SYN_COOKIES),
       config->cookies_from | (uint32_t)config->cookies_until << TOE_REGS__SYN_COOKIES__LOW_bp},
      {TOE_REG(RTO_INITIAL_US), config->rto_initial_us},
      {TOE_REG(RTO_MIN_US), config->rto_min_us},
      {TOE_REG(RTO_MAX_US), config->rto_max_us},
      {TOE_REG(RETRIES), config->data_retries |
                             (uint32_t)config->syn_retries << TOE_REGS__RETRIES__SYN_bp |
                             (uint32_t)config->r1_retries << TOE_REGS__RETRIES__R1_bp},
      {TOE_REG(TIME_WAIT_US), config->time_wait_us},
      {TOE_REG(DELACK_US), config->delack_us},
      {TOE_REG(KEEPALIVE_US_LO), (uint32_t)config->keepalive_us},
      {TOE_REG(KEEPALIVE_US_HI), (uint32_t)(config->keepalive_us >> 32)},
      {TOE_REG(KEEPALIVE_INTERVAL_US), config->keepalive_interval_us},
      {TOE_REG(MIN_PMTU), config->min_pmtu},
      {TOE_REG(IP_HEADER), config->ttl | (uint32_t)config->dscp << TOE_REGS__IP_HEADER__DSCP_bp},
  };

  make_mac(config, mac);
  int result = reg_write1(engine, TOE_REG(LOCAL_MAC_HI), (uint32_t)mac[0] << 8 | mac[1]);
  if (result == 0)
    result = reg_write1(
        engine, TOE_REG(LOCAL_MAC_LO),
        (uint32_t)mac[2] << 24 | (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5]);
  for (size_t i = 0; i < sizeof values / sizeof *values && result == 0; i++)
    result = reg_write1(engine, values[i].offset, values[i].value);
  if (result == 0) result = write_cookie_key(engine, config);
  return result == 0 ? write_key(engine, config) : result;
}
