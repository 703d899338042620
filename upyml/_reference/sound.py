"""MEL_ENERGIES, NOISE_REDUCTION and LOG_ENERGIES in plain loops."""

import struct

from upyml._reference.spectrum import fft_of_reals

# log2(1 + f) - f in 1 / 65536 at f = 0, 1/128, 2/128 ... 1.
_EXCESS = (
    0, 224, 442, 654, 861, 1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944, 3087, 3224, 3358, 3487,
    3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231,
    5280, 5326, 5368, 5408, 5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633, 5626,
    5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203, 5156, 5106, 5054, 5000, 4944,
    4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935, 3848, 3759, 3668, 3575, 3481, 3384,
    3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224, 1094,
    963, 830, 695, 559, 421, 282, 142, 0,
)  # fmt: skip
_LN_2 = 45426  # in 1 / 65536
_WORD = 0xFFFFFFFF


def _int16(x):
    return ((x + 32768) & 65535) - 32768


def _bits(x):
    """Bits up to the highest that is 1."""
    n = 0
    while x:
        x >>= 1
        n += 1
    return n


def square_root(x):
    """Rounded to the nearest; below 2^32 at most 65535."""
    root = 0
    bit = 1 << 62 if x >> 32 else 1 << 30
    most = _WORD if x >> 32 else 0xFFFF
    while bit > x:
        bit >>= 2
    while bit:
        least = root + bit
        root >>= 1
        if x >= least:
            x -= least
            root += bit
        bit >>= 2
    return root + 1 if x > root and root != most else root


def _windowed(x, window, shift):
    """(samples times the window, their largest magnitude as TensorFlow Lite Micro finds it: it wraps for -32768)."""
    out = []
    most = 0
    for sample, factor in zip(x, window):
        y = min(max(sample * factor >> shift, -32768), 32767)
        out.append(y)
        y = y if y > most else -y
        if y > most:
            most = _int16(y)
    return out, most


def mel_energies(model, step, out):
    """Samples to (frames, channels)."""
    p = step.params
    points, frame, channels = p["points"], p["frame"], p["channels"]
    x = struct.unpack_from("<%dh" % step.x[0].size, step.x[0].data, 0)
    window = struct.unpack_from("<%dh" % frame, model, p["window"])
    table = model[p["twiddles"] : p["twiddles"] + points // 2 * 5]
    bands = struct.unpack_from("<%dH" % (2 * (channels + 1)), model, p["bands"])
    weights = struct.unpack_from("<%dh" % (2 * p["weight_count"]), model, p["bands"] + 4 * (channels + 1))
    at = 0
    for first in range(0, step.x[0].size - frame + 1, p["hop"]):
        samples, most = _windowed(x[first : first + frame], window, p["window_shift"])
        shift = 15 - _bits(most) if most > 0 else 0
        z = fft_of_reals([_int16(y << shift) for y in samples], points, table)
        energies = [0] * (points // 2 + 1)
        for i in range(p["first_bin"], p["end_bin"]):
            energies[i] = z[2 * i] * z[2 * i] + z[2 * i + 1] * z[2 * i + 1]
        total = place = 0
        for band in range(channels + 1):
            rest = 0
            for i in range(bands[2 * band], bands[2 * band] + bands[2 * band + 1]):
                total += weights[place] * energies[i]
                rest += weights[place + 1] * energies[i]
                place += 2
            if band:
                struct.pack_into("<I", out, at, square_root(total & 0xFFFFFFFFFFFFFFFF) >> shift)
                at += 4
            total = rest


def _gain(gains, x):
    """A function of a u32 by parabolas, one between each two powers of two, after the values at 0 and 1."""
    if x <= 2:
        return gains[x]
    bits = _bits(x)
    at = 4 * bits - 6
    fraction = (x << 11 - bits if bits < 11 else x >> bits - 11) & 0x3FF
    y = (gains[at + 2] * fraction >> 5) + (gains[at + 1] << 5)
    y = _int32(_int32(y) * fraction + (1 << 14)) >> 15
    return _int16(y + gains[at])


def _int32(x):
    return ((x + 0x80000000) & _WORD) - 0x80000000


def noise_reduction(model, step, out):
    """Channels of u32 to such with the noise taken off; the second input holds the estimates."""
    p = step.params
    channels = step.x[0].shape[-1]
    state = step.x[1].data
    gains = struct.unpack_from("<125h", model, p["gains"]) if p["gains"] else None
    for at in range(0, 4 * step.x[0].size, 4):
        i = at // 4 % channels
        x = struct.unpack_from("<I", step.x[0].data, at)[0]
        signal = x << p["smoothing_bits"] & _WORD
        estimate = signal * p["smoothing"][i & 1]
        estimate += struct.unpack_from("<I", state, 4 * i)[0] * p["one_minus_smoothing"][i & 1]
        estimate = (estimate & 0xFFFFFFFFFFFFFFFF) >> p["bits"] & _WORD
        noise = min(estimate, signal)
        if p["clamping"]:
            estimate = noise
        struct.pack_into("<I", state, 4 * i, estimate)
        least = (x * p["min_signal_remaining"] >> p["bits"]) & _WORD
        left = max((signal - noise) >> p["smoothing_bits"], least)
        if gains:
            # As a u32: what a hostile table makes negative wraps.
            left = (left * (_gain(gains, estimate) & _WORD) >> p["snr_shift"]) & _WORD
            # x^2 / 4 below 2, x - 1 from there on.
            left = left * left >> 20 if left < 8192 else (left >> 6) - 64
        struct.pack_into("<I", out, at, left)


def log_energies(model, step, out):
    """Natural logarithms of u32 as int16."""
    p = step.params
    for i in range(step.x[0].size):
        x = struct.unpack_from("<I", step.x[0].data, 4 * i)[0] << p["correction_bits"] & _WORD
        y = 0
        if x > 1:
            exponent = _bits(x) - 1
            fraction = x - (1 << exponent)
            fraction = fraction << 16 - exponent if exponent < 16 else fraction >> exponent - 16
            segment = fraction >> 9
            low = _EXCESS[segment]
            excess = low + ((_EXCESS[segment + 1] - low) * (fraction & 511) >> 16)
            log2 = (exponent << 16) + fraction + excess
            natural = (_LN_2 * log2 + 32768) >> 16
            y = ((p["output_scale"] * natural + 32768) & _WORD) >> 16
        struct.pack_into("<h", out, 2 * i, min(y, 32767))


def divide_features(model, step, out):
    """(x * multiplier + addend) / divisor + zero_point, within int8; all wraps at 32 bits."""
    p = step.params
    for i in range(step.x[0].size):
        x = struct.unpack_from("<h", step.x[0].data, 2 * i)[0]
        y = _int32(x * p["multiplier"] + p["addend"])
        y = -(-y // p["divisor"]) if y < 0 else y // p["divisor"]
        y = _int32(y + p["zero_point"])
        struct.pack_into("<b", out, i, min(max(y, -128), 127))
