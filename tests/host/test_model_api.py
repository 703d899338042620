"""upyml.load and Model on CPython, with both engines; tests/device has what must be the same on boards."""

import array
import ast
import struct
import zlib

import numpy as np
import pytest
import small_models
import upyml
from runtimes import ROOT
from upyml import _reference
from upyml.format import check, layout

ENGINES = {"native": None, "python": _reference}


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


@pytest.fixture
def model(engine):
    return upyml.load(small_models.gesture(), engine)


def test_import_alone_takes_no_model_code():
    import subprocess
    import sys

    code = "import sys, upyml; print([name for name in sys.modules if name.startswith('upyml.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['upyml.errors']"


def test_the_stub_of_the_engine_names_what_it_has():
    import _upyml

    from upyml._reference import samples  # those on samples, apart from the engine

    def public(names):
        return {name for name in names if not name.startswith("_")}

    body = ast.parse((ROOT / "ports" / "cpython" / "_upyml-stubs" / "__init__.pyi").read_text()).body
    named = {node.target.id if isinstance(node, ast.AnnAssign) else node.name: node for node in body
             if not isinstance(node, ast.ImportFrom)}
    assert set(named) == public(dir(_upyml))
    assert public(node.name for node in named["Engine"].body) == public(dir(_upyml.Engine))
    assert set(named) <= {*dir(_reference), *dir(samples)} and public(dir(_upyml.Engine)) == public(dir(_reference.Engine))


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int8", "uint8", "int64"])
@pytest.mark.parametrize("shape", [(192,), (32, 6), (1, 32, 6)])
def test_predict_takes_numpy_arrays_of_any_type_and_shape(model, kind, shape):
    x = np.arange(192).reshape(shape).astype(kind) / (32 if kind.startswith("float") else 1)
    expected = model.predict([float(value) for value in x.reshape(-1)])
    assert model.predict(x.astype(kind)) == expected
    assert model.predict(np.asfortranarray(x)) == expected
    assert model.predict(x.tolist()) == expected


def test_predict_answers_real_values(model):
    """Softmax: scale 1/256, zero point -128, so the raw value + 128 counts 256ths."""
    answer = model.predict(np.linspace(-3, 3, 192))
    assert isinstance(answer, array.array) and answer.typecode == "f"
    assert list(answer) == [(raw + 128) / 256 for raw in model.output]
    assert sum(answer) == pytest.approx(1, abs=0.02)


def test_predict_takes_views_with_several_axes_and_arrays_of_objects(model):
    x = np.arange(192, dtype=np.float32).reshape(32, 6) / 32
    expected = model.predict(x)
    assert model.predict(memoryview(x)) == expected
    assert model.predict(x.astype(object)) == expected


def with_none():
    x = np.zeros((32, 6), object)
    x[20, 3] = None
    return x


@pytest.mark.parametrize(
    "x, received",
    [
        (with_none(), "NoneType at place 123"),
        ([0] * 7 + [b"ab", [1, [2, "3"]]], "str at place 11"),
        (np.zeros(192, complex), "ndarray"),
        (np.zeros(192, "U1"), "ndarray"),
        (np.zeros(192, "M8[s]"), "ndarray"),
        (memoryview(b"a").cast("B", ()), "memoryview"),
        (dict.fromkeys(range(192)).keys(), "dict_keys"),
        (frozenset(range(192)), "frozenset"),
        ([10**400] * 192, "int at place 0"),
    ],
)
def test_what_is_no_number_is_named_with_its_place(model, x, received):
    with pytest.raises(upyml.ModelError, match=f"takes numbers in shape .*, received {received}$"):
        model.predict(x)


def test_only_what_has_to_be_converted_gets_a_buffer(model):
    numbers = array.array("f", [0.5] * 192)
    first = model.predict(numbers)
    assert model._floats == [None]
    assert model.predict([0.5] * 192) == first
    assert model._floats == [numbers]


def test_inputs_are_rounded_half_away_from_zero_and_clamped(engine):
    b = small_models.Builder()
    x = b.tensor((7,), 0.5, 3)
    y = b.tensor((7,), 0.5, 3)
    model = upyml.load(b.file([x], [b.op(layout.RESHAPE, [x], y)]), engine)
    model.predict([0, 0.25, -0.25, 0.2499, 1000, -1000, float("nan")])
    assert list(model.output) == [3, 4, 2, 3, 127, -128, 3]
    assert model.predict([float("inf")] * 7)[0] == 0.5 * (127 - 3)


