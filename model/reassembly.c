/* SPDX-License-Identifier: Apache-2.0
 *
 * Text beyond rcv_nxt: it lies in the ring already, only the intervals are remembered.
 */
#include "model/model_internal.h"

bool model_hold(model_tcb_t *tcb, uint32_t left, uint32_t right) {
  model_seq_range_t kept[MODEL_INTERVALS];
  unsigned count = 0;

  /* Intervals that the new one overlaps or touches become part of it. */
  for (unsigned i = 0; i < MODEL_INTERVALS; i++) {
    if (!(tcb->ooo_valid >> i & 1)) continue;
    const model_seq_range_t held = tcb->ooo[i];
    if (seq_le(held.left, right) && seq_le(left, held.right)) {
      left = seq_min(left, held.left);
      right = seq_max(right, held.right);
    } else {
      kept[count++] = held;
    }
  }
  if (count == MODEL_INTERVALS) return false;
  tcb->ooo[0] = (model_seq_range_t){left, right};
  for (unsigned i = 0; i < count; i++) tcb->ooo[i + 1] = kept[i];
  for (unsigned i = count + 1; i < MODEL_INTERVALS; i++) tcb->ooo[i] = (model_seq_range_t){0, 0};
  tcb->ooo_valid = (uint8_t)((1u << (count + 1)) - 1);
  return true;
}

void model_release_held(model_tcb_t *tcb) {
  bool moved = true;

  while (moved) {
    moved = false;
    unsigned count = 0;
    for (unsigned i = 0; i < MODEL_INTERVALS; i++) {
      if (!(tcb->ooo_valid >> i & 1)) continue;
      const model_seq_range_t held = tcb->ooo[i];
      if (seq_lt(tcb->rcv_nxt, held.left)) {
        tcb->ooo[count++] = held;
      } else {
        tcb->rcv_nxt = seq_max(tcb->rcv_nxt, held.right);
        moved = true;
      }
    }
    for (unsigned i = count; i < MODEL_INTERVALS; i++) tcb->ooo[i] = (model_seq_range_t){0, 0};
    tcb->ooo_valid = (uint8_t)((1u << count) - 1);
  }
}

void model_sack_blocks(const model_tcb_t *tcb, model_tcp_options_t *opt, unsigned limit) {
  for (unsigned i = 0; i < MODEL_INTERVALS && i < limit; i++) {
    if (!(tcb->ooo_valid >> i & 1)) break;
    opt->sack[opt->sack_count++] = tcb->ooo[i];
  }
}
