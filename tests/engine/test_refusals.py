"""What format version 2 brought and a hostile file may get wrong: both checks refuse it by the same name."""

import numpy as np
import pytest
from group_models import random_group
from op_models import binary_params, random_op, window_op

import _upyml
from upyml import _reference
from upyml.format import check, decode, encode, layout
from upyml.format.explain import explain

SHAPE = (6, 4, 3)
SIZE = 6 * 4 * 3


def error(model):
    """(name of the error, number of the op, tensor or link) that both checks answer."""
    answer = _upyml.check(model)
    assert answer == check.check(model), "the checks differ"
    assert answer < 0, "passes"
    assert explain(answer, model)
    return layout.ERRORS[(-answer - 1) % 64][0], (-answer - 1) // 64


class Chain:
    """Four ops on images of one shape, 0 -> 1 -> 2 -> 3 -> 4; the middle two are a group and tensor 2 is a ring."""

    def __init__(self):
        rng = np.random.default_rng(0)
        codes = (layout.CONV2D, layout.CONV2D, layout.DEPTHWISE_CONV2D, layout.MAX_POOL)
        self.tensors = [{"kind": layout.ARENA, "dtype": layout.INT8, "shape": SHAPE, "scale": 1.0, "zero_point": 0,
                         "offset": number * SIZE, "ring_rows": 0} for number in range(5)]
        self.ops = [{"opcode": code, "order": layout.DISJOINT, "inputs": [number], "outputs": [number + 1],
                     "top": 5 * SIZE, "params": window_op(rng, code, SHAPE, same=True).params, "fused": 0, "strip": 0}
                    for number, code in enumerate(codes)]
        self.inputs, self.outputs, self.arena_size = [0], [4], 0
        self.fuse(1, 2)
        self.tensors[2]["ring_rows"] = 3

    def fuse(self, first, count, strip=1):
        self.ops[first]["fused"] = count
        for op in self.ops[first : first + count]:
            op["strip"] = strip

    def replace(self, number, opcode, inputs, params):
        self.ops[number].update(opcode=opcode, inputs=inputs, params=params)

    def encode(self):
        return encode.encode(self.tensors, self.ops, self.inputs, self.outputs, {}, arena_size=self.arena_size)


def test_the_chain_itself_passes():
    model = Chain().encode()
    assert _upyml.check(model) == check.check(model) == 5 * SIZE


def nested(chain):
    chain.ops[2]["fused"] = 2
    return "ORDER", 2


def nested_and_longer(chain):
    chain.fuse(0, 2)
    return "ORDER", 1


def past_the_end(chain):
    chain.ops[1]["fused"] = 4
    return "ORDER", 1


def of_one_op(chain):
    chain.ops[3].update(fused=1, strip=1)
    return "ORDER", 3


def of_255_ops(chain):
    chain.ops[0]["fused"] = 255
    return "ORDER", 0


def strip_0_in_a_group(chain):
    chain.ops[2]["strip"] = 0
    return "ORDER", 2


def strip_outside_a_group(chain):
    chain.ops[3]["strip"] = 1
    return "ORDER", 3


def ring_made_outside(chain):
    chain.ops[1].update(fused=0, strip=0)
    chain.fuse(2, 2)
    return "ORDER", 1


def ring_read_outside(chain):
    chain.ops[3]["inputs"] = [2]
    return "ORDER", 3


def ring_of_another_group(chain):
    chain.replace(3, layout.ADD, [2, 3], binary_params(np.random.default_rng(1), layout.ADD))
    chain.ops.append({**Chain().ops[0], "inputs": [3]})
    chain.fuse(3, 2)
    return "ORDER", 3


def ring_that_nothing_has_made_yet(chain):
    chain.ops[1]["inputs"] = [2]
    return "ORDER", 1


def ring_as_third_input_of_a_concatenate(chain):
    chain.tensors[4]["shape"] = (6, 4, 9)
    chain.tensors[4]["offset"] = 5 * SIZE
    chain.replace(3, layout.CONCATENATE, [0, 1, 2], {"axis": 2})
    for op in chain.ops:
        op["top"] = 8 * SIZE
    return "ORDER", 3


def ring_larger_than_the_image(chain):
    chain.tensors[2]["ring_rows"] = 7
    return "TENSOR", 2


def ring_of_rank_2(chain):
    chain.tensors[2]["shape"] = (6, 12)
    return "TENSOR", 2


def ring_of_rank_4(chain):
    chain.tensors[2]["shape"] = (6, 2, 2, 3)
    return "TENSOR", 2


def ring_of_constants(chain):
    chain.tensors[2].update(kind=layout.CONSTANT, data=bytes(SIZE))
    return "TENSOR", 2


def ring_with_the_caller(chain):
    chain.tensors[0].update(kind=layout.CALLER, offset=0, ring_rows=3)
    return "TENSOR", 0


def ring_as_input(chain):
    chain.inputs = [0, 2]
    return "LINK", 1


def ring_as_output(chain):
    chain.outputs = [4, 2]
    return "LINK", 2


def broadcast_add_in_a_group(chain):
    chain.tensors.append({**chain.tensors[0], "shape": (1, 1, 3)})
    chain.replace(2, layout.ADD, [2, 5], binary_params(np.random.default_rng(1), layout.ADD))
    return "ORDER", 2


def add_of_another_rank_in_a_group(chain):
    chain.tensors.append({**chain.tensors[0], "shape": (1, 6, 4, 3)})
    chain.replace(2, layout.ADD, [2, 5], binary_params(np.random.default_rng(1), layout.ADD))
    return "ORDER", 2


