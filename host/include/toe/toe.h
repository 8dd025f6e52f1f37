/* SPDX-License-Identifier: Apache-2.0
 *
 * libtoe: connections and octets on a TCP offload engine.
 *
 * Thread rule, for every function: an engine and all that was made from it belong to one thread at
 * a time.  The library starts no thread, installs no signal handler and keeps no global state;
 * engines are independent of each other.  No function blocks except those that say so.
 *
 * Time in microseconds, addresses and ports in host byte order: 10.0.0.2 is 0x0a000002.
 */
#ifndef TOE_TOE_H
#define TOE_TOE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "toe/toe_err.h"
#include "toe/toe_hw.h"

#ifdef __cplusplus
extern "C" {
#endif

struct toe_engine;   /**< one engine, opened */
struct toe_listener; /**< one listening port */
struct toe_conn;     /**< one connection */
struct toe_transport;

/* ---- Engine ------------------------------------------------------------------------------- */

/** What toe_open() sets up.  Fill in with toe_config_init(), then change what matters. */
struct toe_config {
  uint8_t mac[6];     /**< our Ethernet address; zero: the engine's, or one made from ip */
  uint32_t ip;        /**< our address; zero: the engine's, with its subnet and gateway */
  uint8_t prefix_len; /**< of the subnet, 1 to 31 */
  uint32_t gateway;   /**< next hop outside the subnet, 0: none */
  uint16_t mtu;       /**< largest IPv4 packet in octets, 576 to 9000; zero: the engine's */
  uint16_t min_mss;   /**< a peer's MSS below this is taken as this, 1 to 1460 octets */
  uint16_t min_pmtu;  /**< a path MTU below this is taken as this, 68 to 1500 octets (RFC 1191) */
  uint8_t ttl;        /**< of every packet sent, 1 to 255 */
  uint8_t dscp;       /**< RFC 2474, 0 to 63: of packets of no connection, and of every connection
                       * that does not change it */
  bool timestamps;    /**< RFC 7323 timestamps */
  bool sack;          /**< RFC 2018 */
  bool window_scale;  /**< RFC 7323 window scaling */
  bool syn_cookies;   /**< RFC 4987 section 3.6, for a SYN that there is no room for */
  uint16_t cookies_from;  /**< half-open connections from which on every SYN gets one; 0: always */
  uint16_t cookies_until; /**< and down to which that lasts; below cookies_from, or both are 0 */
  uint32_t rto_initial_us, rto_min_us, rto_max_us; /**< RFC 6298 */
  uint8_t r1_retries;    /**< so many retransmissions are told as trouble, 1 to 15; 0: never */
  uint8_t data_retries;  /**< retransmissions before a connection without a user timeout is given
                          * up, 1 to 15 */
  uint8_t syn_retries;   /**< the same for SYN and SYN-ACK, 1 to 15 */
  uint32_t time_wait_us; /**< 2MSL */
  uint32_t delack_us;    /**< longest delay of an ACK, below 500000 */
  uint64_t keepalive_us; /**< idle time before a probe, under 2^38 */
  uint32_t keepalive_interval_us;
  bool has_key;    /**< use key; otherwise 16 octets from the system's random source */
  uint8_t key[16]; /**< SipHash key: only for runs that must repeat exactly; that of SYN cookies is
                    * made from it */
};

/** Set every field to its default; addresses and mtu become zero. */
void toe_config_init(struct toe_config *config);

/**
 * Open an engine.
 *
 * The engine is reset first, so one that a killed process left behind opens like a new one.
 *
 * @param uri     back end and its options, as "sim:tap=toe0"; the message about an unknown one
 *                lists all.
 * @param config  read during the call only.
 * @param out     the engine on success; close it with toe_close().
 * @param message  message[message_len]: on failure one line, what went wrong and what to do about
 *                 it; may be NULL.
 *
 * @return 0, or
 *         an error of toe_transport_open() when the engine cannot be reached;
 *         TOE_ERR_VERSION    what answers is not an engine that this library knows;
 *         TOE_ERR_RANGE      a field of config is outside its range;
 *         TOE_ERR_NO_MEMORY.
 */
int toe_open(const char *uri, const struct toe_config *config, struct toe_engine **out,
             char *message, size_t message_len);

/**
 * Open an engine behind a transport that the caller made (driver/toe_transport.h).
 * The transport is copied; its close member is called by toe_close(), but not when this fails.
 * Errors as toe_open().
 */
int toe_open_transport(const struct toe_transport *transport, const struct toe_config *config,
                       struct toe_engine **out);

/**
 * Abort every connection, disable and release the engine.  Connections that were closed and are not
 * done yet are aborted too: toe_drain() waits for them.  NULL is allowed.
 */
void toe_close(struct toe_engine *engine);

/** Name of an error as a sentence, never NULL; for unknown values too. */
const char *toe_strerror(int err);

/**
 * Descriptor that polls readable (poll, epoll) when toe_process() has something to do; owned by
 * the engine.  -1 where the back end has none.
 */
int toe_fd(struct toe_engine *engine);

/**
 * Make progress: take commands to the engine and its notifications to the connections.
 * Blocks up to timeout_us (0: not at all, negative: until something happens) for a notification.
 *
 * @return 1 when something changed, 0 at the time-out, TOE_ERR_GONE when the engine was lost.
 */
int toe_process(struct toe_engine *engine, int64_t timeout_us);

/**
 * Wait until every connection that toe_conn_close() was called for has ended, so that toe_close()
 * cuts nothing off.  0, TOE_ERR_TIMEOUT, TOE_ERR_GONE.
 */
int toe_drain(struct toe_engine *engine, int64_t timeout_us);

/** The engine's time, in which all time-outs are measured.  Never goes back. */
uint64_t toe_now_us(struct toe_engine *engine);

/* ---- Readiness ---------------------------------------------------------------------------- */

/** Bits of a readiness mask. */
enum toe_ready {
  TOE_READABLE = 1 << 0,    /**< octets to receive, or the end of the stream */
  TOE_WRITABLE = 1 << 1,    /**< room to send, and the connection can */
  TOE_CONNECTED = 1 << 2,   /**< the handshake is complete */
  TOE_PEER_CLOSED = 1 << 3, /**< the peer's FIN has come */
  TOE_CLOSED = 1 << 4,      /**< nothing more will happen; toe_conn_error() says why */
  TOE_ERROR = 1 << 5,       /**< an error is pending */
  TOE_ACCEPTABLE = 1 << 6,  /**< listener: toe_accept() has a connection */
  TOE_URGENT_DATA = 1 << 7, /**< the peer sent an urgent pointer */
  TOE_TROUBLE = 1 << 8,     /**< something on the way is wrong; toe_conn_trouble() says what */
};

/** One change of readiness. */
struct toe_event {
  uint64_t tag;                  /**< the user's tag of conn or listener */
  struct toe_conn *conn;         /**< NULL for a listener */
  struct toe_listener *listener; /**< NULL for a connection */
  uint32_t ready;                /**< the whole readiness mask now, enum toe_ready */
};

/**
 * Wait for changes of readiness on any connection or listener of the engine: the completion queue.
 * Edge-triggered: each change is reported once; read, write or accept until TOE_ERR_AGAIN.
 * Several changes of one connection are one event.
 *
 * @param events  events[max], filled from index 0.
 * @param timeout_us  as toe_process().
 * @return number of events, 0 at the time-out, TOE_ERR_GONE, TOE_ERR_RANGE when max is below 1.
 */
int toe_wait(struct toe_engine *engine, struct toe_event *events, int max, int64_t timeout_us);

/* ---- Connections -------------------------------------------------------------------------- */

/**
 * Listen on a port of the engine's address.
 *
 * @param port     1 to 65535.
 * @param backlog  half-open connections at most, 1 to 65535.
 * @return 0, TOE_ERR_RANGE, TOE_ERR_IN_USE (port taken), TOE_ERR_FULL (no listener free),
 *         TOE_ERR_GONE.  Blocks for the engine's answer, microseconds.
 */
int toe_listen(struct toe_engine *engine, uint16_t port, uint32_t backlog, uint64_t tag,
               struct toe_listener **out);

/** Stop listening; connections not yet accepted are aborted.  NULL is allowed. */
void toe_listener_close(struct toe_listener *listener);

/**
 * Take the oldest established connection of a listener.
 * @return 0, TOE_ERR_AGAIN when there is none.
 */
int toe_accept(struct toe_listener *listener, uint64_t tag, struct toe_conn **out);

/** The port it listens on. */
uint16_t toe_listener_port(const struct toe_listener *listener);

/** Settings of toe_connect(); NULL or all zero: defaults. */
struct toe_connect_opts {
  uint16_t local_port;      /**< 0: a random free port from 32768 to 60999 */
  bool nodelay;             /**< no Nagle */
  bool keepalive;           /**< probe when idle */
  uint32_t user_timeout_us; /**< RFC 9293 section 3.9.1.1, 0: data_retries decide */
  uint8_t dscp;             /**< 1 to 63; 0: that of toe_config */
};

/**
 * Open a connection.  Returns at once; TOE_CONNECTED or TOE_CLOSED follows as readiness.
 *
 * @return 0, TOE_ERR_RANGE (port 0, address not that of another host, dscp), TOE_ERR_FULL (as many
 *         connects wait for the engine as it has connections), TOE_ERR_GONE.  What the engine
 *         finds comes as the connection's pending error: TOE_ERR_IN_USE for a taken local_port,
 *         TOE_ERR_FULL when no connection is free.
 */
int toe_connect(struct toe_engine *engine, uint32_t remote_ip, uint16_t remote_port,
                const struct toe_connect_opts *opts, uint64_t tag, struct toe_conn **out);

/** Flags of toe_send() and toe_recv(). */
enum toe_io_flags {
  TOE_MORE = 1 << 0,   /**< send: more follows, hold back a part-filled segment */
  TOE_URGENT = 1 << 1, /**< send: the last octet is urgent (RFC 9293 section 3.8.5) */
  TOE_PEEK = 1 << 2,   /**< receive: leave the octets in the ring */
};

/**
 * Queue octets.  Copied before return, so buf is the caller's again.
 *
 * @param buf  octets[len].
 * @return octets taken, 1 to len;
 *         TOE_ERR_AGAIN    no room now, TOE_WRITABLE follows;
 *         TOE_ERR_STATE    not connected yet, or shut down for sending;
 *         TOE_ERR_RESET, TOE_ERR_TIMEOUT, TOE_ERR_REFUSED, TOE_ERR_UNREACHABLE  it has ended;
 *         TOE_ERR_RANGE    len is 0;
 *         TOE_ERR_GONE     engine lost.
 * Protocol: SEND call of RFC 9293 section 3.9.1.2.
 */
ssize_t toe_send(struct toe_conn *conn, const void *buf, size_t len, unsigned flags);

/**
 * Receive octets, as many as there are up to len.
 *
 * @return octets received; 0 at the end of the stream (the peer closed);
 *         TOE_ERR_AGAIN nothing now; TOE_ERR_RANGE len is 0; ends as toe_send().
 * Octets that came before a reset can still be read; then the reset is reported.
 */
ssize_t toe_recv(struct toe_conn *conn, void *buf, size_t len, unsigned flags);

/** Half-close: FIN after what is queued; receiving goes on.  0, TOE_ERR_STATE, TOE_ERR_GONE. */
int toe_shutdown(struct toe_conn *conn);

/**
 * Close and give the handle back; it is dead when this returns.  What is queued is sent, then FIN;
 * RST instead when received octets were left unread (RFC 9293 section 3.6.1).  NULL is allowed.
 */
void toe_conn_close(struct toe_conn *conn);

/** Reset the connection and give the handle back.  NULL is allowed. */
void toe_abort(struct toe_conn *conn);

/** Readiness now, a mask of enum toe_ready. */
uint32_t toe_conn_ready(const struct toe_conn *conn);

/** Why the connection ended: 0 for an orderly end or none yet, otherwise an enum toe_err. */
int toe_conn_error(const struct toe_conn *conn);

/** Trouble on the way that has not ended the connection (RFC 9293 section 3.9.1.8). */
struct toe_trouble {
  uint8_t icmp_type; /**< of the last ICMP error about it: 3 unreachable, 11 time exceeded, 12
                      * parameter problem; 0: there was none */
  uint8_t icmp_code; /**< RFC 792 */
  bool retrying;     /**< a segment was sent again r1_retries times */
};

/**
 * Take what was reported since the last call; TOE_TROUBLE falls.  Nothing needs to be done about
 * it: the connection goes on, or ends by its own timers.
 *
 * @param trouble  filled in, zero when there was none.
 * @return true when there was any.
 */
bool toe_conn_trouble(struct toe_conn *conn, struct toe_trouble *trouble);

/** Octets that toe_send() would take now. */
size_t toe_send_room(const struct toe_conn *conn);

/** Octets queued by toe_send() that the peer has not acknowledged. */
size_t toe_send_unacked(const struct toe_conn *conn);

/** Octets that toe_recv() would give now. */
size_t toe_recv_waiting(const struct toe_conn *conn);

/** The peer's address; either pointer may be NULL. */
void toe_conn_peer(const struct toe_conn *conn, uint32_t *ip, uint16_t *port);

/** The user's tag. */
uint64_t toe_conn_tag(const struct toe_conn *conn);
void toe_conn_set_tag(struct toe_conn *conn, uint64_t tag);

/** Options that can change while a connection is open. */
enum toe_option {
  TOE_OPT_NODELAY,         /**< 0 or 1 */
  TOE_OPT_CORK,            /**< 0 or 1 */
  TOE_OPT_KEEPALIVE,       /**< 0 or 1 */
  TOE_OPT_QUICKACK,        /**< 0 or 1: acknowledge every segment at once */
  TOE_OPT_USER_TIMEOUT_US, /**< 0: data_retries decide, up to 2^32 - 1 */
  TOE_OPT_LINGER_ZERO,     /**< 0 or 1: toe_conn_close() sends RST */
  TOE_OPT_DSCP,            /**< 0 to 63: of what is sent from now on (RFC 9293 section 3.9.1.9) */
};

/** 0, TOE_ERR_RANGE, TOE_ERR_STATE when the connection has ended. */
int toe_set_option(struct toe_conn *conn, enum toe_option option, uint64_t value);

/** The value that was set, or the default.  0, TOE_ERR_RANGE for an unknown option. */
int toe_get_option(const struct toe_conn *conn, enum toe_option option, uint64_t *value);

/** One connection as the engine sees it. */
struct toe_conn_info {
  enum toe_tcp_state state;
  uint32_t local_ip, remote_ip;
  uint16_t local_port, remote_port;
  uint32_t iss, irs, snd_una, snd_nxt, rcv_nxt; /**< sequence numbers */
  uint32_t snd_wnd;                             /**< octets the peer will take from snd_una */
  uint32_t cwnd, ssthresh;                      /**< octets */
  uint32_t srtt_us, rttvar_us, rto_us;          /**< 0: not measured yet */
  uint16_t snd_mss;                             /**< octets of payload in a full segment */
  uint8_t snd_wscale, rcv_wscale;
  bool timestamps, sack;        /**< negotiated */
  uint32_t retransmits;         /**< segments sent again in all */
  uint8_t retries;              /**< of the oldest unacknowledged segment */
  uint8_t icmp_type, icmp_code; /**< last ICMP error, as in struct toe_trouble */
};

/** Ask the engine; blocks for its answer, microseconds.  0, TOE_ERR_STATE, TOE_ERR_GONE. */
int toe_conn_info(struct toe_conn *conn, struct toe_conn_info *info);

/* ---- Blocking calls in the manner of sockets -------------------------------------------------
 * Each runs toe_process() until it can answer or timeout_us has passed (TOE_ERR_TIMEOUT); negative:
 * no time-out.  Other connections of the engine make progress meanwhile.
 */

int toe_sock_connect(struct toe_engine *engine, uint32_t remote_ip, uint16_t remote_port,
                     const struct toe_connect_opts *opts, int64_t timeout_us,
                     struct toe_conn **out);
int toe_sock_accept(struct toe_listener *listener, int64_t timeout_us, struct toe_conn **out);
/** Sends all of buf.  @return octets sent: less than len only at the time-out; or an error. */
ssize_t toe_sock_send(struct toe_conn *conn, const void *buf, size_t len, int64_t timeout_us);
/** As toe_recv(), but waits for the first octet. */
ssize_t toe_sock_recv(struct toe_conn *conn, void *buf, size_t len, int64_t timeout_us);
/** Wait until the connection has ended.  0, or TOE_ERR_TIMEOUT. */
int toe_sock_wait_closed(struct toe_conn *conn, int64_t timeout_us);

/* ---- Information -------------------------------------------------------------------------- */

struct toe_engine_info {
  uint16_t version;    /**< of the register map: major in bits 15:8, minor in 7:0 */
  uint16_t data_width; /**< bits */
  uint32_t num_conns;  /**< connections at most */
  uint32_t rx_ring_octets, tx_ring_octets;
  uint32_t listeners;                        /**< ports at most */
  uint32_t half_open, time_wait, free_conns; /**< now */
  bool syn_cookies;       /**< so many are half-open that every SYN gets a cookie */
  uint32_t late_commands; /**< refused because their connection had just ended: harmless */
};

int toe_engine_info(struct toe_engine *engine, struct toe_engine_info *info);

/**
 * Give the engine a new key of SYN cookies, from the system's random source.
 * It takes the key when the next 67 s of its time begin; no handshake is lost by that.  Cookies end
 * after 67 to 134 s without this, too: it is for those who don't trust one key for days.
 *
 * @return 0, TOE_ERR_IO, TOE_ERR_GONE.
 */
int toe_renew_cookie_key(struct toe_engine *engine);

/** One counter: name as in rtl/toe_pkg.sv, value since toe_open(), 64 bits. */
struct toe_counter {
  const char *name;
  uint64_t value;
};

/**
 * Read all counters.
 * @param counters  counters[max]; may be NULL when max is 0.
 * @return the number of counters there are (however small max is), or TOE_ERR_GONE.
 */
int toe_counters(struct toe_engine *engine, struct toe_counter *counters, int max);

/**
 * Everything above as text, for people and for toectl: one line each for the engine, its listeners,
 * its connections and its counters; a line is a word and then name=value, separated by spaces.
 *
 * @param text  on success a string that the caller must free().
 * @return 0, TOE_ERR_NO_MEMORY, TOE_ERR_GONE.  Blocks for the engine's answers, microseconds each.
 */
int toe_report(struct toe_engine *engine, char **text);

/**
 * Let other programs of the same user see the engine: toectl --socket NAME.  Who connects to the
 * UNIX socket and writes a line "report" gets toe_report() from the next toe_process() or
 * toe_wait(); a line "capture" gives the frames from then on, and those that the reader is too slow
 * for are left out and counted.  Nothing can be changed through it.  It ends with toe_close().
 *
 * @param name  path of the socket, or a name without a slash for one in toe_monitor_folder(), where
 *              toectl finds it by itself.  A socket that nobody listens on is replaced.
 * @return 0, TOE_ERR_IN_USE, TOE_ERR_PERMISSION, TOE_ERR_IO, TOE_ERR_RANGE (path too long),
 *         TOE_ERR_STATE (there is one already), TOE_ERR_NO_MEMORY, TOE_ERR_GONE.
 */
int toe_monitor(struct toe_engine *engine, const char *name);

/**
 * The folder of this user's sockets: opentoe in $XDG_RUNTIME_DIR, or else /tmp/opentoe-UID.
 * toe_monitor() makes it.
 *
 * @param path  path[path_len]
 * @return 0, or TOE_ERR_RANGE when it does not fit.
 */
int toe_monitor_folder(char *path, size_t path_len);

/** Gets one frame; it is valid until the function returns, which may not call toe_*(). */
typedef void toe_capture_fn(void *user, uint64_t time_ns, bool sent, const void *frame, size_t len);

/**
 * Call fn for every frame that the engine receives or has sent, from the first octet of the
 * destination address on and without FCS, whenever a function of this library lets the engine work.
 *
 * @param fn    with time_ns, nanoseconds since 1970 or, where the engine's time runs free, since
 *              its start; NULL ends it.
 * @return 0, TOE_ERR_NO_TRACE where the host cannot see the engine's frames (on a board),
 * TOE_ERR_GONE.
 */
int toe_capture(struct toe_engine *engine, toe_capture_fn *fn, void *user);

#ifdef __cplusplus
}
#endif
#endif
