"""How many bits the weights of each layer get: 8, or 4 for a convolution or a dense layer.

The choice stands in the attribute `weight_bits` of float ops until they are quantized; after that the integers alone
tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op
from host_tools.passes import rewire

CHOICES = (4, 8)
LARGEST = {4: 7, 8: 127}  # the largest magnitude of a weight

Bits = int | Mapping[str, int]


def layer_of(op: Op) -> str:
    """The name of the Keras layer that an op's weights are from; the parts of one layer bear the same."""
    return op.inputs[1].name.split("/")[0]


def takes_four(op: Op) -> bool:
    """Whether the engine has 4-bit weights for the op."""
    return op.kind in ("conv2d", "fully_connected", "conv2d_transpose")


def check(bits: Any) -> None:
    """ConversionError unless it is 4, 8, or a dict of these by layer."""
    named = bits.items() if isinstance(bits, Mapping) else [("", bits)]
    for name, count in named:
        if isinstance(count, bool) or count not in CHOICES:
            where = f" of layer {name}" if name else ""
            raise ConversionError(f"the weights{where} cannot have {count!r} bits: give 4 or 8")


def set_bits(graph: Graph, bits: Bits = 8) -> Graph:
    """A float graph whose ops with weights know how many bits these get.

    bits: 4 or 8 for all that can have them (depthwise layers keep 8), or by name of layer, 8 where none is given.
    ConversionError for another number, a name that no layer with weights has, or 4 for a depthwise layer.
    """
    check(bits)
    graph = rewire.copy(graph)
    ops = [op for op in graph.ops if op.kind in rewire.WEIGHTED]
    if isinstance(bits, Mapping):
        _check_names({layer_of(op) for op in ops}, {layer_of(op) for op in ops if takes_four(op)}, bits)
    for op in ops:
        count = bits.get(layer_of(op), 8) if isinstance(bits, Mapping) else bits
        if count != 8 and takes_four(op):
            op.attrs["weight_bits"] = count
    return graph


def _check_names(all_: set[str], able: set[str], bits: Mapping[str, int]) -> None:
    for name, count in bits.items():
        if name not in all_:
            raise ConversionError(
                f"bits: there is no layer {name!r} with weights; those there are: {', '.join(sorted(all_)) or 'none'}"
            )
        if count == 4 and name not in able:
            raise ConversionError(f"bits: layer {name} is depthwise, and such weights have 8 bits: leave it out")