def add_of_another_shape_in_a_group(chain):
    chain.tensors.append({**chain.tensors[0], "shape": (4, 6, 3)})
    chain.replace(2, layout.ADD, [2, 5], binary_params(np.random.default_rng(1), layout.ADD))
    return "SHAPE", 2


def forward_in_a_group(chain):
    chain.ops[2]["order"] = layout.FORWARD
    return "ORDER", 2


def reverse_convolution_in_a_group(chain):
    chain.ops[1]["order"] = layout.REVERSE
    return "ORDER", 1


def plane_in_a_group(chain):
    chain.ops[2]["order"] = layout.PLANE
    return "ORDER", 2


def another_op_in_a_group(chain):
    chain.replace(2, layout.TABLE, [2], {"table": bytes(256)})
    return "ORDER", 2


def resize_in_a_group(chain):
    chain.replace(2, layout.RESIZE_BILINEAR, [2], {})
    return "ORDER", 2


def ring_above_the_top(chain):
    chain.ops[1]["top"] = 2 * SIZE + 3 * SIZE // 6 - 1
    return "TOP", 1


def arena_size_out_of_range(chain):
    chain.arena_size = 2 * layout.MAX_ELEMENTS + 1
    return "HEADER", 0


@pytest.mark.parametrize("change", [
    nested, nested_and_longer, past_the_end, of_one_op, of_255_ops, strip_0_in_a_group, strip_outside_a_group,
    ring_made_outside, ring_read_outside, ring_of_another_group, ring_that_nothing_has_made_yet,
    ring_as_third_input_of_a_concatenate, ring_larger_than_the_image, ring_of_rank_2, ring_of_rank_4, ring_of_constants,
    ring_with_the_caller, ring_as_input, ring_as_output, broadcast_add_in_a_group, add_of_another_rank_in_a_group,
    add_of_another_shape_in_a_group, forward_in_a_group, plane_in_a_group, another_op_in_a_group, resize_in_a_group,
    ring_above_the_top, arena_size_out_of_range,
])
def test_a_group_that_cannot_be_is_refused(change):
    chain = Chain()
    expected = change(chain)
    assert error(chain.encode()) == expected


def test_what_lies_at_the_limits_passes():
    for limit in (lambda chain: chain.tensors[2].update(ring_rows=6), lambda chain: chain.fuse(1, 2, strip=255),
                  lambda chain: chain.fuse(1, 3), lambda chain: chain.ops[1].update(top=2 * SIZE + 3 * SIZE // 6),
                  lambda chain: setattr(chain, "arena_size", 2 * layout.MAX_ELEMENTS)):
        chain = Chain()
        limit(chain)
        model = chain.encode()
        assert _upyml.check(model) == check.check(model) >= 0


@pytest.mark.parametrize("opcode", [layout.CONV2D, layout.DEPTHWISE_CONV2D, layout.FULLY_CONNECTED],
                         ids=["CONV2D", "DEPTHWISE_CONV2D", "FULLY_CONNECTED"])
@pytest.mark.parametrize("channel", [0, -1], ids=["first", "last"])
def test_accumulators_have_1_to_32_bits(opcode, channel):
    for bits, passes in ((0, False), (1, True), (32, True), (33, False), (128, False), (255, False)):
        rng = np.random.default_rng(2)
        op = random_op(rng, opcode)
        block = bytearray(op.params["channels"])
        channels = op.output[-1] + -op.output[-1] % 4
        shared = opcode == layout.FULLY_CONNECTED and not op.params["per_channel"]
        first = len(block) - (4 if shared else channels)  # of the bits, which stand last
        block[first if shared or channel == 0 else len(block) - 1] = bits
        op.params["channels"] = bytes(block)
        model = op.encode(rng)
        if passes:
            assert _upyml.check(model) == check.check(model) >= 0
        else:
            assert error(model) == ("PARAMS", 0)


def damaged_groups(rng, count):
    """Files with a group whose records were changed."""
    for _ in range(count):
        group = random_group(rng, most=5)
        model = group.encode(rings=group.least_rings())
        edge = decode.header(model)["vectors"]
        for _ in range(50):
            out = bytearray(model)
            for _ in range(int(rng.choice([1, 1, 2, 4]))):
                out[int(rng.integers(16, edge))] = int(rng.choice([0, 1, 2, 3, 4, 5, 16, 17, 127, 128, 255]))
            yield encode.seal(bytes(out))


def test_both_checks_give_the_same_answer_to_damaged_groups():
    answers = [(_upyml.check(model), check.check(model)) for model in damaged_groups(np.random.default_rng(3), 60)]
    assert all(c == python for c, python in answers)
    assert len({(-answer - 1) % 64 for answer, _ in answers if answer < 0}) > 8
    assert sum(answer >= 0 for answer, _ in answers) > 200


def test_python_runs_whatever_passes():
    """What no plan would say may give any numbers, but nothing else."""
    ran = 0
    for model in damaged_groups(np.random.default_rng(4), 20):
        head, size = decode.header(model), check.check(model)
        if size < 0:
            continue
        tensors = [decode.tensor(model, head, number) for number in range(head["tensor_count"])]
        small = max(size, *(decode.elements(tensor["shape"]) for tensor in tensors)) < 20000
        if small and not any(tensor["kind"] == layout.CALLER for tensor in tensors):
            _reference.Engine(model, bytearray(size)).run()
            ran += 1
    assert ran > 200
