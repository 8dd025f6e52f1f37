/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference model: what one event does to one TCP connection, in plain C.
 *
 * Written from RFC 9293 section 3.10 and the RFCs that it names (5681, 6298, 6582, 7323, 2018,
 * 5961, 3042, 6928, 6691), not from the RTL, and compared with it bit for bit
 * (tests/rtl/test_lockstep_step.c).  Where the RFCs leave a choice, the comment at the place says
 * what this engine chooses ("Engine policy").
 *
 * No state of its own, no allocation, no output, no clock: any thread may call it for its own
 * control block.
 */
#ifndef TOE_MODEL_H
#define TOE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/toe_model_fields.h"

enum { MODEL_INTERVALS = 4 }; /* out-of-order intervals held for one connection */

/** RFC 9293 section 3.3.2; numbers as in tcp_state_e. */
typedef enum model_state {
  MODEL_CLOSED,
  MODEL_LISTEN, /**< never the state of a control block: listeners are kept elsewhere */
  MODEL_SYN_SENT,
  MODEL_SYN_RECEIVED,
  MODEL_ESTABLISHED,
  MODEL_FIN_WAIT_1,
  MODEL_FIN_WAIT_2,
  MODEL_CLOSE_WAIT,
  MODEL_CLOSING,
  MODEL_LAST_ACK,
  MODEL_TIME_WAIT /**< waits for the host's release only; a record elsewhere answers the peer */
} model_state_t;

/** Why a connection ended or a command was refused; numbers as in reason_e. */
typedef enum model_reason {
  MODEL_REASON_NONE = 0,
  MODEL_REASON_PEER_RESET = 1,
  MODEL_REASON_CONN_REFUSED = 2, /**< RST while opening */
  MODEL_REASON_TIMEOUT = 3,      /**< retransmissions or probes used up */
  MODEL_REASON_ABORTED = 4,      /**< the host asked */
  MODEL_REASON_USER_TIMEOUT = 5,
  MODEL_REASON_UNREACHABLE = 6, /**< ICMP: no such protocol or port there */
  MODEL_REASON_BAD_OP = 16,
  MODEL_REASON_BAD_CONN = 17,
  MODEL_REASON_BAD_STATE = 18,
  MODEL_REASON_BAD_VALUE = 19
} model_reason_t;

/** Commands of the host; numbers as in cmd_op_e.  Listening is not a connection's business. */
typedef enum model_cmd_op {
  MODEL_CMD_NOP = 0,
  MODEL_CMD_CONNECT = 1,  /**< OPEN; comes with open_valid */
  MODEL_CMD_SEND = 4,     /**< SEND */
  MODEL_CMD_RECEIVED = 5, /**< RECEIVE */
  MODEL_CMD_SHUTDOWN = 6, /**< CLOSE */
  MODEL_CMD_ABORT = 7,    /**< ABORT */
  MODEL_CMD_RELEASE = 8,  /**< the host is done with a finished connection */
  MODEL_CMD_QUERY = 9,    /**< STATUS */
  MODEL_CMD_SET_OPTS = 10
} model_cmd_op_t;

/** What the retransmission timer waits for; numbers as in rtx_mode_e. */
typedef enum model_rtx_mode {
  MODEL_RTX_OFF,
  MODEL_RTX_RETRANSMIT, /**< RFC 6298 */
  MODEL_RTX_PERSIST     /**< RFC 9293 section 3.8.6.1, and the override time of 3.8.6.2.1 */
} model_rtx_mode_t;

/** Numbers as in tcb_event_e. */
typedef enum model_event_kind {
  MODEL_EV_SEGMENT, /**< seg, for conn */
  MODEL_EV_NO_CONN, /**< seg, for no connection: CLOSED of RFC 9293 section 3.10.7.1 */
  MODEL_EV_DISCARD, /**< seg, dealt with elsewhere: only its payload goes */
  MODEL_EV_COMMAND, /**< cmd */
  MODEL_EV_TIMER,   /**< a deadline of conn may have passed */
  MODEL_EV_SEND,    /**< conn's turn to send, at most one segment */
  MODEL_EV_NOTIFY,  /**< the host takes conn's news */
  MODEL_EV_ICMP     /**< seg: an ICMP error about a segment of conn */
} model_event_kind_t;

