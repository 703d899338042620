"""Weights in the codings INT4 and SPARSE (see SPEC.md) to the bytes of a .upm file. Runs on the host; needs NumPy.

Weights are integers of shape (output channels, kernel rows, k of a row); a dense layer's have one row.
"""

import numpy as np

from upyml.format import layout

MOST_INT4 = 7  # weights are in [-7, 7]
GROUP_BYTES = 20  # two pairs of a SPARSE block: places, then 8 weights each


def pack_int4(weights):
    """Blocks of four channels; in a block, for each eight k of a row one word a channel, nibbles w + 8."""
    weights = _matrix(weights, MOST_INT4)
    channels, rows, run = weights.shape
    nibbles = _filled_up(weights, 4, 8) + 8
    nibbles = nibbles.reshape(-1, 4, rows, (run + 7) // 8, 8).transpose(0, 2, 3, 1, 4).astype(np.uint8)
    low, high = nibbles[..., [1, 5, 0, 4]], nibbles[..., [3, 7, 2, 6]]  # of the word's bytes
    return (low | high << 4).tobytes()


def pack_sparse(weights):
    """(bytes, `pairs`): of each block of four channels the pairs of k of which any weight is not 0, behind a table."""
    weights = _matrix(weights, 127)
    channels, rows, run = weights.shape
    row_pairs = (run + 1) // 2
    if rows * row_pairs > layout.MAX_PAIRS:
        raise ValueError("SPARSE weights have at most %d pairs of k a channel, received %d rows of %d"
                         % (layout.MAX_PAIRS, rows, row_pairs))
    # block, pair, channel, k
    blocks = _filled_up(weights, 4, 2).reshape(-1, 4, rows * row_pairs, 2).transpose(0, 2, 1, 3)
    begin, most = 4 * (len(blocks) + 1), 0
    begins, data = [begin], bytearray()
    for block in blocks:
        places = np.flatnonzero(block.any(axis=(1, 2)))
        pairs = block[places]
        if len(places) % 2:
            places, pairs = np.append(places, places[-1:]), np.append(pairs, np.zeros_like(pairs[:1]), axis=0)
        # Two channels a word: both of k 1, both of k 0.
        words = (pairs + 128).astype(np.uint8).reshape(-1, 2, 2, 2)[..., ::-1].transpose(0, 1, 3, 2)
        groups = np.concatenate([(4 * places).astype("<u2").view(np.uint8).reshape(-1, 4), words.reshape(-1, 16)], axis=1)
        data += groups.tobytes()
        begins.append(begin + len(data))
        most = max(most, len(places))
    return np.array(begins, "<u4").tobytes() + bytes(data), most


def zero_blocks(weights):
    """(number of blocks of four channels by two k that are all 0, number of blocks)."""
    weights = _matrix(weights, 127)
    _, rows, run = weights.shape
    blocks = _filled_up(weights, 4, 2).reshape(-1, 4, rows * ((run + 1) // 2), 2).any(axis=(1, 3))
    return int(blocks.size - blocks.sum()), blocks.size


def _matrix(weights, most):
    weights = np.asarray(weights)
    if weights.ndim != 3 or weights.min(initial=0) < -most or weights.max(initial=0) > most:
        raise ValueError("weights must be (channels, rows, k) of integers in [-%d, %d], received shape %s, range %s to %s"
                         % (most, most, weights.shape, weights.min(initial=0), weights.max(initial=0)))
    return weights.astype(np.int16)


def _filled_up(weights, channels, run):
    """With zero weights up to multiples of so many channels, and k of a row."""
    return np.pad(weights, ((0, -weights.shape[0] % channels), (0, 0), (0, -weights.shape[2] % run)))
