/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_flow_table of the smallest engine.
 * tb: top=toe_flow_table params=NumConns=16
 */
#define NUM_CONNS 16u
#include "flow_table_cases.h"
