/* SPDX-License-Identifier: Apache-2.0
 *
 * toectl watch: what changes, once each period.  Rates are by the engine's time between two
 * reports.
 */
#include <inttypes.h>

#include "host/tools/toectl/toectl.h"

enum { COUNTERS = 128, STATES = 16 };

/* One connection in one report. */
struct flow {
  char name[80]; /* number and both addresses: a number alone is used again */
  uint32_t snd_una, rcv_nxt, iss, irs;
};

struct sample {
  char *text; /* what the other pointers lead into */
  struct line engine;
  uint64_t now_us;
  struct flow *flows; /* sorted by name */
  size_t flow_count;
  const char *names[COUNTERS];
  uint64_t values[COUNTERS];
  size_t counter_count;
  const char *states[STATES]; /* each once */
  unsigned in_state[STATES];
  size_t state_count;
};

/* What has changed between two samples. */
struct rates {
  double seconds;
  double rx_octets, tx_octets; /* a second */
};

/* ---- Samples -------------------------------------------------------------------------------- */

static int compare_flows(const void *a, const void *b) {
  return strcmp(((const struct flow *)a)->name, ((const struct flow *)b)->name);
}

static void count_state(struct sample *sample, const char *state) {
  size_t i = 0;

  while (i < sample->state_count && strcmp(sample->states[i], state) != 0) i++;
  if (i == STATES) return;
  if (i == sample->state_count) sample->states[sample->state_count++] = state;
  sample->in_state[i]++;
}

static bool add_flow(struct sample *sample, const struct line *line) {
  if (sample->flow_count % 256 == 0) {
    struct flow *grown = realloc(sample->flows, (sample->flow_count + 256) * sizeof *grown);
    if (grown == NULL) return false;
    sample->flows = grown;
  }
  struct flow *flow = &sample->flows[sample->flow_count++];
  snprintf(flow->name, sizeof flow->name, "%s %s %s", line_value(line, "id"),
           line_value(line, "local"), line_value(line, "remote"));
  flow->snd_una = (uint32_t)line_number(line, "snd_una");
  flow->rcv_nxt = (uint32_t)line_number(line, "rcv_nxt");
  flow->iss = (uint32_t)line_number(line, "iss");
  flow->irs = (uint32_t)line_number(line, "irs");
  count_state(sample, line_value(line, "state"));
  return true;
}

/* False when out of memory. */
static bool take(struct sample *sample, char *text) {
  char *rest = text;
  struct line line;

  *sample = (struct sample){.text = text};
  while (line_next(&rest, &line)) {
    if (strcmp(line.word, "engine") == 0) {
      sample->engine = line;
      sample->now_us = line_number(&line, "now_us");
    } else if (strcmp(line.word, "connection") == 0) {
      if (!add_flow(sample, &line)) return false;
    } else if (strcmp(line.word, "counter") == 0 && sample->counter_count < COUNTERS) {
      sample->names[sample->counter_count] = line_value(&line, "name");
      sample->values[sample->counter_count++] = line_number(&line, "value");
    }
  }
  if (sample->flow_count != 0)
    qsort(sample->flows, sample->flow_count, sizeof *sample->flows, compare_flows);
  return true;
}

static void drop(struct sample *sample) {
  free(sample->text);
  free(sample->flows);
  *sample = (struct sample){0};
}

/* ---- Rates ---------------------------------------------------------------------------------- */

static double per_second(uint64_t octets, double seconds) {
  return seconds > 0 ? (double)octets / seconds : 0;
}

/* Octets that a new connection has moved count from its initial sequence numbers; those of SYN and
 * FIN are an octet each. */
static void compare(const struct sample *before, const struct sample *now, struct rates *rates) {
  uint64_t received = 0, acknowledged = 0;

  rates->seconds = (double)(now->now_us - before->now_us) / 1e6;
  for (size_t i = 0; i < now->flow_count; i++) {
    const struct flow *flow = &now->flows[i];
    const struct flow *old = before->flow_count == 0
                                 ? NULL
                                 : bsearch(flow, before->flows, before->flow_count,
                                           sizeof *before->flows, compare_flows);
    if (old != NULL && old->iss == flow->iss) {
      received += flow->rcv_nxt - old->rcv_nxt;
      acknowledged += flow->snd_una - old->snd_una;
    } else {
      /* Before the handshake is complete nothing has been received or acknowledged. */
      const uint32_t in = flow->rcv_nxt - flow->irs, out = flow->snd_una - flow->iss;
      received += in > 1 && in < UINT32_C(1) << 31 ? in - 1 : 0;
      acknowledged += out > 1 && out < UINT32_C(1) << 31 ? out - 1 : 0;
    }
  }
  rates->rx_octets = per_second(received, rates->seconds);
  rates->tx_octets = per_second(acknowledged, rates->seconds);
}

/* Another program has opened the engine since: there is nothing to compare with. */
static bool opened_anew(const struct sample *before, const struct sample *now) {
  if (now->now_us < before->now_us || now->counter_count != before->counter_count) return true;
  for (size_t i = 0; i < now->counter_count; i++)
    if (now->values[i] < before->values[i]) return true;
  return false;
}

/* ---- Ways to show it ------------------------------------------------------------------------ */