/** ICMP errors; numbers as in icmp_kind_e. */
typedef enum model_icmp_kind {
  MODEL_ICMP_NONE,
  MODEL_ICMP_UNREACHABLE,
  MODEL_ICMP_TIME_EXCEEDED,
  MODEL_ICMP_PARAMETER
} model_icmp_kind_t;

/** Why a frame or a segment was dropped; numbers as in drop_e. */
typedef enum model_drop {
  MODEL_DROP_DISABLED = 0,
  MODEL_DROP_MAC_ERROR = 1,
  MODEL_DROP_RUNT = 2,
  MODEL_DROP_OVERSIZE = 3,
  MODEL_DROP_NOT_FOR_US = 4,
  MODEL_DROP_ETHER_TYPE = 5,
  MODEL_DROP_VLAN_DEPTH = 6,
  MODEL_DROP_ARP_BAD = 7,
  MODEL_DROP_IP_HEADER = 8,
  MODEL_DROP_IP_CHECKSUM = 9,
  MODEL_DROP_IP_FRAGMENT = 10,
  MODEL_DROP_IP_DST = 11,
  MODEL_DROP_IP_SRC = 12,
  MODEL_DROP_IP_PROTO = 13,
  MODEL_DROP_ICMP_BAD = 14,
  MODEL_DROP_ICMP_OTHER = 15,
  MODEL_DROP_ECHO_BUSY = 16,
  MODEL_DROP_TCP_HEADER = 17,
  MODEL_DROP_TCP_CHECKSUM = 18,
  MODEL_DROP_TCP_OPTION = 19,
  MODEL_DROP_NO_CONN = 21,
  MODEL_DROP_SYN_CACHE_FULL = 23,
  MODEL_DROP_NO_FREE_CONN = 25,
  MODEL_DROP_OUT_OF_WINDOW = 27,
  MODEL_DROP_PAWS = 28,
  MODEL_DROP_BAD_ACK = 29,
  MODEL_DROP_NO_ACK_BIT = 30,
  MODEL_DROP_REASSEMBLY = 31,
  MODEL_DROP_RST_BLIND = 32,
  MODEL_DROP_SYN_BLIND = 33,
  MODEL_DROP_AFTER_CLOSE = 34,
  MODEL_DROP_IP_SOURCE_ROUTE = 38,
  MODEL_DROP_ICMP_QUOTE = 39,
  MODEL_DROP_ICMP_NO_CONN = 40,
  MODEL_DROP_ICMP_SEQ = 41
} model_drop_t;

#define MODEL_MEMBER(type, name) type name;
#define MODEL_MEMBER_STRUCT(kind, name) model_##kind##_t name;
#define MODEL_MEMBER_ARRAY(kind, name, count) model_##kind##_t name[count];
#define MODEL_DECLARE(kind, FIELDS)                               \
  typedef struct model_##kind {                                   \
    FIELDS(MODEL_MEMBER, MODEL_MEMBER_STRUCT, MODEL_MEMBER_ARRAY) \
  } model_##kind##_t;
MODEL_STRUCTS(MODEL_DECLARE)
#undef MODEL_DECLARE
#undef MODEL_MEMBER_ARRAY
#undef MODEL_MEMBER_STRUCT
#undef MODEL_MEMBER

/** True when both name the same flow; our address is the same for all. */
static inline bool model_same_flow(const model_flow_key_t *a, const model_flow_key_t *b) {
  return a->remote_ip == b->remote_ip && a->remote_port == b->remote_port &&
         a->local_port == b->local_port;
}

/**
 * What @p event does to a connection.
 *
 * @param cfg    constant over the life of the connection
 * @param tcb    the control block, all zero before its first event; changed in place
 * @param event  its numbers within the ranges of toe_model_fields.h; MODEL_EV_SEND only while
 *               send_queued is set, MODEL_EV_NOTIFY only while notify_queued is, as a scheduler
 * does
 * @param action filled in completely; what lies under a flag that is 0 is 0
 */
void model_step(const model_cfg_t *cfg, model_tcb_t *tcb, const model_tcb_event_t *event,
                model_tcb_action_t *action);

#endif
