"""Recurrent layers: op codes from 64 on, see layout.py."""

LSTM, GRU, SIMPLE_RNN = range(64, 67)

# Functions of a value: `activation` of what a step brings and of an LSTM's cell, `gate` of gates.
ACTIVATIONS = ("SIGMOID", "TANH", "HARD_SIGMOID", "RELU", "LINEAR")
SIGMOID, TANH, HARD_SIGMOID, RELU, LINEAR = range(5)

TABLE_BYTES = 512  # u16[256], see SPEC.md
MIN_CELL_SHIFT, MAX_CELL_SHIFT = -15, 12

_MATRICES = (
    ("weights", "I"),  # of the input: units of each gate one after another
    ("channels", "I"),
    ("recurrent_weights", "I"),  # of the hidden state
    ("recurrent_channels", "I"),
    ("table", "I"),
    ("backwards", "B"),  # the last step is the first one
    ("mirrored", "B"),  # the first step's output stands last
    ("activation", "B"),
    ("gate", "B"),
    ("hidden_multiplier", "i"),
    ("hidden_shift", "b"),
    ("gate_shift", "B"),  # gates' sums are in 2^gate_shift / 4096
)

OPS = {  # op code: (name, fields)
    LSTM: (
        "LSTM",
        _MATRICES + (("update_shift", "b"), ("cell_shift", "b"), ("update_multiplier", "i"), ("clip", "H")),
    ),
    GRU: ("GRU", _MATRICES + (("reset_after", "B"),)),
    SIMPLE_RNN: ("SIMPLE_RNN", _MATRICES),
}

GATES = {LSTM: 4, GRU: 3, SIMPLE_RNN: 1}  # times units: a matrix's output channels
NAMES = tuple([name for name, _ in OPS.values()])
