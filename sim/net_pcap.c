/* SPDX-License-Identifier: Apache-2.0
 *
 * pcap files of Ethernet frames with nanosecond timestamps, through libpcap.
 */
#include <toe/toe_net.h>

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t kNsPerSecond = UINT64_C(1000000000);

struct toe_pcap_writer {
  pcap_t *pcap;
  pcap_dumper_t *dumper;
};

struct toe_pcap_reader {
  pcap_t *pcap;
};

static void say(char *message, const char *what, const char *path, const char *why) {
  if (message != NULL)
    snprintf(message, TOE_SIM_MESSAGE_LEN, "cannot %s %.100s: %.120s", what, path, why);
}

int toe_pcap_create(const char *path, struct toe_pcap_writer **out, char *message) {
  struct toe_pcap_writer *writer = calloc(1, sizeof *writer);

  if (writer == NULL) return TOE_ERR_NO_MEMORY;
  writer->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, TOE_SIM_MAX_FRAME,
                                                      PCAP_TSTAMP_PRECISION_NANO);
  if (writer->pcap != NULL) writer->dumper = pcap_dump_open(writer->pcap, path);
  if (writer->dumper == NULL) {
    const int result = writer->pcap == NULL ? TOE_ERR_NO_MEMORY : TOE_ERR_IO;
    if (writer->pcap != NULL) {
      say(message, "write", path, pcap_geterr(writer->pcap));
      pcap_close(writer->pcap);
    }
    free(writer);
    return result;
  }
  *out = writer;
  return 0;
}

void toe_pcap_write(struct toe_pcap_writer *writer, uint64_t time_ns, const void *frame,
                    size_t len) {
  const struct pcap_pkthdr header = {
      /* With nanosecond precision the field tv_usec holds nanoseconds. */
      .ts = {.tv_sec = (time_t)(time_ns / kNsPerSecond),
             .tv_usec = (suseconds_t)(time_ns % kNsPerSecond)},
      .caplen = (bpf_u_int32)len,
      .len = (bpf_u_int32)len,
  };

  pcap_dump((u_char *)writer->dumper, &header, frame);
}

int toe_pcap_flush(struct toe_pcap_writer *writer) {
  return pcap_dump_flush(writer->dumper) == 0 ? 0 : TOE_ERR_IO;
}

int toe_pcap_close(struct toe_pcap_writer *writer) {
  const bool failed =
      pcap_dump_flush(writer->dumper) != 0 || ferror(pcap_dump_file(writer->dumper));

  pcap_dump_close(writer->dumper);
  pcap_close(writer->pcap);
  free(writer);
  return failed ? TOE_ERR_IO : 0;
}

int toe_pcap_open(const char *path, struct toe_pcap_reader **out, char *message) {
  char why[PCAP_ERRBUF_SIZE] = "";
  pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);

  if (pcap == NULL) {
    say(message, "read", path, why);
    return TOE_ERR_IO;
  }
  if (pcap_datalink(pcap) != DLT_EN10MB) {
    say(message, "read", path, "it is not a capture of Ethernet frames");
    pcap_close(pcap);
    return TOE_ERR_IO;
  }
  struct toe_pcap_reader *reader = malloc(sizeof *reader);
  if (reader == NULL) {
    pcap_close(pcap);
    return TOE_ERR_NO_MEMORY;
  }
  reader->pcap = pcap;
  *out = reader;
  return 0;
}

int toe_pcap_read(struct toe_pcap_reader *reader, void *frame, size_t capacity, uint64_t *time_ns) {
  struct pcap_pkthdr *header;
  const u_char *octets;

  const int got = pcap_next_ex(reader->pcap, &header, &octets);
  if (got == PCAP_ERROR_BREAK) return 0;
  if (got != 1) return TOE_ERR_IO;
  if (header->caplen > capacity || header->caplen == 0) return TOE_ERR_RANGE;
  memcpy(frame, octets, header->caplen);
  if (time_ns != NULL)
    *time_ns = (uint64_t)header->ts.tv_sec * kNsPerSecond + (uint64_t)header->ts.tv_usec;
  return (int)header->caplen;
}

void toe_pcap_reader_close(struct toe_pcap_reader *reader) {
  if (reader == NULL) return;
  pcap_close(reader->pcap);
  free(reader);
}
