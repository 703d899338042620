"""Weights in the codings INT4 and SPARSE as they would lie in the file as INT8, a few blocks of four channels at a time."""

import struct

from upyml.format.layout import INT4_WEIGHTS


def dense(model, params, block, blocks, rows, run):
    """INT8 weights of so many blocks from the given one on: of each channel kernel rows of `run` k."""
    if params["coding"] == INT4_WEIGHTS:
        return _int4(model, params["weights"], block, blocks, rows, run)
    return _sparse(model, params["weights"], block, blocks, rows, run)


def _int4(model, at, block, blocks, rows, run):
    """One word a channel holds eight k: the nibbles of a byte are those of two neighbours in an INT8 word."""
    halves = (run + 3) >> 2  # words of four k in a row
    groups = (halves + 1) >> 1
    out = bytearray(16 * halves * rows * blocks)
    at += 16 * groups * rows * block
    to = 0
    for _ in range(blocks * rows):
        for half in range(halves):
            word = at + 16 * (half >> 1) + (half & 1)
            for _ in range(8):  # two bytes of each channel
                byte = model[word]
                out[to] = (byte & 15) + 120
                out[to + 1] = (byte >> 4) + 120
                word += 2
                to += 2
        at += 16 * groups
    return out


def _sparse(model, table, block, blocks, rows, run):
    quads = (run + 3) >> 2
    pairs = (run + 1) >> 1  # of a row
    size = 16 * quads * rows  # of a block
    out = bytearray(b"\x80" * (size * blocks))
    for i in range(blocks):
        begin, end = struct.unpack_from("<II", model, table + 4 * (block + i))
        before = -1
        for group in range(table + begin, table + end, 20):
            for half in range(2):
                pair = (model[group + 2 * half] + 256 * model[group + 2 * half + 1]) >> 2
                if pair == before:
                    continue  # fills up the block with zeros
                before = pair
                to = i * size + pair // pairs * 16 * quads + (pair % pairs >> 1) * 16 + (pair % pairs & 1)
                for channel in range(4):
                    word = group + 4 + 8 * half + 4 * (channel >> 1) + (channel & 1)
                    out[to + 4 * channel] = model[word]
                    out[to + 4 * channel + 2] = model[word + 2]
    return out
