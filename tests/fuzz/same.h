/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether two structs of the model are equal in every member.
 */
#ifndef TOE_TESTS_FUZZ_SAME_H
#define TOE_TESTS_FUZZ_SAME_H

#include <stdbool.h>

#include "model/toe_model_frame.h"

/* Each: bool same_KIND(const model_KIND_t *a, const model_KIND_t *b) */
#define SAME_NUMBER(type, name) same = same && a->name == b->name;
#define SAME_STRUCT(kind, name) same = same && same_##kind(&a->name, &b->name);
#define SAME_ARRAY(kind, name, count) \
  for (int i = 0; i < (count); i++) same = same && same_##kind(&a->name[i], &b->name[i]);
#define DEFINE_SAME(kind, FIELDS)                                                        \
  static inline bool same_##kind(const model_##kind##_t *a, const model_##kind##_t *b) { \
    bool same = true;                                                                    \
    FIELDS(SAME_NUMBER, SAME_STRUCT, SAME_ARRAY)                                         \
    return same;                                                                         \
  }
MODEL_STRUCTS(DEFINE_SAME)

static inline bool same_frame(const model_frame_t *a, const model_frame_t *b) {
  return a->kind == b->kind && a->drop == b->drop && a->payload_off == b->payload_off &&
         same_rx_seg(&a->seg, &b->seg) && a->arp.is_request == b->arp.is_request &&
         a->arp.sender_mac == b->arp.sender_mac && a->arp.sender_ip == b->arp.sender_ip &&
         a->arp.target_ip == b->arp.target_ip && a->echo.src_mac == b->echo.src_mac &&
         a->echo.src_ip == b->echo.src_ip && a->echo.checksum == b->echo.checksum &&
         a->echo.len == b->echo.len;
}

#endif