static char *text_of(const struct ctl *ctl, const struct source *source,
                     const struct sample *before, const struct sample *now,
                     const struct rates *rates) {
  char *text = NULL;
  size_t len;
  FILE *out = open_memstream(&text, &len);

  if (out == NULL) cli_fail(&ctl->cli, CLI_FAILED, "out of memory");
  fprintf(out, "%s: %.3f s\n", source_name(source), rates->seconds);
  fprintf(out, "%zu connections, %s half-open, %s in TIME-WAIT, %s of %s free\n", now->flow_count,
          line_value(&now->engine, "half_open"), line_value(&now->engine, "time_wait"),
          line_value(&now->engine, "free_conns"), line_value(&now->engine, "num_conns"));
  for (size_t i = 0; i < now->state_count; i++)
    fprintf(out, "%s%u %s", i == 0 ? "" : ", ", now->in_state[i], now->states[i]);
  if (now->state_count != 0) fputc('\n', out);
  fprintf(out, "received %.3f Mbit/s, sent and acknowledged %.3f Mbit/s\n", rates->rx_octets * 8e-6,
          rates->tx_octets * 8e-6);
  fprintf(out, "\n%-24s %14s %20s\n", "counter", "per second", "in all");
  for (size_t i = 0; i < now->counter_count; i++) {
    if (now->values[i] == 0 && !ctl->all) continue;
    fprintf(out, "%-24s %14.1f %20" PRIu64 "\n", now->names[i],
            per_second(now->values[i] - before->values[i], rates->seconds), now->values[i]);
  }
  if (fclose(out) != 0) cli_fail(&ctl->cli, CLI_FAILED, "out of memory");
  return text;
}

static void show_json(const struct sample *before, const struct sample *now,
                      const struct rates *rates) {
  json_t *states = json_object(), *counters = json_object();

  for (size_t i = 0; i < now->state_count; i++)
    json_object_set_new(states, now->states[i], json_integer(now->in_state[i]));
  for (size_t i = 0; i < now->counter_count; i++)
    json_object_set_new(counters, now->names[i],
                        json_pack("{s:I, s:f}", "value", (json_int_t)now->values[i], "per_second",
                                  per_second(now->values[i] - before->values[i], rates->seconds)));
  ctl_print_json(
      json_pack("{s:I, s:f, s:I, s:o, s:I, s:I, s:I, s:f, s:f, s:o}", "now_us",
                (json_int_t)now->now_us, "seconds", rates->seconds, "connections",
                (json_int_t)now->flow_count, "states", states, "half_open",
                (json_int_t)line_number(&now->engine, "half_open"), "time_wait",
                (json_int_t)line_number(&now->engine, "time_wait"), "free_conns",
                (json_int_t)line_number(&now->engine, "free_conns"), "rx_octets_per_second",
                rates->rx_octets, "tx_octets_per_second", rates->tx_octets, "counters", counters),
      true);
}

static void show(const struct ctl *ctl, const struct source *source, const struct sample *before,
                 const struct sample *now) {
  struct rates rates;

  compare(before, now, &rates);
  if (ctl->json) {
    show_json(before, now, &rates);
    return;
  }
  char *text = text_of(ctl, source, before, now, &rates);
  if (screen_can_place()) {
    screen_show(text);
  } else {
    printf("%s\n", text);
    fflush(stdout);
  }
  free(text);
}

static bool sample_now(const struct ctl *ctl, struct source *source, struct sample *sample) {
  char *text = source_report(source);

  if (text == NULL) return false;
  if (!take(sample, text)) cli_fail(&ctl->cli, CLI_FAILED, "out of memory");
  return true;
}

static uint64_t read_period(const struct ctl *ctl, const char *text) {
  char *end;
  const double seconds = strtod(text, &end);

  /* At a gigabit a second sequence numbers come round after 34 s. */
  if (end == text || *end != '\0' || !(seconds >= 0.05 && seconds <= 30))
    cli_fail(&ctl->cli, CLI_USAGE, "--period takes 0.05 to 30 seconds, not \"%s\"", text);
  return (uint64_t)(seconds * 1e6);
}

static int run(struct ctl *ctl, int argc, char **argv) {
  static const struct option options[] = {{"period", required_argument, NULL, 'p'},
                                          CTL_LONG_OPTIONS};
  struct sample before = {0}, now = {0};
  uint64_t period_us = 1000000;
  int option;

  while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
    if (option == 'p')
      period_us = read_period(ctl, optarg);
    else if (!ctl_option(ctl, option, command_watch.usage))
      return CLI_USAGE;
  }
  ctl_arguments(ctl, argc, argv, optind, 0);
  struct source *source = source_open(ctl);
  ctl_catch_signals();
  bool going = sample_now(ctl, source, &before);
  for (uint64_t shown = 0; going && shown < ctl->cli.count;) {
    going = source_pause(source, period_us) && sample_now(ctl, source, &now);
    if (!going) break;
    if (!opened_anew(&before, &now)) {
      show(ctl, source, &before, &now);
      shown++;
    }
    drop(&before);
    before = now;
    now = (struct sample){0};
  }
  drop(&before);
  source_close(source);
  return CLI_OK;
}

const struct command command_watch = {
    .name = "watch",
    .summary = "rates, connections by state and throughput, once each period",
    .usage =
        "usage: toectl watch [--period SECONDS] [--count N] [--all] [OPTIONS]\n"
        "\n"
        "Shows what changes, once each period, until SIGINT.\n"
        "\n"
        "  --period SECONDS   0.05 to 30; 1\n"
        "  --count N          end after so many periods\n"
        "  --all              counters of 0 too\n",
    .run = run,
};
