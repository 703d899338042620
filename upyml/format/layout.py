"""The .upm file as one table: records, codes, limits and errors.

Everything that knows a field's place reads it here: encode.py, decode.py, and the C headers that `python -m
upyml.format.header` writes from it. SPEC.md explains each field in words. The records themselves stand in records.py, which
is all that a board with the engine in C needs.
"""

from upyml.format import ops_math, ops_recurrent, ops_signal, ops_stream, ops_wide
from upyml.format.fields import AXIS, CLAMPS, EXPONENTS, PAIR, SCALE, WEIGHTS, WINDOW
from upyml.format.records import (  # noqa: F401
    ARENA,
    CALLER,
    CONSTANT,
    DTYPES,
    FLOAT32,
    HEADER,
    INT8,
    INT16,
    INT32,
    KINDS,
    OP,
    STATE,
    TENSOR,
    UINT8,
)

MAGIC = b"UPYM"
FORMAT_VERSION = 2  # changes when an old reader would misread a new file
ENGINE_VERSION = 3  # the op set: a file names the least one it needs
CODED_VERSION = 2  # the least one that knows other codings of weights than INT8
FAMILIES_VERSION = 3  # the least one that knows ops of other families than BASE
ALIGN = 16  # bytes: weights start on such a boundary, so that they run in place from flash
MAX_RANK = 4
MAX_ELEMENTS = 1 << 28  # in one tensor; keeps every product in the engine within 31 bits
MAX_REACH = 65536  # rows or columns from the first to the last of a dilated kernel
MAX_SUMMED = 1 << 23  # elements an int32 can add up: 255 * 2^23 < 2^31
MAX_CLASSES = 4095  # of a softmax: its sum holds that many terms of 2^19
MAX_RESIZED = 32767  # rows or columns of a bilinear resize
MIN_SHIFT, MAX_SHIFT = -31, 30  # of a multiplier; positive is left
MAX_LEFT_SHIFT = 20  # of a sum's inputs
MAX_BITS = 32  # of an accumulator: its bound is then not known
MAX_FUSED = 16  # ops in a fused group
MAX_PAIRS = 16384  # of k, in an output channel of SPARSE weights: 4 * pair has 16 bits
MAX_CALLERS = 4  # inputs that lie in buffers of the caller's: the first ones

# How an op may go through its input when the output overlaps it.
ORDERS = ("DISJOINT", "FORWARD", "REVERSE", "PLANE")
DISJOINT, FORWARD, REVERSE, PLANE = range(4)

# How the weights of a CONV2D or FULLY_CONNECTED lie in the file.
CODINGS = ("INT8", "INT4", "SPARSE")
INT8_WEIGHTS, INT4_WEIGHTS, SPARSE_WEIGHTS = range(3)

_WINDOW = WINDOW + CLAMPS + (("coding", "B"), ("reserved", "B"))  # coding: of the weights, see CODINGS
_PAIRS = (("pairs", "I"),)  # SPARSE: the most pairs of any block of four channels

# Families of ops: of the op code the upper three bits. BASE is in every build; the others may be left out as a whole.
FAMILIES = ("BASE", "MATH", "RECURRENT", "STREAM", "SIGNAL", "WIDE")
FAMILY_SHIFT = 5

# name, and the op's own fields; the place in this tuple is the op code.
_BASE = (
    ("CONV2D", _WINDOW + WEIGHTS + _PAIRS),
    ("DEPTHWISE_CONV2D", _WINDOW + WEIGHTS + (("multiplier", "I"),)),  # output channels per input channel
    ("FULLY_CONNECTED", WEIGHTS + (("per_channel", "B"), ("coding", "B")) + CLAMPS + _PAIRS),
    ("MAX_POOL", _WINDOW),
    ("AVERAGE_POOL", _WINDOW),
    ("MEAN", AXIS + SCALE + CLAMPS + (("reserved", "B"),)),
    ("ADD", PAIR),
    ("SUB", PAIR),
    ("MUL", SCALE + CLAMPS + (("reserved", "B"),)),
    ("CONCATENATE", (("axis", "I"),)),
    ("PAD", (("before", "4I"), ("value", "i"))),
    ("RESHAPE", ()),
    ("TRANSPOSE", (("permutation", "4B"),)),
    ("STRIDED_SLICE", (("begin", "4i"), ("stride", "4i"))),
    ("TABLE", (("table", "I"),)),  # 256 bytes: the answer to q stands at q + 128
    ("SOFTMAX", EXPONENTS),
    ("QUANTIZE", ()),  # float32 to an integer type, by the output's scale and zero point
    ("DEQUANTIZE", ()),  # an integer type to float32, by the input's scale and zero point
    ("REQUANTIZE", (("multiplier", "i"), ("shift", "i"))),  # from one integer type to another
    ("ARGMAX", AXIS),
    ("RESIZE_NEAREST", (("rows", "I"), ("columns", "I"))),  # file offsets of u16 input row (column) of each output's
    ("RESIZE_BILINEAR", (("align_corners", "B"), ("half_pixel_centers", "B"), ("reserved", "H"))),
)

# Op code to name and fields, of all families.
OPS = dict(enumerate(_BASE))
for _ops in (ops_math.OPS, ops_recurrent.OPS, ops_stream.OPS, ops_signal.OPS, ops_wide.OPS):
    OPS.update(_ops)


def opcode(name):
    """The op code of an op's name."""
    for code, (known, _) in OPS.items():
        if known == name:
            return code
    raise ValueError("no op is called " + name)


(
    CONV2D,
    DEPTHWISE_CONV2D,
    FULLY_CONNECTED,
    MAX_POOL,
    AVERAGE_POOL,
    MEAN,
    ADD,
    SUB,
    MUL,
    CONCATENATE,
    PAD,
    RESHAPE,
    TRANSPOSE,
    STRIDED_SLICE,
    TABLE,
    SOFTMAX,
    QUANTIZE,
    DEQUANTIZE,
    REQUANTIZE,
    ARGMAX,
    RESIZE_NEAREST,
    RESIZE_BILINEAR,
) = range(22)

CODED = (CONV2D, FULLY_CONNECTED)  # whose weights have a coding

# name, and what to say; the engine answers -(1 + place in this tuple + 64 * number of the op or tensor).
ERRORS = (
    ("TOO_SHORT", "the file is cut short"),
    ("MAGIC", "this is not a .upm file"),
    ("VERSION", "the file has another format version"),
    ("SIZE", "the file's length is not the one it was written with: it is cut, or something was added"),
    ("CRC", "the file is damaged (its CRC-32 does not match)"),
    ("ENGINE", "the file needs a newer engine"),
    ("HEADER", "the header's fields contradict each other"),
    ("SECTION", "a section lies outside the file"),
    ("LINK", "a tensor number is out of range, or no tensor for the model's inputs or outputs"),
    ("TENSOR", "a tensor's record is not valid"),
    ("OPCODE", "this engine does not know the op"),
    ("ORDER", "the op cannot run in this order, or not in a fused group"),
    ("TOP", "a tensor lies above the op's top"),
    ("ARITY", "the op's inputs and outputs are wrong in number, or lie outside the links"),
    ("DTYPE", "the op does not take this number type"),
    ("SHAPE", "the op's shapes do not fit together"),
    ("PARAMS", "one of the op's parameters is out of range"),
    ("DATA", "the op's weights or tables lie outside the file's data, or not aligned"),
    ("ARENA", "the arena is too small"),
)
