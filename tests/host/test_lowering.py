"""Lowering of quantized graphs beyond what single .tflite ops reach: many axes, scattered axes, wide pads, views."""

import numpy as np
import pytest

import upyml
from host_tools import verify, writer
from host_tools.compare import best_engine
from host_tools.errors import ConversionError
from host_tools.graph import Graph, Op, Tensor
from host_tools.passes import tidy
from host_tools.passes.lower import lower
from host_tools.passes.order import order
from host_tools.passes.plan import plan


def int8(name, shape, scale=0.1, zero_point=3):
    """An int8 activation."""
    return Tensor(name, tuple(shape), "int8", scale, zero_point)


def program_of(kind, inputs, output, attrs):
    """The planned program of a graph with one op; constants among the inputs are not the model's."""
    graph = Graph([t for t in inputs if t.data is None], [output], [Op(kind, inputs, [output], attrs, kind)])
    return plan(order(lower(verify.graph(graph, "test", True))))


def run(program, *arrays):
    """The program's raw outputs for raw inputs."""
    verify.plan(program)
    model = upyml.load(writer.write(program, best_engine()))
    for view, values in zip(model.inputs, arrays):
        view[:] = memoryview(np.ascontiguousarray(values, np.int8).reshape(-1))
    model.run()
    outputs = [np.array(view).reshape(tensor.shape) for view, tensor in zip(model.outputs, program.outputs)]
    return outputs[0] if len(outputs) == 1 else outputs


def numbers(shape, seed=0):
    """Random int8 values."""
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


SHAPE5 = (2, 3, 1, 4, 5)


@pytest.mark.parametrize("perm", [(0, 1, 2, 4, 3), (4, 3, 2, 1, 0), (3, 0, 1, 2, 4), (1, 2, 0, 3, 4), (0, 1, 3, 2, 4)])
def test_transpose_of_five_axes(perm):
    x = numbers(SHAPE5)
    y = int8("y", [SHAPE5[i] for i in perm])
    np.testing.assert_array_equal(
        run(program_of("transpose", [int8("x", SHAPE5)], y, {"perm": perm}), x), x.transpose(perm)
    )


def test_transpose_of_too_many_axes_gets_a_sentence():
    shape = (2, 3, 2, 3, 2)
    perm = (4, 2, 0, 3, 1)
    with pytest.raises(ConversionError, match="at most four.*reshape"):
        program_of("transpose", [int8("x", shape)], int8("y", [shape[i] for i in perm]), {"perm": perm})


def test_moving_an_axis_of_one_costs_no_step():
    x, moved, y = int8("x", (4, 1, 3)), int8("m", (1, 4, 3)), int8("y", (1, 4, 3), 1 / 128, 0)
    graph = Graph([x], [y], [Op("transpose", [x], [moved], {"perm": (1, 0, 2)}), Op("tanh", [moved], [y])])
    assert [step.kind for step in lower(graph).steps] == ["TABLE"]


@pytest.mark.parametrize(
    "cut",
    [
        (slice(0, 1), slice(None), slice(None), slice(1, 3), slice(None)),
        (slice(None), slice(2, 3), slice(None), slice(None), slice(1, 5, 2)),
        (slice(1, 2), slice(None), slice(None), slice(None), slice(4, 1, -1)),
    ],
)
def test_slice_of_five_axes(cut):
    x = numbers(SHAPE5)
    begin, end, strides = zip(
        *((s.start or 0, n if s.stop is None else s.stop, s.step or 1) for s, n in zip(cut, SHAPE5))
    )
    y = int8("y", x[cut].shape)
    program = program_of("strided_slice", [int8("x", SHAPE5)], y, {"begin": begin, "end": end, "strides": strides})
    np.testing.assert_array_equal(run(program, x), x[cut])


def test_pad_of_five_axes():
    x = numbers(SHAPE5)
    before, after = (0, 1, 0, 0, 2), (0, 0, 0, 0, 1)
    y = int8("y", (2, 4, 1, 4, 8))
    program = program_of("pad", [int8("x", SHAPE5)], y, {"before": before, "after": after, "value": 0.2})
    np.testing.assert_array_equal(run(program, x), np.pad(x, tuple(zip(before, after)), constant_values=5))


@pytest.mark.parametrize("other", [(5,), (2, 1, 1, 4, 5), (3, 1, 1, 1), (2, 3, 1, 4, 1)])
def test_broadcast_over_five_axes(other):
    a, b = numbers(SHAPE5), numbers(other, 1)
    y = int8("y", SHAPE5, 0.2, 0)
    found = run(program_of("add", [int8("a", SHAPE5), int8("b", other)], y, {}), a, b)
    exact = ((a.astype(float) - 3) + (b.astype(float) - 3)) * 0.5
    assert np.abs(found - np.clip(exact, -128, 127)).max() <= 1


@pytest.mark.parametrize("axes", [(0, 2), (0, 1, 2), (1,), (0,), (2,)])
def test_mean_over_any_axes(axes):
    x = numbers((4, 5, 6))
    y = int8("y", [n for i, n in enumerate(x.shape) if i not in axes])
    found = run(program_of("mean", [int8("x", x.shape)], y, {"axes": axes}), x)
    assert np.abs(found - x.astype(float).mean(axis=axes)).max() <= 0.76  # rounded twice


