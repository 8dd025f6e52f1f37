/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration that model peers of tests begin with.
 */
#ifndef TOE_TESTS_PEER_CONFIG_H
#define TOE_TESTS_PEER_CONFIG_H

#include "model/toe_model_peer.h"

/** A peer with the address 10.0.0.@p host, the registers of a new engine and 64 connections; to be
 * changed where a test wants something else. */
static inline model_peer_config_t peer_config_of(uint8_t host) {
  return (model_peer_config_t){.netif = {.mac = 0x020000000000u + host,
                                         .ip = 0x0a000000u + host,
                                         .netmask = 0xffffff00,
                                         .mtu = 1500,
                                         .enabled = true},
                               .cfg = {.mtu = 1500,
                                       .min_mss = 64,
                                       .min_pmtu = 576,
                                       .ts_enable = 1,
                                       .sack_enable = 1,
                                       .wscale_enable = 1,
                                       .rto_initial_us = 1000000,
                                       .rto_min_us = 200000,
                                       .rto_max_us = 60000000,
                                       .data_retries = 15,
                                       .syn_retries = 6,
                                       .delack_us = 40000,
                                       .keepalive_us = 7200000000,
                                       .keepalive_interval_us = 75000000,
                                       .rx_ring_log2 = 16,
                                       .tx_ring_log2 = 16},
                               .time_wait_us = 60000000,
                               .conns = 64,
                               .half_open = 64,
                               .waiting = 64,
                               .neighbours = 2,
                               .frames = 64};
}

#endif
