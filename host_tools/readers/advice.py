"""What to use instead of a Keras layer, or an op of a .tflite file, that upyml does not have: one table of each."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_WINDOWS = "Use Conv1D layers over a window of samples"
_STRINGS = (
    "A board has no strings: look words up in your program, and give the model their numbers, one-hot or as vectors"
)
_BEFORE = "Do it in your program, before the model, and let the model begin behind it"
_THREE = "Put depth or time into the channels (Reshape), and use the layer of one or two dimensions"
_NORM = "Use BatchNormalization: it costs nothing in a converted model"

# A Keras layer that upyml may lack, to advice; only read where it does.
ADVICE = {
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), f"{_WINDOWS}, or Conv2D layers over frames as channels"),
    **dict.fromkeys(
        (
            "Conv3D", "Conv3DTranspose", "MaxPooling3D", "AveragePooling3D", "GlobalMaxPooling3D",
            "GlobalAveragePooling3D", "AdaptiveMaxPooling3D", "AdaptiveAveragePooling3D", "UpSampling3D",
            "ZeroPadding3D", "Cropping3D", "SpatialDropout3D",
        ),
        _THREE,
    ),
    "GroupNormalization": _NORM,
    "SpectralNormalization": "Take the layer out of it (its .layer) after training",
    "Lambda": "Use layers of Keras: the Python code of a Lambda layer cannot be converted",
    "TFSMLayer": "Use the layers of Keras that the SavedModel in it was made from",
    "Masking": "Give the model windows of full length",
    **dict.fromkeys(("StringLookup", "TextVectorization", "HashedCrossing"), _STRINGS),
    **dict.fromkeys(("IntegerLookup", "Hashing", "Discretization"), _BEFORE),
    "CategoryEncoding": "Give the model the one-hot vectors as its input",
    **dict.fromkeys(("Resizing", "CenterCrop"), _BEFORE),
    **dict.fromkeys(("LocallyConnected1D", "LocallyConnected2D"), "Use Conv1D or Conv2D"),
}

_FFT = "Make the spectrum in your program, and give the model that"
_ROWS = "Use tf.gather, or give the model the vectors as its input"
_CONTROL = "A board runs the ops of a model once, in order: unroll the loop, or put the decision into your program"

# An op of a .tflite file that upyml may lack, to advice.
TFLITE_ADVICE = {
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), _THREE),
    **dict.fromkeys(("RFFT2D", "COMPLEX_ABS", "REAL", "IMAG"), _FFT),
    **dict.fromkeys(("WHILE", "IF", "CALL", "STABLEHLO_WHILE", "STABLEHLO_CASE"), _CONTROL),
    **dict.fromkeys(("HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "HASHTABLE_LOOKUP"), _STRINGS),
    **dict.fromkeys(("EMBEDDING_LOOKUP", "EMBEDDING_LOOKUP_SPARSE"), _ROWS),
    "DENSIFY": "Convert the model without sparse weights: upyml stores zeros in few bytes by itself",
}

HELP = "`upyml convert --help` lists the layers that can be used"
_OTHER_OP = "Change the model to use another layer there (`upyml convert --help` lists the ops)"


def unsupported(kind: str, known: Collection[str]) -> str:
    """What to say of a Keras layer that is not among the known kinds: those that are near, and advice."""
    close = near(kind, known)
    has = f": upyml has {' and '.join(close)}" if close else ""
    return f"is not supported{has}. {ADVICE.get(kind, HELP)}."


def near(kind: str, known: Collection[str]) -> list[str]:
    """Known layers of other dimensions, or else of nearly the same name; at most three, sorted."""
    stem = kind.removesuffix("1D").removesuffix("2D").removesuffix("3D")
    same = [name for name in known if name != kind and name[:-2] == stem and name[-2:] in ("1D", "2D", "3D")]
    return sorted(same or difflib.get_close_matches(kind, list(known), n=3, cutoff=0.75))[:3]


def unknown_op(name: str) -> str:
    """What to say of a .tflite op that upyml does not have; custom ops are named `CUSTOM Name`."""
    if name.startswith("CUSTOM Flex"):
        return (
            f"is not known to upyml: it is TensorFlow's own {name.removeprefix('CUSTOM Flex')} (SELECT_TF_OPS), which no "
            "board has. Use another layer there, so that the converter needs TFLITE_BUILTINS alone."
        )
    if name.startswith("CUSTOM "):
        return (
            "is not known to upyml: a custom op is code that is not in the file. Use another layer there, so that the "
            "converter needs no allow_custom_ops."
        )
    return f"is not known to upyml. {TFLITE_ADVICE.get(name, _OTHER_OP)}."
