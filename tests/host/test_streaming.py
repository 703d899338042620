"""convert(streaming=True): a run takes the new frames only, and answers what the whole window's model answers, bit for bit."""

import numpy as np
import pytest
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError

keras = pytest.importorskip("keras")
L = keras.layers
FRAMES = 40


def built(make, shape=(FRAMES, 6)):
    keras.utils.set_random_seed(3)
    x = keras.Input(shape)
    return keras.Model(x, make(x))


def pooled(x):
    return L.Dense(3, activation="softmax")(L.GlobalAveragePooling1D()(x))


def residual(x):
    """A block whose way past cuts off what the convolutions do not reach."""
    x = L.Conv1D(8, 1, activation="relu")(x)
    y = L.BatchNormalization()(L.SeparableConv1D(8, 5)(x))
    return pooled(L.ReLU()(L.Add()([L.Cropping1D((4, 0))(x), y])))


def image(x):
    """(time, frequency, channels), as a spectrogram; strides over both."""
    y = L.Conv2D(4, (4, 3), strides=(2, 2), activation="relu")(L.Reshape((*x.shape[1:], 1))(x))
    y = L.DepthwiseConv2D((3, 2), padding="valid")(y)
    return L.Dense(2)(L.GlobalMaxPooling2D()(y))


def flat(x):
    y = L.MaxPooling1D(2)(L.Conv1D(5, 3, activation="tanh")(x))
    return L.Dense(4)(L.Flatten()(L.AveragePooling1D(3, strides=1)(y)))


def branches(x):
    """Two ways of different reach, joined again; the later rows of the shorter one count."""
    a = L.Conv1D(4, 5, dilation_rate=2)(x)
    b = L.Cropping1D((6, 0))(L.DepthwiseConv1D(3)(x))
    return pooled(L.Concatenate()([a, b]))


def late(x):
    """Rows cut off at the end wait for those that came after them."""
    return pooled(L.Add()([L.Cropping1D((2, 2))(x), L.DepthwiseConv1D(5)(x)]))


def uneven(x):
    """The stride does not fit the window: its last frame is read by no output, so in a stream each frame waits for the next."""
    return pooled(L.Conv1D(4, 3, strides=3, activation="relu")(x))


VALID = {"residual": residual, "image": image, "flat": flat, "branches": branches, "late": late, "uneven": uneven}
LEAST = {"image": 2, "flat": 2, "uneven": 3}  # frames a run, else 1


def causal(x):
    y = L.Conv1D(8, 3, padding="causal", dilation_rate=1, activation="relu")(x)
    y = L.Add()([y, L.Conv1D(8, 3, padding="causal", dilation_rate=4)(y)])
    return pooled(y)


def each_frame(x):
    """An answer for each frame."""
    return L.Dense(2, activation="softmax")(L.Conv1D(8, 5, padding="causal", activation="relu")(x))


def samples(shape, count=40):
    return np.random.default_rng(0).normal(0, 1, (count, *shape)).astype(np.float32)


def pair(make, streaming=True, shape=(FRAMES, 6)):
    """The models of whole windows and of frames."""
    model = built(make, shape)
    whole, frames = (convert(model, samples(shape), streaming=how) for how in (False, streaming))
    return upyml.load(whole.file), upyml.load(frames.file), frames


def raw(model, frames):
    """The raw outputs for real-valued frames."""
    model._fill(frames)
    model.run()
    return [list(view) for view in model.outputs]


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("times", [1, 3])
def test_from_the_first_whole_window_on_a_run_gives_what_the_window_gives(name, times):
    least = LEAST.get(name, 1)
    whole, model, done = pair(VALID[name], True if times == 1 else times * least)
    assert done.hop == times * least
    long = samples((3 * FRAMES, 6), 1)[0]
    seen = set()
    for end in range(done.hop, len(long) + 1, done.hop):
        found = raw(model, long[end - done.hop : end])
        if end >= FRAMES:
            assert found == raw(whole, long[end - FRAMES : end])
            seen.add(str(found))
    assert len(seen) > 3
    assert model.selftest() is True
    assert done.check.sqnr > 20


@pytest.mark.parametrize("times", [1, 4])
def test_a_causal_model_gives_what_the_window_gives_right_after_a_reset(times):
    """Before the window there are zeros for both then; later a stream knows what really was there."""
    whole, model, done = pair(causal, times)
    for window in samples((FRAMES, 6), 5):
        model.reset()
        for end in range(times, FRAMES + 1, times):
            found = raw(model, window[end - times : end])
        assert found == raw(whole, window)
    assert found != raw(model, window[:times])


