/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

void wire_talk(wire_peer_t *peer, struct toe_conn *conn, uint32_t at) {
  wire_in(peer, "P. %u:%u ack %u", at, at + 100, at);
  wire_read(conn, at, at + 100);
  wire_write(conn, at, at + 100);
  wire_out(peer, "P. %u:%u ack %u", at, at + 100, at + 100);
  wire_in(peer, ". %u:%u ack %u", at + 100, at + 100, at + 100);
  wire_run(peer->wire, 50);
}

void wire_icmp_error(const wire_peer_t *peer, uint8_t type, uint8_t code, uint16_t mtu,
                     uint32_t seq) {
  const frame_path_t path = {.dst_mac = {2, 0, 10, 0, 0, 2},
                             .src_mac = {2, 0, 10, 0, 0, 77},
                             .src_ip = 0x0b00004d,
                             .dst_ip = WIRE_IP};
  const frame_quote_t quote = {.src_ip = WIRE_IP,
                               .dst_ip = peer->ip,
                               .src_port = peer->engine_port,
                               .dst_port = peer->port,
                               .seq = peer->irs + seq};
  frame_t frame;

  frame_build_icmp_error(&frame, &path, type, code, mtu, &quote, 0);
  wire_frame_in(peer->wire, &frame, 0);
}
