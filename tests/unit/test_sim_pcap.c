/* SPDX-License-Identifier: Apache-2.0
 *
 * Captures: what was written is read again, to the nanosecond.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "toe/toe_net.h"

static char path[] = "/tmp/toe_pcap_XXXXXX";

static void make_path(void) {
  const int fd = mkstemp(path);

  cr_assert_geq(fd, 0);
  close(fd);
}

static void remove_path(void) {
  unlink(path);
}

Test(pcap, frames_come_back_with_their_times, .init = make_path, .fini = remove_path) {
  static const size_t lens[] = {60, 1, 1514, 9018};
  static const uint64_t times_ns[] = {0, 999999999, 1000000000, UINT64_C(1790000000123456789)};
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  uint8_t frame[TOE_SIM_MAX_FRAME];
  char message[TOE_SIM_MESSAGE_LEN] = "";

  cr_assert_eq(toe_pcap_create(path, &writer, message), 0, "%s", message);
  for (size_t i = 0; i < 4; i++) {
    memset(frame, (int)(i + 1), lens[i]);
    toe_pcap_write(writer, times_ns[i], frame, lens[i]);
  }
  cr_assert_eq(toe_pcap_close(writer), 0);

  cr_assert_eq(toe_pcap_open(path, &reader, message), 0, "%s", message);
  for (size_t i = 0; i < 4; i++) {
    uint64_t time_ns = 1;
    cr_assert_eq(toe_pcap_read(reader, frame, sizeof frame, &time_ns), (int)lens[i]);
    cr_expect_eq(time_ns, times_ns[i]);
    cr_expect_eq(frame[0], i + 1);
    cr_expect_eq(frame[lens[i] - 1], i + 1);
  }
  cr_expect_eq(toe_pcap_read(reader, frame, sizeof frame, NULL), 0, "end of file");
  toe_pcap_reader_close(reader);
}

Test(pcap, flushed_frames_are_in_the_file, .init = make_path, .fini = remove_path) {
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  uint8_t frame[60] = {7};

  cr_assert_eq(toe_pcap_create(path, &writer, NULL), 0);
  toe_pcap_write(writer, 5, frame, sizeof frame);
  cr_assert_eq(toe_pcap_flush(writer), 0);
  cr_assert_eq(toe_pcap_open(path, &reader, NULL), 0);
  cr_expect_eq(toe_pcap_read(reader, frame, sizeof frame, NULL), 60);
  toe_pcap_reader_close(reader);
  cr_expect_eq(toe_pcap_close(writer), 0);
}

Test(pcap, too_long_a_frame_is_skipped, .init = make_path, .fini = remove_path) {
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  uint8_t frame[100] = {0};

  cr_assert_eq(toe_pcap_create(path, &writer, NULL), 0);
  toe_pcap_write(writer, 1, frame, 100);
  toe_pcap_write(writer, 2, frame, 60);
  cr_assert_eq(toe_pcap_close(writer), 0);
  cr_assert_eq(toe_pcap_open(path, &reader, NULL), 0);
  cr_expect_eq(toe_pcap_read(reader, frame, 60, NULL), TOE_ERR_RANGE);
  cr_expect_eq(toe_pcap_read(reader, frame, 60, NULL), 60);
  toe_pcap_reader_close(reader);
}

Test(pcap, bad_files_are_named, .init = make_path, .fini = remove_path) {
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  char message[TOE_SIM_MESSAGE_LEN] = "";

  cr_expect_eq(toe_pcap_create("/nonexistent/a.pcap", &writer, message), TOE_ERR_IO);
  cr_expect_not_null(strstr(message, "/nonexistent/a.pcap"), "%s", message);
  cr_expect_eq(toe_pcap_open("/nonexistent/b.pcap", &reader, message), TOE_ERR_IO);
  cr_expect_not_null(strstr(message, "/nonexistent/b.pcap"), "%s", message);
  cr_expect_eq(toe_pcap_open(path, &reader, message), TOE_ERR_IO, "an empty file");
}

Test(pcap, cut_file_is_broken, .init = make_path, .fini = remove_path) {
  struct toe_pcap_writer *writer = NULL;
  struct toe_pcap_reader *reader = NULL;
  uint8_t frame[100] = {0};

  cr_assert_eq(toe_pcap_create(path, &writer, NULL), 0);
  toe_pcap_write(writer, 1, frame, sizeof frame);
  cr_assert_eq(toe_pcap_close(writer), 0);
  cr_assert_eq(truncate(path, 24 + 16 + 50), 0); /* file header, frame header, half the frame */
  cr_assert_eq(toe_pcap_open(path, &reader, NULL), 0);
  cr_expect_eq(toe_pcap_read(reader, frame, sizeof frame, NULL), TOE_ERR_IO);
  toe_pcap_reader_close(reader);
}
