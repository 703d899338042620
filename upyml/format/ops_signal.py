"""Signal processing: from samples to features: op codes from 128 on, see layout.py."""

from upyml.format import ops_sound
from upyml.format.fields import AXIS

RFFT, POWER, MAGNITUDE, BIQUAD, FIR, STATISTICS = range(128, 134)

LEAST_POINTS, MOST_POINTS = 16, 2048  # of an FFT
FACTORS = STATES = 5  # int16 of a second-order section
MOST_SAMPLES = 32767  # in a window of which statistics are made

# What STATISTICS tells, in this order: bit i of its field `which` asks for number i.
KNOWN = ("mean", "variance", "deviation", "rms", "least", "greatest", "peak", "crossings")

# Op code to name and fields.
OPS = {
    RFFT: ("RFFT", (("points", "H"), ("reserved", "H"), ("twiddles", "I"))),
    POWER: ("POWER", ()),
    MAGNITUDE: ("MAGNITUDE", ()),
    BIQUAD: ("BIQUAD", (("sections", "H"), ("reserved", "H"), ("factors", "I"))),
    FIR: ("FIR", (("up", "H"), ("down", "H"), ("taps", "H"), ("reserved", "H"), ("coefficients", "I"))),
    STATISTICS: ("STATISTICS", AXIS + (("which", "I"),)),
}
OPS.update(ops_sound.OPS)


def history(taps, up):
    """Samples of each channel that a FIR remembers."""
    return (taps + up - 1) // up - 1
