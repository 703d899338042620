"""The part of check.py that looks at weights and what belongs to output channels, as ports/engine/check_weights.c does."""

import struct

from upyml.format.layout import (
    ALIGN,
    CODED_VERSION,
    CODINGS,
    INT4_WEIGHTS,
    INT8_WEIGHTS,
    MAX_BITS,
    MAX_ELEMENTS,
    MAX_PAIRS,
    MAX_SHIFT,
    MIN_SHIFT,
    SPARSE_WEIGHTS,
)


def unsigned(buf, at):
    """The u32 at byte `at`."""
    return struct.unpack_from("<I", buf, at)[0]


def within(data, offset, length, align):
    """Whether bytes lie in the data section, from a multiple of `align` on."""
    return data[0] <= offset <= data[1] and length <= data[1] - offset and offset % align == 0


def shift_fits(shift):
    return MIN_SHIFT <= shift <= MAX_SHIFT


def weights(buf, data, shape, p, need):
    """shape: kernel rows, k of a row, output channels. p: the op's fields."""
    rows, run, count = shape
    coding = p["coding"]
    need(coding < len(CODINGS), "PARAMS")
    need(coding == INT8_WEIGHTS or buf[16] + 256 * buf[17] >= CODED_VERSION, "ENGINE")
    if coding == SPARSE_WEIGHTS:
        _sparse(buf, data, rows * ((run + 1) // 2), count + 3 >> 2, p, need)
    else:
        k = rows * (run + 7 & ~7 if coding == INT4_WEIGHTS else run + 3 & ~3)
        need(k <= MAX_ELEMENTS, "PARAMS")
        size = (count + 3 & ~3) * k
        need(within(data, p["weights"], size >> 1 if coding == INT4_WEIGHTS else size, ALIGN), "DATA")
    _channels(buf, data, count, p, need)


def _sparse(buf, data, total, blocks, p, need):
    at, most = p["weights"], p["pairs"]
    need(total <= MAX_PAIRS, "PARAMS")
    need(most % 2 == 0 and most <= (total + 1 & ~1), "PARAMS")
    need(within(data, at, 4 * (blocks + 1), ALIGN), "DATA")
    begin, last = unsigned(buf, at), unsigned(buf, at + 4 * blocks)
    need(begin == 4 * (blocks + 1) and within(data, at, last, ALIGN), "DATA")
    for block in range(blocks):
        end = unsigned(buf, at + 4 * (block + 1))
        need(begin <= end <= last and (end - begin) % 20 == 0, "DATA")
        need((end - begin) // 20 <= most // 2, "PARAMS")
        _places(buf, at + begin, at + end, total, need)
        begin = end


def _places(buf, begin, end, total, need):
    """Pairs' places from group to group of a block; a filler of zeros may have the last one again."""
    following = 0  # the least place that rises
    for group in range(begin, end, 20):
        first, second = struct.unpack_from("<HH", buf, group)
        need(first % 4 == 0 and first < 4 * total and first >= following, "PARAMS")
        need(second % 4 == 0 and second < 4 * total, "PARAMS")
        if group + 20 == end and second == first:
            need(all([byte == 128 for byte in buf[group + 12 : end]]), "PARAMS")
        else:
            need(second > first, "PARAMS")
        following = second + 4


def _channels(buf, data, count, p, need):
    four = count + 3 & ~3
    scales = four if p.get("per_channel", 1) else 1
    padded = scales + 3 & ~3
    need(within(data, p["channels"], 4 * four + 4 * scales + 2 * padded, 4), "DATA")
    shifts = p["channels"] + 4 * four + 4 * scales
    for i in range(scales):
        shift = buf[shifts + i]
        bits = buf[shifts + padded + i]
        need(shift_fits(shift if shift < 128 else shift - 256) and 1 <= bits <= MAX_BITS, "PARAMS")
