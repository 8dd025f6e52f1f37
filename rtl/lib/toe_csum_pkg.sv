// SPDX-License-Identifier: Apache-2.0
//
// Ones-complement sums of the Internet checksum (RFC 1071).
//
// A sum is folded to 16 bits with the carries added back in.  Words are in network order: the octet
// that comes first on the wire is the high one.  A packet is good when the sum over everything that
// its checksum covers, the checksum included, is 16'hffff.

package toe_csum_pkg;

  // One beat's worth of 64 bits: four words, not folded.  Octet 0 is in bits 7:0.
  function automatic logic [17:0] csum_words64(logic [63:0] data);
    return 18'({data[7:0], data[15:8]}) + 18'({data[23:16], data[31:24]}) +
           18'({data[39:32], data[47:40]}) + 18'({data[55:48], data[63:56]});
  endfunction

  // Ones-complement addition.
  function automatic logic [15:0] csum_add(logic [15:0] a, logic [15:0] b);
    logic [16:0] sum;
    sum = 17'(a) + 17'(b);
    return sum[15:0] + 16'(sum[16]);
  endfunction

  // Folds a sum of up to 65536 words.
  function automatic logic [15:0] csum_fold(logic [31:0] sum);
    return csum_add(sum[31:16], sum[15:0]);
  endfunction

  // Checksum field after one covered word changed (RFC 1624, equation 3).
  function automatic logic [15:0] csum_update(logic [15:0] field, logic [15:0] old_word,
                                              logic [15:0] new_word);
    return ~csum_add(csum_add(~field, ~old_word), new_word);
  endfunction

endpackage