def test_classify_answers_the_first_of_equals(model):
    model.predict([0] * 192)
    label, score = model.classify(np.linspace(-3, 3, 192))
    answer = model.predict(np.linspace(-3, 3, 192))
    assert score == max(answer)
    assert label == ("rest", "shake", "turn", "tap")[list(answer).index(max(answer))]


def test_classify_without_labels_answers_numbers(engine):
    model = upyml.load(small_models.gesture(metadata={}), engine)
    assert model.labels == ()
    label, score = model.classify([1.0] * 192)
    assert isinstance(label, int) and 0 <= score <= 1


@pytest.mark.parametrize("raw, label, score", [(127, "yes", 255 / 256), (0, "yes", 0.5), (-1, "no", 1 - 127 / 256)])
def test_one_output_value_is_the_score_of_the_second_label(engine, raw, label, score):
    b = small_models.Builder()
    x, y = b.tensor((1,), 1 / 256, -128), b.tensor((1,), 1 / 256, -128)
    model = upyml.load(b.file([x], [b.op(layout.RESHAPE, [x], y)], {"labels": "no\nyes"}), engine)
    assert model.classify([(raw + 128) / 256]) == (label, score)


@pytest.mark.parametrize("labels", ["", "one", "one\ntwo\nthree"])
def test_one_output_value_without_two_labels_is_answered_by_number(engine, labels):
    b = small_models.Builder()
    x, y = b.tensor((1,), 1 / 256, -128), b.tensor((1,), 1 / 256, -128)
    model = upyml.load(b.file([x], [b.op(layout.RESHAPE, [x], y)], {"labels": labels} if labels else {}), engine)
    assert model.classify([0.75]) == (1, 0.75)
    assert model.classify([0.25]) == (0, 0.75)


def not_utf8(key, value):
    """The gesture model with a text in which each "?" has become a byte that is not UTF-8."""
    data = bytearray(small_models.gesture(metadata={"name": "g", key: value}))
    data[data.index(value.encode()) + value.index("?")] = 0xFF
    data[12:16] = struct.pack("<I", zlib.crc32(data[16:], zlib.crc32(data[:12])))
    return data


def test_a_text_that_is_not_utf8_is_only_missed_where_it_is_needed(engine):
    model = upyml.load(not_utf8("labels", "a\nb?\nc\nd"), engine)
    assert len(model.predict([0] * 192)) == 4
    for ask in (lambda: model.labels, lambda: model.metadata, lambda: model.classify([0] * 192), lambda: str(model)):
        with pytest.raises(upyml.ModelError, match="the metadata of the model is not UTF-8"):
            ask()
    with pytest.raises(upyml.ModelError, match="the metadata of the model is not UTF-8"):
        upyml.load(not_utf8("inputs", "x?x"), engine)


def test_metadata_is_all_of_the_texts(engine):
    texts = {"name": "gesture", "a": "", "é": "ü\n€", "labels": "a\nb\nc\nd"}
    model = upyml.load(small_models.gesture(metadata=texts), engine)
    assert model.metadata == texts
    assert [model._text(key) for key in texts] == list(texts.values())
    assert model._text("nam") is None and model._text("names", "no") == "no"
    assert model.labels is model.labels


@pytest.mark.parametrize("key", ["hop", "window"])
@pytest.mark.parametrize("value", ["0", "-3", "2.7", "nan", "8 samples", ""])
def test_a_stream_takes_no_wrong_number_from_the_file(engine, key, value):
    model = upyml.load(small_models.gesture(metadata={key: value}), engine)
    with pytest.raises(upyml.ModelError, match=f"{key} must be a whole number of samples above 0, received '{value}'"):
        model.stream()
    assert model.stream(hop=8, window=32).hop == 8


def test_details_stand_beside_the_views(model):
    (details,) = model.input_details
    assert (details.name, details.shape, details.dtype, details.size) == ("input0", (32, 6), "int8", 192)
    assert details.scale == pytest.approx(0.05)
    assert details.zero_point == 3
    assert model.input is model.inputs[0] and len(model.input) == 192
    assert model.output is model.outputs[0] and model.output.format == "b"


def test_input_and_output_are_the_arena_itself(model):
    model.input[:] = bytes(192) if model.input.format == "B" else array.array("b", bytes(192))
    model.run()
    first = bytes(model.output)
    model.input[5] = 100
    model.run()
    assert bytes(model.output) != first