def test_a_pad_wider_than_the_window_becomes_a_pad_of_its_own():
    """Windows that see nothing but padding: the engine wants none of them."""
    w = Tensor("w", (2, 3, 3, 1), "int8", 0.01, 0, numbers((2, 3, 3, 1), 1).clip(-127))
    attrs = {"stride": (1, 1), "dilation": (1, 1), "padding": (4, 3, 0, 5), "activation": None}
    wide = program_of("conv2d", [int8("x", (5, 6, 1)), w], int8("y", (10, 9, 2), 0.05), attrs)
    assert [step.kind for step in wide.steps] == ["PAD", "CONV2D"]
    x = numbers((5, 6, 1))
    padded = np.pad(x, ((4, 3), (0, 5), (0, 0)), constant_values=3)
    plain = program_of(
        "conv2d", [int8("x", padded.shape), w], int8("y", (10, 9, 2), 0.05), attrs | {"padding": (0, 0, 0, 0)}
    )
    np.testing.assert_array_equal(run(wide, x), run(plain, padded))


def test_a_pad_before_a_convolution_is_fused_only_where_that_changes_nothing():
    def graph(value=0.0, channels=(0, 0), kernel=3):
        x = int8("x", (6, 6, 2))
        padded = int8("p", (8, 8, 2 + sum(channels)))
        w = Tensor(
            "w",
            (1, kernel, kernel, padded.shape[2]),
            "int8",
            0.01,
            0,
            np.ones((1, kernel, kernel, padded.shape[2]), np.int8),
        )
        attrs = {"stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0)}
        y = int8("y", (9 - kernel, 9 - kernel, 1))
        pad = Op("pad", [x], [padded], {"before": (1, 1, channels[0]), "after": (1, 1, channels[1]), "value": value})
        return verify.graph(Graph([x], [y], [pad, Op("conv2d", [padded, w], [y], attrs)]), "test", True)

    assert len(tidy.fuse_padding(graph()).ops) == 1
    for kept in (graph(value=1.0), graph(channels=(0, 1)), graph(kernel=1)):
        assert len(tidy.fuse_padding(kept).ops) == 2


def test_a_pool_of_another_scale_is_rescaled_by_a_table():
    x = numbers((4, 4, 2))
    y = int8("y", (2, 2, 2), 0.2, -10)
    attrs = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0, 0, 0)}
    program = program_of("max_pool", [int8("x", x.shape)], y, attrs)
    assert [step.kind for step in program.steps] == ["MAX_POOL", "TABLE"]
    exact = (x.reshape(2, 2, 2, 2, 2).max(axis=(1, 3)).astype(float) - 3) * 0.5 - 10
    assert np.abs(run(program, x) - exact).max() <= 0.5


def test_a_model_that_only_reshapes_still_has_an_op():
    x = numbers((2, 6))
    program = program_of("reshape", [int8("x", (2, 6))], int8("y", (3, 4)), {})
    np.testing.assert_array_equal(run(program, x), x.reshape(3, 4))


def test_an_op_nobody_reads_is_dropped():
    x, y, z = int8("x", (4,)), int8("y", (4,)), int8("z", (4,), 1 / 128, 0)
    graph = Graph([x], [z], [Op("relu", [x], [y]), Op("tanh", [x], [z])])
    assert [op.kind for op in tidy.drop_unused(graph).ops] == ["tanh"]


def test_scales_that_no_multiplier_holds_get_a_sentence():
    with pytest.raises(ConversionError, match="too far apart"):
        program_of("mul", [int8("a", (4,), 1e10), int8("b", (4,), 1e10)], int8("y", (4,), 1e-10), {})


def test_prescribed_scales_are_asked_for():
    for kind, sentence in (("logistic", "0.00390625 and zero point -128"), ("tanh", "0.0078125 and zero point 0")):
        with pytest.raises(ConversionError, match=sentence):
            program_of(kind, [int8("x", (4,))], int8("y", (4,)), {})


BROKEN = {
    "an unknown kind": (Op("magic", [int8("x", (4,))], [int8("y", (4,))]), "not in ops.py"),
    "a missing attribute": (Op("mean", [int8("x", (4,))], [int8("y", ())]), "lacks"),
    "an unknown attribute": (Op("relu", [int8("x", (4,))], [int8("y", (4,))], {"alpha": 1}), "unknown attributes"),
    "too many inputs": (Op("relu", [int8("x", (4,))] * 2, [int8("y", (4,))]), "has 2 inputs"),
    "a wrong shape": (Op("relu", [int8("x", (4,))], [int8("y", (5,))]), r"makes \(5,\), not \(4,\)"),
    "no scale": (Op("relu", [int8("x", (4,))], [int8("y", (4,), None)]), "has scale None"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_graph_checker_names_the_pass_the_op_and_the_rule(what):
    op, rule = BROKEN[what]
    with pytest.raises(verify.GraphError, match=f"after some_pass, op 0 .*{rule}"):
        verify.graph(Graph([op.inputs[0]], op.outputs, [op]), "some_pass", True)


def test_the_graph_checker_wants_running_order():
    x, y, z = int8("x", (4,)), int8("y", (4,)), int8("z", (4,))
    late = Graph([x], [z], [Op("relu", [y], [z]), Op("relu", [x], [y])])
    with pytest.raises(verify.GraphError, match="before it is made"):
        verify.graph(late, "a", True)
    with pytest.raises(verify.GraphError, match="nothing makes the output"):
        verify.graph(Graph([x], [z], [Op("relu", [x], [y])]), "a", True)