@pytest.mark.parametrize("times", [1, 5])
def test_a_model_may_answer_for_each_frame(times):
    whole, model, done = pair(each_frame, times)
    (window,) = samples((FRAMES, 6), 1)
    (expected,) = raw(whole, window)
    streamed = sum((raw(model, window[i : i + times])[0] for i in range(0, FRAMES, times)), [])
    assert streamed == expected and model.output_details[0].shape == (times, 2)


def test_a_stream_pushes_frames(tmp_path):
    """Model.stream() knows the hop from the file: an answer for each, of the same model.predict()."""
    _, model, done = pair(image)
    twin = upyml.load(done.file)
    assert model.metadata["streaming"] == str(FRAMES) and model.metadata["hop"] == "2"
    stream, frames = model.stream(), samples((6,), 10)
    answers = [stream.push(frame) for frame in frames]
    assert [answer is None for answer in answers] == [True, False] * 5
    for i in range(1, 10, 2):
        assert list(answers[i]) == list(twin.predict(frames[i - 1 : i + 1]))


def test_it_computes_each_frame_once():
    """Multiply-accumulates fall with the frames of a run."""
    model = built(residual)
    whole, frames = (convert(model, samples((FRAMES, 6)), streaming=how).program for how in (False, True))

    def macs(program):
        return sum(step.macs for step in program.steps if step.kind in ("CONV2D", "DEPTHWISE_CONV2D", "FULLY_CONNECTED"))

    assert macs(whole) > 30 * macs(frames) > 0


def test_a_convolution_of_a_tflite_file_streams_too(tmp_path):
    b = TfliteBuilder()
    x, y, z = (b.tensor(shape, scale=0.1, zero_point=4) for shape in ((1, 20, 1, 4), (1, 18, 1, 5), (1, 5)))
    weights = np.random.default_rng(0).integers(-127, 128, (5, 3, 1, 4))
    w = b.constant(weights, "int8", [0.01] * 5)
    bias = b.constant([100, -100, 0, 5, 7], "int32", [0.001] * 5)
    b.op("CONV_2D", [x, w, bias], [y], "Conv2DOptions", StrideH=1, StrideW=1, Padding=1, DilationHFactor=1, DilationWFactor=1)
    b.op("MEAN", [y, b.constant([1, 2])], [z], "ReducerOptions")
    path = tmp_path / "model.tflite"
    path.write_bytes(b.file([x], [z]))
    done = convert(path, streaming=True)
    assert [step.kind for step in done.program.steps] == ["SHIFT", "FULLY_CONNECTED", "SHIFT", "MEAN"]
    assert done.check.equal == done.check.samples == 20
    with_data = convert(path, samples((20, 1, 4), 10), streaming=3)
    assert with_data.check.equal == with_data.check.samples == 10


REFUSED = {
    "ahead": (lambda x: pooled(L.Conv1D(4, 3, padding="same")(x)), "it looks 1 rows ahead in time; pad in front"),
    "pool": (lambda x: pooled(L.MaxPooling1D(3, strides=1, padding="same")(x)), "ahead in time"),
    "whole": (lambda x: pooled(L.UpSampling1D(2)(x)), "it needs the whole window at once"),
    "joined": (lambda x: pooled(L.Concatenate(axis=1)([x, x])), "are joined in time"),
    "unlike": (lambda x: pooled(L.Add()([L.Cropping1D((38, 0))(x), L.AveragePooling1D(20)(x)])), "do not run in time alike"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_streamed_is_told(name):
    make, said = REFUSED[name]
    with pytest.raises(ConversionError, match=said):
        convert(built(make), samples((FRAMES, 6)), streaming=True)


def test_a_hop_that_does_not_fit_is_told():
    with pytest.raises(ConversionError, match="a hop of 3 frames does not fit: it brings conv2d .* 3 rows, and its stride over time is 2"):
        convert(built(image), samples((FRAMES, 6)), streaming=3)
    with pytest.raises(ConversionError, match="a hop of 40 frames does not lie in the window of 40"):
        convert(built(image), samples((FRAMES, 6)), streaming=40)
    with pytest.raises(ConversionError, match="a streaming model takes 2 frames a run: leave its window out"):
        convert(built(image), samples((FRAMES, 6)), {"window": "40"}, streaming=True)
