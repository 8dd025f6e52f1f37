/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_line.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t kFlagBits[] = {FRAME_SYN, FRAME_FIN, FRAME_RST, FRAME_PSH,
                                    FRAME_URG, FRAME_ECE, FRAME_CWR, FRAME_ACK};
static const char kFlagNames[] = "SFRPUEW.";

/* --- Reading a trace line -------------------------------------------------------------------- */

static bool take_word(const char **text, const char *word) {
  const size_t len = strlen(word);

  while (**text == ' ' || **text == ',') (*text)++;
  if (strncmp(*text, word, len) != 0 || isalnum((unsigned char)(*text)[len])) return false;
  *text += len;
  return true;
}

static uint32_t take_number(const char **text) {
  char *end;
  const uint32_t value = (uint32_t)strtoll(*text, &end, 0);

  cr_assert_neq(end, *text, "a number is missing at \"%s\"", *text);
  *text = end;
  return value;
}

static void read_option(const char **text, wire_line_t *line, uint32_t sack_base) {
  wire_seg_t *o = &line->options;
  frame_tcp_t *tcp = &line->tcp;

  if (take_word(text, "mss")) {
    o->has_mss = true;
    o->mss = (uint16_t)take_number(text);
    frame_add_mss(tcp, o->mss);
  } else if (take_word(text, "wscale")) {
    o->has_wscale = true;
    o->wscale = (uint8_t)take_number(text);
    frame_add_wscale(tcp, o->wscale);
  } else if (take_word(text, "sackOK")) {
    o->sack_ok = true;
    frame_add_sack_permitted(tcp);
  } else if (take_word(text, "ts")) {
    o->has_ts = true;
    o->ts_val = take_number(text);
    o->ts_ecr = take_number(text);
    frame_add_timestamps(tcp, o->ts_val, o->ts_ecr);
  } else if (take_word(text, "sack")) {
    uint32_t edges[8];
    while (isdigit((unsigned char)(*text)[**text == ' '])) {
      cr_assert_lt(o->sack_count, 4);
      for (unsigned i = 0; i < 2; i++) {
        o->sack[2 * o->sack_count + i] = take_number(text);
        edges[2 * o->sack_count + i] = sack_base + o->sack[2 * o->sack_count + i];
        if (i == 0) cr_assert_eq(*(*text)++, ':');
      }
      o->sack_count++;
    }
    frame_add_sack(tcp, edges, (unsigned)o->sack_count);
  } else if (take_word(text, "nop")) {
    frame_add_option(tcp, 1, NULL, 1);
  } else {
    cr_assert_fail("unknown option at \"%s\"", *text);
  }
}

wire_line_t wire_line_read(const char *text, uint32_t sack_base) {
  wire_line_t line = {.tcp = {.wnd = 65535}};
  const char *flag;

  while (*text == ' ') text++;
  for (; *text != '\0' && *text != ' '; text++) {
    flag = strchr(kFlagNames, *text);
    cr_assert_not_null(flag, "unknown flag at \"%s\"", text);
    line.tcp.flags |= kFlagBits[flag - kFlagNames];
  }
  line.tcp.seq = take_number(&text);
  if (*text == ':') {
    text++;
    line.tcp.payload_len = take_number(&text) - line.tcp.seq;
    cr_assert_leq(line.tcp.payload_len, WIRE_LINE_MAX_OCTETS);
  }
  for (;;) {
    if (take_word(&text, "ack")) {
      line.has_ack = true;
      line.tcp.ack = take_number(&text);
    } else if (take_word(&text, "win")) {
      line.has_win = true;
      line.tcp.wnd = (uint16_t)take_number(&text);
    } else if (take_word(&text, "urg")) {
      line.has_urg = true;
      line.tcp.urg_ptr = (uint16_t)take_number(&text);
    } else if (*text == '<') {
      line.has_options = true;
      for (text++; *text != '>' && *text != '\0';) read_option(&text, &line, sack_base);
      frame_pad_options(&line.tcp);
      if (*text == '>') text++;
    } else {
      break;
    }
  }
  cr_assert_eq(*text, '\0', "unknown word at \"%s\"", text);
  return line;
}

/* --- Segments ------------------------------------------------------------------------------- */

void wire_line_options(wire_seg_t *seg, uint32_t sack_base) {
  for (unsigned at = 0; at < seg->options_len && seg->options[at] != 0;) {
    const uint8_t *o = seg->options + at;
    const unsigned len = o[0] == 1 ? 1 : o[1];
    cr_assert(len >= 1 && at + len <= seg->options_len, "option length lies");
    frame_t view;
    memcpy(view.data, o, len);
    if (o[0] == 2 && len == 4) {
      seg->has_mss = true;
      seg->mss = frame_get16(&view, 2);
    } else if (o[0] == 3 && len == 3) {
      seg->has_wscale = true;
      seg->wscale = o[2];
    } else if (o[0] == 4 && len == 2) {
      seg->sack_ok = true;
    } else if (o[0] == 8 && len == 10) {
      seg->has_ts = true;
      seg->ts_val = frame_get32(&view, 2);
      seg->ts_ecr = frame_get32(&view, 6);
    } else if (o[0] == 5 && len % 8 == 2) {
      seg->sack_count = (len - 2) / 8;
      for (uint32_t i = 0; 4 * i < len - 2; i++)
        seg->sack[i] = frame_get32(&view, 2 + 4 * i) - sack_base;
    } else if (o[0] != 1) {
      cr_assert_fail("option %u of %u octets", o[0], len);
    }
    at += len;
  }
}

void wire_line_write(const wire_seg_t *seg, char *text, size_t size) {
  size_t at = 0;

  for (unsigned i = 0; i < sizeof kFlagBits; i++) {
    if ((seg->flags & kFlagBits[i]) != 0) text[at++] = kFlagNames[i];
  }
  at += (size_t)snprintf(text + at, size - at, " %u:%u ack %u win %u", seg->seq,
                         seg->seq + seg->len, seg->ack, seg->wnd);
  if (seg->urg_ptr != 0) at += (size_t)snprintf(text + at, size - at, " urg %u", seg->urg_ptr);
  for (size_t i = 0; i < seg->sack_count; i++) {
    at += (size_t)snprintf(text + at, size - at, " sack %u:%u", seg->sack[2 * i],
                           seg->sack[2 * i + 1]);
  }
}

bool wire_line_options_match(const wire_seg_t *seg, const wire_seg_t *want) {
  if (want->has_mss && !(seg->has_mss && seg->mss == want->mss)) return false;
  if (want->has_wscale && !(seg->has_wscale && seg->wscale == want->wscale)) return false;
  if (want->sack_ok && !seg->sack_ok) return false;
  if (want->has_ts && !(seg->has_ts && seg->ts_ecr == want->ts_ecr)) return false;
  if (want->sack_count == 0) return true;
  return seg->sack_count == want->sack_count &&
         memcmp(seg->sack, want->sack, 8 * want->sack_count) == 0;
}
