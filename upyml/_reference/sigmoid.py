"""The bounded functions of cells, from int16 to int16, as TFLite has them: ports/engine/recurrent/activation.h."""

from upyml.format.ops_recurrent import HARD_SIGMOID, SIGMOID


def saturated(x):
    """x clamped to int16."""
    return -32768 if x < -32768 else 32767 if x > 32767 else x


def _sigmoid_at(table, distance, bits, end):
    """The table's value at distance / 2^bits, times 2^bits."""
    place = distance >> bits
    if place >= 255:
        return end
    below = table[place]
    return (below << bits) + (distance & ((1 << bits) - 1)) * (table[place + 1] - below)


def bounded(table, activation, three):
    """SIGMOID, TANH or HARD_SIGMOID of a third of `three` in 1 / 4096, in 1 / 32768."""
    size = abs(three)
    if activation == HARD_SIGMOID:
        y = ((max(-36864, min(36864, three)) * 29127 + (1 << 15)) >> 16) + (1 << 14)
    elif activation == SIGMOID:
        y = _sigmoid_at(table, size, 9, 0x7FFF << 10)
        y = ((1 << 25) - y + 511 if three < 0 else y + 512) >> 10
    else:
        y = _sigmoid_at(table, size, 8, 0xFFFF << 8) - (1 << 23)
        y = (127 - y if three < 0 else y + 128) >> 8
    return saturated(y)
