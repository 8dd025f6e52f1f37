/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks for simulated engines.  They use nothing but toe_sim_frame_in(), toe_sim_frame_out() and
 * toe_sim_advance(), as any network from outside does.
 *
 * Rules as in toe_sim.h: one thread at a time for each object, no global, no thread, no sleep.
 */
#ifndef TOE_NET_H
#define TOE_NET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <toe/toe_sim.h>
#ifdef __cplusplus
extern "C" {
#endif

/* --- Link: one direction of a wire that misbehaves ------------------------------------------- */

struct toe_link;

/**
 * What a link does to frames.  Probabilities are in units of one millionth, 0 to 1000000; all zero
 * is a perfect wire without delay.  Each frame meets, in this order: loss, corruption, truncation,
 * duplication, rate, delay, reordering.
 */
struct toe_link_config {
  uint32_t seed;          /**< the same seed and frames give the same result */
  uint32_t loss_ppm;      /**< of a frame, by itself */
  uint32_t burst_ppm;     /**< chance at each frame that a burst of losses begins with it */
  uint32_t burst_frames;  /**< frames of a burst on average, at least 1 when burst_ppm is set */
  uint32_t corrupt_ppm;   /**< one bit of the frame is flipped */
  uint32_t truncate_ppm;  /**< the frame loses its end */
  uint32_t duplicate_ppm; /**< it comes twice */
  uint32_t reorder_ppm;   /**< it is held back for reorder_ns more */
  uint64_t reorder_ns;
  uint64_t delay_ns;
  uint64_t jitter_ns;    /**< up to so much more delay, order kept */
  uint64_t rate_bps;     /**< bits a second, with the 24 octets around a frame; 0: no limit */
  uint32_t queue_frames; /**< frames on the way; more are lost.  0: 4096 */
};

/** Counts since creation. */
struct toe_link_stats {
  uint64_t frames, lost, corrupted, truncated, duplicated, reordered, overflowed;
};

/** Creates a link.  0, TOE_ERR_RANGE for a probability beyond 1000000, or TOE_ERR_NO_MEMORY. */
int toe_link_create(const struct toe_link_config *config, struct toe_link **out);

/** Frees the link and the frames on it.  NULL is allowed. */
void toe_link_destroy(struct toe_link *link);

/**
 * A frame whose end enters the link at @p now_ns, which never goes back.  It is copied.
 * Returns 0, also when the link loses it, or TOE_ERR_RANGE for a length outside 1 to
 * TOE_SIM_MAX_FRAME.
 */
int toe_link_put(struct toe_link *link, uint64_t now_ns, const void *frame, size_t len);

/**
 * Takes the next frame that has arrived by @p now_ns.
 *
 * @param time_ns  when it arrived, or NULL.
 * @return its octets, TOE_ERR_AGAIN when none has arrived, TOE_ERR_RANGE when it does not fit.
 */
int toe_link_get(struct toe_link *link, uint64_t now_ns, void *frame, size_t capacity,
                 uint64_t *time_ns);

/** When the next frame arrives; UINT64_MAX: none is on the way. */
uint64_t toe_link_next_ns(const struct toe_link *link);

/** Fills in the counts since creation. */
void toe_link_stats_get(const struct toe_link *link, struct toe_link_stats *out);

/* --- TAP: the machine's own network ---------------------------------------------------------- */

struct toe_tap;

/**
 * Opens the TAP device @p name, creating it when it is not there, and brings it up.
 *
 * @param peer_ip     address to give to the machine's side, first octet in bits 31:24; 0: none.
 * @param prefix_len  of its subnet, 1 to 31.
 * @param message     TOE_SIM_MESSAGE_LEN octets for what went wrong and what to do, or NULL.
 *
 * @return 0, TOE_ERR_PERMISSION, TOE_ERR_DEVICE when there is no such device or somebody else has
 *         it, TOE_ERR_RANGE for a name that no device can have, TOE_ERR_IO, TOE_ERR_NO_MEMORY.
 */
int toe_tap_open(const char *name, uint32_t peer_ip, unsigned prefix_len, struct toe_tap **out,
                 char *message);

/** Closes it; a device that toe_tap_open() created goes away.  NULL is allowed. */
void toe_tap_close(struct toe_tap *tap);

/** Readable, for poll(), when toe_tap_read() has a frame. */
int toe_tap_fd(const struct toe_tap *tap);

/** Takes a frame: its octets, TOE_ERR_AGAIN when there is none, TOE_ERR_GONE, or TOE_ERR_IO. */
int toe_tap_read(struct toe_tap *tap, void *frame, size_t capacity);

/** Sends a frame: 0, TOE_ERR_AGAIN when the machine will not take it now, TOE_ERR_GONE, TOE_ERR_IO.
 */
int toe_tap_write(struct toe_tap *tap, const void *frame, size_t len);

/* --- pcap files, nanosecond timestamps ------------------------------------------------------- */

struct toe_pcap_writer;
struct toe_pcap_reader;

/** Creates the file @p path.  0, TOE_ERR_IO with @p message filled in, or TOE_ERR_NO_MEMORY. */
int toe_pcap_create(const char *path, struct toe_pcap_writer **out, char *message);

/** Appends a frame seen at @p time_ns since 1970 (or any origin). */
void toe_pcap_write(struct toe_pcap_writer *writer, uint64_t time_ns, const void *frame,
                    size_t len);

/** Writes out what is still in memory.  0 or TOE_ERR_IO. */
int toe_pcap_flush(struct toe_pcap_writer *writer);

/** Writes all to disk and ends.  0, or TOE_ERR_IO when something could not be written. */
int toe_pcap_close(struct toe_pcap_writer *writer);

/** Opens the Ethernet capture @p path.  0, TOE_ERR_IO with @p message, or TOE_ERR_NO_MEMORY. */
int toe_pcap_open(const char *path, struct toe_pcap_reader **out, char *message);

/**
 * The next frame of a capture.
 *
 * @param time_ns  its timestamp, since 1970, or NULL.
 * @return its octets; 0 at the end of the file; TOE_ERR_RANGE when it does not fit (it is skipped);
 *         TOE_ERR_IO when the file is broken.
 */
int toe_pcap_read(struct toe_pcap_reader *reader, void *frame, size_t capacity, uint64_t *time_ns);

/** Closes the capture.  NULL is allowed. */
void toe_pcap_reader_close(struct toe_pcap_reader *reader);

/* --- Pair: one engine to another ------------------------------------------------------------- */

struct toe_pair;

/** Shortest delay of a link in a pair: both engines run alone for so long at a time. */
#define TOE_PAIR_MIN_DELAY_NS 100

/**
 * Two engines whose time runs free, joined by two links.  The caller goes on owning the engines,
 * and drives them through the pair alone.
 *
 * @param a_to_b, b_to_a  NULL: perfect but for a delay of a microsecond.  delay_ns at least
 *                        TOE_PAIR_MIN_DELAY_NS.
 * @param pcap            records what each engine sends, as it leaves, or NULL.
 *
 * @return 0, TOE_ERR_RANGE for a shorter delay, TOE_ERR_STATE for an engine that follows a clock,
 *         TOE_ERR_NO_MEMORY.
 */
int toe_pair_create(struct toe_sim *a, struct toe_sim *b, const struct toe_link_config *a_to_b,
                    const struct toe_link_config *b_to_a, struct toe_pcap_writer *pcap,
                    struct toe_pair **out);

/** Frees the links; the engines stay.  NULL is allowed. */
void toe_pair_destroy(struct toe_pair *pair);

/**
 * Runs both engines up to @p until_ns, or until a side named in @p stop_on (bit 0: a, bit 1: b)
 * holds a host event; one that waits already stops it at once.  The engine with the event stops at
 * its very edge; the other one may be ahead by up to the shorter delay.
 *
 * @return the sides named in @p stop_on that hold an event, or 0 when the time was reached.
 */
unsigned toe_pair_advance(struct toe_pair *pair, uint64_t until_ns, unsigned stop_on);

/** The time that both engines have reached. */
uint64_t toe_pair_now(const struct toe_pair *pair);

/** Earliest time at which anything can happen by itself; UINT64_MAX: never. */
uint64_t toe_pair_next_ns(struct toe_pair *pair);

/** A transport on engine @p side (0: a, 1: b) whose wait runs the pair.  0, TOE_ERR_RANGE for
 * another side, TOE_ERR_NO_MEMORY. */
int toe_pair_transport(struct toe_pair *pair, unsigned side, struct toe_transport *out);

/** The link that side @p from (0: a, 1: b) sends on, for its counts. */
const struct toe_link *toe_pair_link(const struct toe_pair *pair, unsigned from);

#ifdef __cplusplus
}
#endif
#endif