def test_reset_clears_the_state(engine):
    """A state tensor of 16 bytes that the only op writes: y = x + state would be a recurrent layer's."""
    b = small_models.Builder()
    x = b.tensor((16,), 0.05, 0)
    b.tensors.append({"kind": layout.STATE, "dtype": layout.INT8, "shape": (16,), "scale": 0.05, "zero_point": 0,
                      "offset": 0})
    y = b.tensor((16,), 0.05, 0)
    b.op(layout.RESHAPE, [1], y)
    b.op(layout.RESHAPE, [x], 1)
    data = small_models.encode.encode(b.tensors, b.ops, [x], [y], {}, state_size=16)
    model = upyml.load(data, engine)
    seen = []
    for value in (1, 2, 3):
        seen.append(model.predict([value / 20] * 16)[0] * 20)
    model.reset()
    seen.append(model.predict([0] * 16)[0] * 20)
    assert seen == pytest.approx([0, 1, 2, 0])


def test_a_state_begins_at_its_zero_point(engine):
    """As load() leaves it and as reset() does, whatever the state's number type."""
    model = upyml.load(small_models.delay(), engine)
    for _ in range(2):
        model.run()
        assert list(model.outputs[0]) == [5] * 70 and list(model.outputs[1]) == [300] * 9
        for view in model.inputs:
            view[:] = array.array(view.format, [7] * len(view))
        model.run()
        model.run()
        assert list(model.outputs[0]) == [7] * 70 and list(model.outputs[1]) == [7] * 9
        model.reset()
    assert bytes(model._arena[70:80]) == bytes(10) and bytes(model._arena[98:176]) == bytes(78)


def test_the_selftest_of_a_model_with_states_is_one_stream(engine):
    model = upyml.load(small_models.with_vectors(small_models.delay, (1, 2, 3)), engine)
    model.inputs[0][0] = 99
    model.run()
    assert model.selftest() is True and model.selftest() is True


@pytest.mark.parametrize("sample", [0.5, np.float32(0.5), [0.5], np.array([0.5])])
def test_a_stream_of_one_channel_takes_numbers(engine, sample):
    b = small_models.Builder()
    x, y = b.tensor((4, 1), 0.05, 0), b.tensor((4,), 0.05, 0)
    stream = upyml.load(b.file([x], [b.op(layout.RESHAPE, [x], y)]), engine).stream(hop=1)
    assert [stream.push(value) for value in (0, 1, 2)] == [None] * 3
    assert list(stream.push(sample)) == pytest.approx([0, 1, 2, 0.5])
    assert list(stream.push(3)) == pytest.approx([1, 2, 0.5, 3])
    with pytest.raises(upyml.ModelError, match="a sample has 1 values, received NoneType"):
        stream.push(None)


@pytest.mark.parametrize("kind", ["float64", "int16", "object"])
@pytest.mark.parametrize("shape", [(6,), (6, 1), (1, 6)])
def test_a_sample_may_be_a_numpy_array(model, kind, shape):
    stream, other = model.stream(), model.stream()
    x = np.arange(6)
    for _ in range(31):
        assert stream.push(x.reshape(shape).astype(kind)) == other.push(x.tolist())
    answer = stream.push(x.reshape(shape).astype(kind))
    assert answer is not None and answer == other.push(x.tolist())


@pytest.mark.parametrize(
    "sample, received",
    [
        (np.zeros(6, complex), "ndarray"),
        (np.zeros(6, "U1"), "str_ at place 0"),
        (np.array([1, 2, 3, None, 5, 6]), "NoneType at place 3"),
        (dict.fromkeys(range(6)), "dict"),
        (memoryview(np.zeros((6, 1))), "memoryview"),
        (np.zeros(5), "5"),
    ],
)
@pytest.mark.filterwarnings("ignore:Casting complex values")
def test_a_sample_of_something_else_is_named(model, sample, received):
    with pytest.raises(upyml.ModelError, match=f"a sample has 6 values, received {received}$"):
        model.stream().push(sample)


def test_profile_has_an_entry_for_each_op(model):
    entries = model.profile([0] * 192)
    names = ["CONV2D", "DEPTHWISE_CONV2D", "MAX_POOL", "FULLY_CONNECTED", "SOFTMAX"]
    assert [(number, name) for number, name, _, _ in entries] == list(enumerate(names))
    assert max(nbytes for _, _, _, nbytes in entries) == check.check(small_models.gesture()) < model.arena_size


