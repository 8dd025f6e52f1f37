/* SPDX-License-Identifier: Apache-2.0
 *
 * toe_flow_table of the usual engine.
 * tb: top=toe_flow_table params=NumConns=1024
 */
#define NUM_CONNS 1024u
#include "flow_table_cases.h"
