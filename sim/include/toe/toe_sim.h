/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated engine: bring your own network, clock and host.
 *
 * Each library libtoe_sim_VARIANT.so holds one build of the engine (width of the streams, number of
 * connections) and the functions below.  An engine is driven by its owner alone: no thread, no
 * sleep, no signal, no wall clock, no global.  Any number of engines live in one process; one
 * thread at a time may use one of them.  The same calls give the same results, cycle by cycle.
 *
 * Time is counted in nanoseconds since an origin that the owner chooses (start_ns).  It runs in one
 * of two ways.  Free: each clock cycle takes one clock period, and idle time is jumped over.
 * Following (follow_clock): only toe_sim_advance() moves it, and the clock cycles in which the
 * engine does its work take no time at all.
 */
#ifndef TOE_SIM_H
#define TOE_SIM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <toe/toe_err.h>
#ifdef __cplusplus
extern "C" {
#endif

struct toe_sim;
struct toe_transport;

/** Longest frame in octets, either way; no preamble, no FCS. */
#define TOE_SIM_MAX_FRAME 16384

/** Octets of a message buffer. */
#define TOE_SIM_MESSAGE_LEN 256

/** What toe_sim_advance() stops for, and why it did. */
enum toe_sim_stop {
  TOE_SIM_FRAME = 1,      /**< a transmitted frame waits in toe_sim_frame_out() */
  TOE_SIM_HOST_EVENT = 2, /**< the completion ring holds an entry */
};

/** How an engine starts.  Zero in a field takes its default. */
struct toe_sim_config {
  /* Written into the engine's registers; zero leaves a register as it is after reset, for the host
   * library to write. */
  uint8_t mac[6];
  uint32_t ip; /**< first octet in bits 31:24, as the next two */
  uint32_t netmask;
  uint32_t gateway;
  uint16_t mtu; /**< octets of the largest IPv4 packet */

  /* What the library was built for; zero takes what it is, another value must match. */
  uint32_t data_width; /**< bits */
  uint32_t num_conns;
  uint32_t rx_ring_log2; /**< log2 of the octets of one receive ring */
  uint32_t tx_ring_log2;

  uint32_t seed;               /**< of registers that reset leaves alone; 0: they start at zero */
  uint64_t start_ns;           /**< time at creation */
  bool follow_clock;           /**< false: time runs free */
  uint32_t clock_period_ps;    /**< of a cycle, when time runs free; default 6400 */
  uint32_t mem_latency_cycles; /**< from an address to its first beat; default 4 */
  uint32_t mem_jitter_cycles;  /**< up to so much more of it, drawn for each burst; 0: none */
  uint32_t tx_stall_ppm;       /**< chance in a cycle that the transmitter stands still for up to
                                    32 cycles; 0: it never does */
  uint32_t in_queue_frames;    /**< held before toe_sim_frame_in() is full; default 64 */
  uint32_t out_queue_frames;   /**< held before the engine's transmitter stops; default 4096 */

  /* Compares every event with the reference model (model/toe_model.h), on control blocks of the
   * model's own.  The first difference is printed to stderr and ends the process by abort().  The
   * engine's timing stays as it is. */
  bool check;

  /* Clocks through idle time instead of jumping over it, to show that nothing comes of it. */
  bool clock_idle;

  const char *waveform; /**< FST file to write, NULL: none.  Needs a library built with tracing */
  const char *replay;   /**< command that repeats the run, printed with a difference; or NULL */
};

/** Counts since creation. */
struct toe_sim_stats {
  uint64_t cycles;     /**< clock cycles simulated */
  uint64_t frames_in;  /**< frames whose last beat the engine has taken */
  uint64_t frames_out; /**< frames whose last beat has left it */
  uint64_t octets_in;
  uint64_t octets_out;
  uint64_t mem_bursts_read;
  uint64_t mem_bursts_written;
  uint64_t mem_errors; /**< bursts that cross 4 KiB, leave the memory or lie about their length */
  uint64_t events_checked; /**< compared with the reference model (config.check) */
  uint64_t
      cookies_checked; /**< SYN cookies, sent and come back, that the model knows as such (same) */
};

/** Called for every event that leaves the control-block pipeline: the words of struct trace_t of
 * rtl/toe_tcp_pkg.sv, least significant first, valid until it returns. */
typedef void toe_sim_trace_fn(void *user, uint64_t now_ns, const uint32_t *words, size_t count);

/**
 * Creates an engine and takes it out of reset.  Nothing is enabled: that is the host's part.
 *
 * @param config   copied; NULL takes the defaults.
 * @param out      the engine, to be given to toe_sim_destroy().
 * @param message  TOE_SIM_MESSAGE_LEN octets for what went wrong and what to do, or NULL.
 *
 * @return 0, TOE_ERR_RANGE for a size that this library was not built for or a value out of range,
 *         TOE_ERR_LIBRARY for a waveform from a library without tracing, TOE_ERR_IO when the
 *         waveform file cannot be written, TOE_ERR_NO_MEMORY.
 */
int toe_sim_create(const struct toe_sim_config *config, struct toe_sim **out, char *message);

/** Ends the engine and closes its waveform.  NULL is allowed. */
void toe_sim_destroy(struct toe_sim *sim);

/** The configuration in use, defaults and sizes of the build filled in.  Lives as long as @p sim.
 */
const struct toe_sim_config *toe_sim_config_get(const struct toe_sim *sim);

/** Flags of toe_sim_frame_in(). */
enum toe_sim_frame_flag {
  TOE_SIM_BAD_FCS = 1, /**< the MAC found the frame bad and says so with its last beat */
};

/**
 * Hands the engine's receiver one frame.  It is copied, and enters beat by beat from the next clock
 * edge on, behind the frames handed over before.
 *
 * @param frame  octets[len], from the destination address on, without FCS.
 * @param len    1 to TOE_SIM_MAX_FRAME.
 * @param flags  enum toe_sim_frame_flag, or 0.
 *
 * @return 0 when taken, TOE_ERR_AGAIN when the queue is full, TOE_ERR_RANGE for a bad length.
 */
int toe_sim_frame_in(struct toe_sim *sim, const void *frame, size_t len, unsigned flags);

/**
 * Takes the oldest frame that the engine has sent.
 *
 * @param frame     room for octets[capacity]; TOE_SIM_MAX_FRAME always suffices.
 * @param time_ns   time of the clock edge at which its last beat left, or NULL.
 *
 * @return octets of the frame, TOE_ERR_AGAIN when there is none, TOE_ERR_RANGE when it does not
 *         fit, in which case it stays.
 */
int toe_sim_frame_out(struct toe_sim *sim, void *frame, size_t capacity, uint64_t *time_ns);

/** Frames that toe_sim_frame_in() would still take. */
size_t toe_sim_frame_room(const struct toe_sim *sim);

/** The engine's time, in nanoseconds. */
uint64_t toe_sim_now(const struct toe_sim *sim);

/**
 * Lets time pass up to @p until_ns; a time that has passed already is now.
 *
 * Free: simulates every clock edge up to and including @p until_ns, jumping over idle time.
 * Following: time becomes @p until_ns at once, then the engine works until nothing is left to do;
 * after a million cycles it returns all the same, with toe_sim_busy() still true.
 *
 * Stops before, at the very edge, for what @p stop_on names.  What waits already stops it at once.
 * A full queue of transmitted frames stops it always, because the engine could not go on.
 *
 * @return the reasons to stop that hold now (enum toe_sim_stop, or 0) when it stopped early, else
 *         0; TOE_ERR_RANGE for an unknown bit in @p stop_on.
 */
int toe_sim_advance(struct toe_sim *sim, uint64_t until_ns, unsigned stop_on);

/** True when clock cycles are needed before anything else: work is going on inside. */
bool toe_sim_busy(struct toe_sim *sim);

/** Earliest time at which the engine may act by itself: now when busy, UINT64_MAX for never. */
uint64_t toe_sim_next_ns(struct toe_sim *sim);

/** True when the completion ring holds an entry. */
bool toe_sim_host_event(struct toe_sim *sim);

/** Fills in the counts since creation. */
void toe_sim_stats_get(const struct toe_sim *sim, struct toe_sim_stats *out);

/** Calls @p fn with @p user for each event from now on; NULL stops that. */
void toe_sim_trace(struct toe_sim *sim, toe_sim_trace_fn *fn, void *user);

/* The host's side.  Register accesses take clock cycles, so they move free time a little; buffer
 * memory is reached beside the engine and takes none.  Results as in toe_transport.h. */

int toe_sim_reg_read(struct toe_sim *sim, uint32_t offset, uint32_t *values, size_t count);
int toe_sim_reg_write(struct toe_sim *sim, uint32_t offset, const uint32_t *values, size_t count);
int toe_sim_mem_read(struct toe_sim *sim, uint64_t address, void *buf, size_t len);
int toe_sim_mem_write(struct toe_sim *sim, uint64_t address, const void *buf, size_t len);

/** What runs in place of the default wait of a transport; results as struct toe_transport.wait. */
typedef int toe_sim_wait_fn(void *user, int64_t timeout_us);

/**
 * A transport for the host library on an engine that the caller owns and goes on to drive.
 *
 * Closing it leaves the engine alone.  Its wait with timeout 0 never moves time: it says what is
 * there, after the engine, when it follows a clock, has finished what it can do now.  A longer wait
 * advances free time; an engine that follows a clock is never advanced, and the wait returns at
 * once.  Frames that are sent meanwhile stay in the queue for the owner; a full queue ends the
 * wait.
 *
 * @param wait  NULL for the above, or the owner's own, called with @p user: it may run a network.
 *
 * @return 0 or TOE_ERR_NO_MEMORY.
 */
int toe_sim_transport(struct toe_sim *sim, toe_sim_wait_fn *wait, void *user,
                      struct toe_transport *out);

#ifdef __cplusplus
}
#endif
#endif
