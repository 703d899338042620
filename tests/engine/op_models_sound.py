"""Small random models of MEL_ENERGIES and its kin, see op_models.py."""

import numpy as np
import op_models as base

from upyml.format import layout, ops_sound
from upyml.twiddles import twiddles


def _mel_energies(rng, opcode):
    """Frames of noise, now and then at full scale; bands anywhere."""
    points = 16 << base._int(rng, 0, 2)
    frame, hop, frames = base._int(rng, 1, points), base._int(rng, 1, 20), base._int(rng, 1, 3)
    channels, bins = base._int(rng, 1, 4), points // 2 + 1
    widths = [base._int(rng, 0, min(5, bins)) for _ in range(channels + 1)]
    starts = [base._int(rng, 0, bins - width) for width in widths]
    weights = rng.integers(0, 4097, (sum(widths), 2)) if rng.random() < 0.8 else rng.integers(-32768, 32768, (sum(widths), 2))
    bands = np.stack([starts, widths], 1).astype("<u2").tobytes() + weights.astype("<i2").tobytes()
    first = base._int(rng, 0, bins)
    params = {
        "points": points, "frame": frame, "hop": hop, "channels": channels, "first_bin": first,
        "end_bin": base._int(rng, first, bins), "window_shift": base._int(rng, 8, 15), "weight_count": sum(widths),
        "window": rng.integers(-32768, 32768, frame).astype("<i2").tobytes(),
        "twiddles": bytes(twiddles(points)), "bands": bands,
    }  # fmt: skip
    samples = frame + hop * (frames - 1) + base._int(rng, 0, hop - 1)
    return base.OneOp(opcode, [(samples,)], (frames, channels), params, [layout.INT16, layout.INT32])


def _noise_reduction(rng, opcode):
    frames, channels, bits = base._int(rng, 1, 4), base._int(rng, 1, 5), 14
    smoothing = [base._int(rng, 0, 1 << bits) for _ in range(2)]
    params = {
        "smoothing": tuple(smoothing), "one_minus_smoothing": tuple((1 << bits) - s for s in smoothing),
        "min_signal_remaining": base._int(rng, 0, 1 << bits), "bits": bits, "smoothing_bits": base._int(rng, 0, 10),
        "clamping": base._int(rng, 0, 1), "snr_shift": base._int(rng, 0, 20),
    }  # fmt: skip
    if rng.random() < 0.7:
        params["gains"] = rng.integers(-32768, 32768, ops_sound.GAINS).astype("<i2").tobytes()
    shape = (frames, channels)
    return base.OneOp(opcode, [shape, (channels,)], shape, params, [layout.INT32] * 3, constant=0, states=[1])


def _log_energies(rng, opcode):
    shape = (base._int(rng, 1, 3), base._int(rng, 1, 9))
    params = {"output_scale": base._int(rng, 1, 1000), "correction_bits": base._int(rng, 0, 5)}
    return base.OneOp(opcode, [shape], shape, params, [layout.INT32, layout.INT16], constant=0)


def _divide_features(rng, opcode):
    shape = (base._int(rng, 1, 3), base._int(rng, 1, 9))
    params = {
        "multiplier": base._int(rng, -300, 300), "addend": base._int(rng, -1000, 1000),
        "divisor": base._int(rng, 1, 700), "zero_point": base._int(rng, -128, 127),
    }  # fmt: skip
    if rng.random() < 0.2:  # where it wraps
        params |= {"multiplier": base._int(rng, -(1 << 31), (1 << 31) - 1), "addend": -(1 << 31)}
    return base.OneOp(opcode, [shape], shape, params, [layout.INT16, layout.INT8])


MAKERS = (
    ((ops_sound.MEL_ENERGIES,), _mel_energies),
    ((ops_sound.NOISE_REDUCTION,), _noise_reduction),
    ((ops_sound.LOG_ENERGIES,), _log_energies),
    ((ops_sound.DIVIDE_FEATURES,), _divide_features),
)
