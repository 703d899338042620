"""Small random models of the ops of the family SIGNAL, see op_models.py."""

import op_models as base

from upyml.format import layout, ops_signal
from upyml.twiddles import twiddles


def _rfft(rng, opcode):
    """Rows of samples; now and then fewer than points, and a table of anything: the check does not look at it."""
    points = 16 << base._int(rng, 0, 3)
    samples = points if rng.random() < 0.7 else base._int(rng, 1, points)
    table = bytes(twiddles(points)) if rng.random() < 0.8 else rng.bytes(points // 2 * 5)
    rows = base._int(rng, 1, 3)
    return base.OneOp(opcode, [(rows, samples)], (rows, points // 2 + 1, 2), {"points": points, "twiddles": table},
                 [layout.INT16, layout.INT16])


def _spectrum(rng, opcode):
    shape = (base._int(rng, 1, 3), base._int(rng, 1, 20))
    made = layout.INT32 if opcode == ops_signal.POWER else layout.INT16
    return base.OneOp(opcode, [shape + (2,)], shape, {}, [layout.INT16, made])


def _samples(rng, counts):
    """A shape of so many samples, of one channel or more."""
    channels = base._int(rng, 1, 3)
    return ((counts, channels), channels) if channels > 1 or rng.random() < 0.5 else ((counts,), 1)


def _biquad(rng, opcode):
    """Sections of any factors: some of them swing without end."""
    shape, channels = _samples(rng, base._int(rng, 1, 12))
    sections = base._int(rng, 1, 3)
    factors = rng.integers(-32768, 32768, 5 * sections).astype("<i2").tobytes()
    return base.OneOp(opcode, [shape, (channels, sections, 5)], shape, {"sections": sections, "factors": factors},
                      [layout.INT16] * 3, states=[1])


def _fir(rng, opcode):
    up, down = base._int(rng, 1, 4), base._int(rng, 1, 4)
    outputs = base._int(rng, 1, 3) * up
    shape, channels = _samples(rng, outputs * down // up)
    taps = base._int(rng, 1, 16)
    params = {"up": up, "down": down, "taps": taps, "coefficients": rng.integers(-32768, 32768, taps).astype("<i2").tobytes()}
    kept = ops_signal.history(taps, up)
    states = [(kept, channels)] if kept else []
    return base.OneOp(opcode, [shape] + states, (outputs,) + shape[1:], params, [layout.INT16] * (2 + len(states)),
                      states=[1] if kept else [])


def _statistics(rng, opcode):
    outer, count, inner = base._int(rng, 1, 3), base._int(rng, 1, 20), base._int(rng, 1, 3)
    which = base._int(rng, 1, 255)
    dtypes = [int(rng.choice([layout.INT8, layout.INT16])), int(rng.choice([layout.INT16, layout.INT32]))]
    params = {"outer": outer, "count": count, "inner": inner, "which": which}
    return base.OneOp(opcode, [(outer, count, inner)], (outer, which.bit_count(), inner), params, dtypes)


MAKERS = (
    ((ops_signal.BIQUAD,), _biquad),
    ((ops_signal.FIR,), _fir),
    ((ops_signal.STATISTICS,), _statistics),
    ((ops_signal.RFFT,), _rfft),
    ((ops_signal.POWER, ops_signal.MAGNITUDE), _spectrum),
)
