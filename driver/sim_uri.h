/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a `sim:` URI.
 */
#ifndef TOE_DRIVER_SIM_URI_H
#define TOE_DRIVER_SIM_URI_H
#include "toe/toe_live.h"

enum { TOE_SIM_URI_LEN = 1024 };

struct toe_sim_uri {
  struct toe_live_config live;
  unsigned width_bits;
  unsigned num_conns;
  const char *library;        /* its path, NULL: found by width, connections and fst */
  char text[TOE_SIM_URI_LEN]; /* what the strings point into */
};

/**
 * Reads `sim:` and options NAME=VALUE with commas between them into @p out.
 *
 * @param message  TOE_SIM_MESSAGE_LEN octets for what cannot be read and what would be.
 * @return 0 or TOE_ERR_URI.
 */
int toe_sim_uri_parse(const char *uri, struct toe_sim_uri *out, char *message);

#endif