def test_a_path_is_read_and_named_in_errors(tmp_path, engine):
    path = tmp_path / "gesture.upm"
    path.write_bytes(small_models.gesture())
    assert upyml.load(str(path), engine).labels[0] == upyml.load(path, engine).labels[0] == "rest"
    path.write_bytes(b"")
    with pytest.raises(upyml.ModelError, match="gesture.upm: the file is cut short: 0 bytes"):
        upyml.load(str(path), engine)
    with pytest.raises(FileNotFoundError, match="cannot open the model .*nothing.upm"):
        upyml.load(str(tmp_path / "nothing.upm"), engine)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, np.uint8)])
def test_load_takes_any_buffer(kind, engine):
    answer = upyml.load(kind(small_models.gesture()), engine).selftest()
    assert not answer and answer == "the model has no test vectors"


def test_a_failed_selftest_leaves_no_state(engine):
    b = small_models.Builder()
    x = b.tensor((16,), 0.05, 0)
    b.tensors.append({"kind": layout.STATE, "dtype": layout.INT8, "shape": (16,), "scale": 0.05, "zero_point": 0,
                      "offset": 0})
    b.op(layout.RESHAPE, [x], 1)
    y = b.op(layout.RESHAPE, [1], b.tensor((16,), 0.05, 0))
    data = small_models.encode.encode(b.tensors, b.ops, [x], [y], {}, [(1, [7, 7]), (2, [7, 7])], state_size=16)
    model = upyml.load(data, engine)
    answer = model.selftest()
    assert not answer and repr(answer) == str(answer) and str(answer).startswith("test vector 0: op 0 (RESHAPE) gives ")
    assert answer == str(answer) and {answer: 1}[str(answer)] == 1
    assert bytes(model._arena[:16]) == bytes(16)


@pytest.mark.parametrize("kind", ["bytearray", "uint8", "uint32", "2-D"])
def test_what_happens_to_a_buffer_after_load_does_not_matter(kind, engine):
    data = small_models.gesture()
    data += bytes(-len(data) % 4) if kind == "uint32" else b""
    buffer = {
        "bytearray": lambda: bytearray(data),
        "uint8": lambda: np.frombuffer(data, np.uint8).copy(),
        "uint32": lambda: np.frombuffer(data, np.uint32).copy(),
        "2-D": lambda: np.frombuffer(data, np.uint8).reshape(2, -1).copy(),
    }[kind]()
    expected = upyml.load(data, engine).predict([0.5] * 192)
    model = upyml.load(buffer, engine)
    memoryview(buffer).cast("B")[:] = bytes(len(data))
    assert model.predict([0.5] * 192) == expected


def test_a_buffer_of_wide_elements_is_read_as_bytes(engine):
    data = small_models.gesture()
    words = np.frombuffer(data, np.uint16 if len(data) % 4 else np.uint32)
    assert upyml.load(words, engine).arena_size == upyml.load(data, engine).arena_size
    with pytest.raises(upyml.ModelError, match="in one piece, received a ndarray with gaps"):
        upyml.load(np.frombuffer(data + data, np.uint8)[::2], engine)


def test_a_tensor_that_nothing_links_to_may_be_of_any_size(engine):
    b = small_models.Builder()
    x = b.tensor((4,))
    y = b.tensor((4,))
    b.tensors.append({"kind": layout.ARENA, "dtype": layout.INT8, "shape": (1 << 20,), "scale": 1.0, "zero_point": 0,
                      "offset": 0})
    model = upyml.load(b.file([x], [b.op(layout.RESHAPE, [x], y)]), engine)
    assert list(model.predict([0, 0.05, 0.1, 0.15])) == pytest.approx([0, 0.05, 0.1, 0.15])


def test_both_engines_give_the_same_floats():
    one, other = (upyml.load(small_models.edges(), engine) for engine in ENGINES.values())
    random = np.random.default_rng(5)
    for _ in range(50):
        x = (random.normal(0, 3, (5, 3)), random.normal(0, 3, 3))
        for a, b in zip(one.predict(x), other.predict(x)):
            assert a.tobytes() == b.tobytes()


def test_a_print_fits_a_screen(model):
    lines = str(model).splitlines()
    assert lines[0] == "gesture 1"
    assert any("4 softmax" in line for line in lines)
    assert lines[-2] == f"  RAM {model.arena_size} bytes (arena), flash {len(small_models.gesture())} bytes (file)"
    assert lines[-1] == "  labels: rest, shake, turn, tap"
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
