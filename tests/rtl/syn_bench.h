/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_flow's bench, and the SYN that the tests of half-open connections begin with.
 */
#ifndef TOE_SYN_BENCH_H
#define TOE_SYN_BENCH_H

#include "flow_bench.h"

enum { RPORT = 4000 };
#define IRS 0xfffffff0u

/* Every option that the engine knows. */
static const seg_t full_syn = {.rport = RPORT,
                               .seq = IRS,
                               .flags = SYN,
                               .mss = 1400,
                               .wscale = 7 + 1,
                               .sack = true,
                               .ts = true,
                               .ts_val = 77};

#endif
