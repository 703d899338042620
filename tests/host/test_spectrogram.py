"""Keras's STFTSpectrogram and MelSpectrogram: near Keras in 8 and 16 bits, the same bytes on every engine, refused in a sentence."""

import binascii
import random

import engines
import keras
import keras_models
import numpy as np
import pytest
from keras import layers as L
from runtimes import BOARDS, ROOT

import upyml
from host_tools import op_sources
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.float_runtime import run
from host_tools.quality import sqnr

CLIPS = 16
RUN_MODEL = ROOT / "tests" / "device" / "run_model.py"


def recordings(seed, shape, loudest=0.9):
    """Clips of 16 bits: noise, soft or loud, and tones that rise and come and go."""
    rng, t = np.random.default_rng(seed), np.arange(shape[0])[:, None]
    channels = shape[1] if len(shape) > 1 else 1
    clips = []
    for _ in range(CLIPS):
        x = rng.normal(0, 10 ** rng.uniform(-3, -1), (shape[0], channels))
        for _ in range(3):
            pitch, swell = rng.uniform(0.01, 0.4), np.sin(rng.uniform(1, 5) * t / len(t)) ** 2
            x += 10 ** rng.uniform(-2.5, -0.7) * np.sin(2 * np.pi * pitch * t * (1 + t / len(t) / 9) + rng.uniform(0, 6, channels)) * swell
        clips.append(np.rint(np.clip(x, -loudest, loudest) * 32767) / 32768)
    return np.array(clips, np.float32).reshape(CLIPS, *shape)


def classifier(r, x):
    """A small network behind features, or nothing."""
    kind = r.choice(["none", "convolution", "dense"])
    if kind == "dense":
        return L.Dense(4)(L.Flatten()(x))
    if kind == "convolution":
        if len(x.shape) == 3:
            x = L.Reshape((*x.shape[1:], 1))(x)
        return L.Dense(3)(L.GlobalAveragePooling2D()(L.Conv2D(6, 3, padding="same", strides=2, activation="relu")(x)))
    return x


def stft(seed):
    """A model with an STFTSpectrogram of any options; with seeds from 9 on one whose kernels training has changed."""
    r = random.Random(seed)
    frame = r.randint(20, 100)
    layer = L.STFTSpectrogram(
        mode=["log", "magnitude", "psd"][seed % 3],
        frame_length=frame,
        frame_step=r.choice([None, frame, r.randint(frame // 3, frame)]),
        fft_length=128 if r.random() < 0.5 else None,
        window=r.choice(["hann", "hamming", None, list(np.random.default_rng(seed).uniform(0.2, 1.5, frame))]),
        periodic=r.random() < 0.5,
        scaling=r.choice(["density", "spectrum", None]),
        padding=r.choice(["valid", "same"]),
        expand_dims=r.random() < 0.5,
    )
    inputs = keras.Input((r.randint(300, 500), r.choice([1, 1, 2])))
    y = layer(inputs)
    if seed >= 9:
        for kernel in (layer.real_kernel, layer.imag_kernel):
            kernel.assign(kernel * (1 + 0.2 * np.random.default_rng(seed).normal(size=kernel.shape)))
    return keras.Model(inputs, classifier(r, y))


def mel(seed):
    """A model with a MelSpectrogram of any options."""
    r = random.Random(seed)
    points = r.choice([64, 128, 256])
    length = r.choice([None, points, r.randint(points // 2, points)])
    decibels = seed % 3 != 2
    layer = L.MelSpectrogram(
        fft_length=points,
        sequence_length=length,
        sequence_stride=r.choice([points // 2, points // 4, r.randint(30, points)]),
        window=r.choice(["hann", "hamming", None]),
        sampling_rate=r.choice([8000, 16000]),
        num_mel_bins=r.randint(6, 40),
        min_freq=r.choice([20.0, 125.0, 300.0]),
        max_freq=r.choice([None, 3000]),
        power_to_db=decibels,
        top_db=r.choice([80.0, 40.0, 200.0]),
        mag_exp=2.0 if decibels else r.choice([1.0, 2.0]),
        min_power=r.choice([1e-10, 1e-5]),
        ref_power=r.choice([1.0, 20.0]),
    )
    hop = layer.sequence_stride
    inputs = keras.Input((r.randint(500, 900) // hop * hop + r.randint(0, hop - 2),))  # one less than hops: Keras miscounts its frames
    return keras.Model(inputs, classifier(r, layer(inputs)))


def keras_answers(model, clips):
    """One clip at a time: top_db counts from the loudest of all that Keras is given at once."""
    return np.concatenate([np.asarray(model(clip[None])) for clip in clips])


def answers(file, clips, engine):
    model = upyml.load(file, engine)
    return np.array([np.array(model.predict(clip)) for clip in clips])


def steps(done):
    return [step.kind for step in done.program.steps]


def spread(exact, found):
    """Decibels of the values about their mean: that of a logarithm says nothing."""
    mean = exact.mean()
    return sqnr(exact - mean, found.reshape(exact.shape) - mean)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make", [stft, mel])
def test_a_random_layer_comes_near_keras(make, seed, require):
    keras.utils.set_random_seed(seed)
    model = make(seed)
    clips = recordings(seed, model.input_shape[1:])
    exact = keras_answers(model, clips)
    stages = {}
    done = convert(model, clips, show=stages.__setitem__, activations=8 if seed % 4 else 16)
    assert sqnr(exact, run(stages["read"], [clips])[0]) > 85
    found = answers(done.file, clips, engines.engine("native", require))
    assert spread(exact, found) > 28
    np.testing.assert_array_equal(answers(done.file, clips[:2], engines.engine("reference", require)), found[:2])
    assert upyml.load(done.file).selftest() is True


def chain(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


def predict(model, clips):
    return answers(convert(model, clips, method="minmax").file, clips, None)


def test_a_tone_has_the_magnitude_that_it_has():
    """Amplitude times half the frame at the tone's frequency; with a window that adds up to 1 half the amplitude; next to nothing
    elsewhere."""
    tone = np.float32(0.8 * np.sin(2 * np.pi * 8 / 64 * np.arange(256)))[None, :, None]
    plain = L.STFTSpectrogram("magnitude", frame_length=64, window=None, scaling=None)
    found = predict(chain((256, 1), plain), tone).reshape(7, 33)
    np.testing.assert_allclose(found[:, 8], 0.8 * 32, rtol=0.01)
    assert np.delete(found, 8, axis=1).max() < 0.2
    whole = L.STFTSpectrogram("psd", frame_length=64, scaling="spectrum", periodic=True)
    found = predict(chain((256, 1), whole), tone).reshape(7, 33)
    np.testing.assert_allclose(found[:, 8], 2 * 0.4**2, rtol=0.02)


def test_decibels_fall_by_twenty_as_a_tone_falls_to_a_tenth_and_stop_at_top_db():
    tone = np.sin(2 * np.pi * 0.1 * np.arange(1024))
    clips = np.float32([tone, tone / 10, tone / 100, 0 * tone])
    layer = L.MelSpectrogram(fft_length=128, sequence_stride=64, num_mel_bins=8, top_db=30.0)
    loud, soft, faint, silent = predict(chain((1024,), layer), clips)
    assert abs(loud.max() - soft.max() - 20) < 0.6 and abs(soft.max() - faint.max() - 20) < 0.6
    for found in (loud, soft, faint):
        assert abs(found.max() - found.min() - 30) < 0.6
    assert np.ptp(silent) == 0 and abs(silent[0] + 100) < 0.6  # 10 log10 of min_power


def test_a_model_takes_what_a_microphone_gives():
    """Its input's scale is that of the recordings, whatever layers bring them to the spectrogram."""
    spectrum = L.STFTSpectrogram(frame_length=64, frame_step=32)
    clips = recordings(1, (400,), loudest=0.6)
    for model, scale, unit in (
        (chain((400,), L.Reshape((400, 1)), spectrum), 1 / 32768, 32768),
        (chain((400,), L.Rescaling(1 / 32768), L.Reshape((400, 1)), spectrum), 1, 1),
        (chain((400,), L.Rescaling(1 / 32768, 0.01), L.Reshape((400, 1)), spectrum), 1, 1),
    ):
        data = clips * 32768 / unit
        done = convert(model, data)
        loaded = upyml.load(done.file)
        assert loaded.input_details[0].dtype == "int16" and loaded.input_details[0].scale == scale
        loaded.input[:] = memoryview(np.int16(clips[3] * 32768))
        loaded.run()
        details = loaded.output_details[0]
        found = (np.array(loaded.output) - details.zero_point) * details.scale
        assert spread(keras_answers(model, data[3:4]), found) > 30
        assert "CONV2D" not in steps(done) and "DEPTHWISE_CONV2D" not in steps(done)
    done = convert(chain((400,), L.Reshape((400, 1)), spectrum), clips * np.float32(0.7371))  # of no recording
    assert abs(upyml.load(done.file).input_details[0].scale / (np.abs(clips).max() * 0.7371 / 32767) - 1) < 1e-5


def test_frames_within_a_clip_read_it_where_it_lies():
    """Ends are mirrored in pieces of their own: the arena has no room for a second clip."""
    clips = recordings(2, (4000,))
    done = convert(chain((4000,), L.MelSpectrogram(fft_length=256, sequence_stride=128, num_mel_bins=10)), clips)
    assert 8000 < upyml.load(done.file).arena_size < 12000
    assert steps(done).count("MEL_ENERGIES") == 3
    unfitting = L.MelSpectrogram(fft_length=256, sequence_stride=90, num_mel_bins=10)  # frames begin where no window of 256 can
    assert steps(convert(chain((4000,), unfitting), clips)).count("MEL_ENERGIES") == 1


def test_frames_before_bands_cost_no_transposition():
    clips = recordings(3, (600,))
    layers = [L.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=12), L.Permute((2, 1)), L.Conv1D(4, 3)]
    done = convert(chain((600,), *layers), clips)
    assert "TRANSPOSE" not in steps(done)[-4:] and done.check.sqnr > 25


@pytest.mark.parametrize("mode", ["real", "imag", "stft"])
def test_parts_of_the_transform_are_convolutions(mode, require):
    model = chain((300, 2), L.STFTSpectrogram(mode, frame_length=40, frame_step=20, expand_dims=mode == "stft", padding="same"))
    clips = recordings(4, (300, 2))
    done = convert(model, clips)
    found = answers(done.file, clips, engines.engine("native", require))
    assert spread(keras_answers(model, clips), found) > 26 and steps(done).count("CONV2D") == 2
    np.testing.assert_array_equal(answers(done.file, clips[:2], engines.engine("reference", require)), found[:2])


REFUSED = {
    "an angle": (
        chain((400, 1), L.STFTSpectrogram("angle", name="phases")),
        ["layer phases (STFTSpectrogram)", '"angle"', 'Give it mode="stft"'],
    ),
    "an odd FFT": (
        chain((400, 1), L.STFTSpectrogram(frame_length=100, fft_length=200, name="spectrum")),
        ["layer spectrum (STFTSpectrogram)", "fft_length is 200", "powers of two", "Give it fft_length=256"],
    ),
    "a large FFT": (
        chain((9000,), L.MelSpectrogram(fft_length=4096, name="mel")),
        ["layer mel (MelSpectrogram)", "fft_length is 4096", "16 to 2048", "fft_length=2048 and a shorter frame"],
    ),
    "channels first": (
        chain((1, 400), L.STFTSpectrogram(data_format="channels_first", name="spectrum")),
        ["layer spectrum", "channels_first", 'data_format="channels_last"'],
    ),
    "decibels of magnitudes": (
        chain((900,), L.MelSpectrogram(fft_length=256, mag_exp=1.0, name="mel")),
        ["layer mel (MelSpectrogram)", "mag_exp is 1", "mag_exp=2.0, or power_to_db=False"],
    ),
    "two recordings": (
        chain((2, 900), L.MelSpectrogram(fft_length=256, name="mel")),
        ["layer mel (MelSpectrogram)", "shape (2, 900)", "(batch, samples)"],
    ),
    "few samples": (
        chain((100,), L.MelSpectrogram(fft_length=256, name="mel")),
        ["layer mel (MelSpectrogram)", "mirrors 128 samples", "smaller fft_length"],
    ),
    "another window": (
        chain((900,), L.MelSpectrogram(fft_length=256, window=[1.0] * 100, name="mel")),
        ["layer mel (MelSpectrogram)", "100 numbers for frames of 256"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_said_in_a_sentence(name):
    model, words = REFUSED[name]
    with pytest.raises(ConversionError) as stopped:
        convert(model, np.zeros((2, *model.input_shape[1:]), np.float32))
    told = str(stopped.value)
    assert all(word in told for word in words), told
    assert "\n" not in told and told.endswith(".") and ".." not in told


def test_a_stream_is_refused():
    clips = recordings(5, (600,))
    model = chain((600,), L.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=12))
    with pytest.raises(ConversionError, match="spectrogram"):
        convert(model, clips, streaming=True)


def test_layers_survive_a_file(tmp_path):
    clips = recordings(6, (500,))
    model = chain((500,), L.Reshape((500, 1)), L.STFTSpectrogram("magnitude", frame_length=64, padding="same"))
    model.save(tmp_path / "model.keras")
    files = [convert(source, clips).file for source in (tmp_path / "model.keras", model)]
    np.testing.assert_array_equal(*(answers(file, clips[:2], None) for file in files))


def test_the_table_of_ops_names_the_layers():
    layers = op_sources.layers()
    for op in ("MEL_ENERGIES", "LOG_ENERGIES", "TABLE_16"):
        assert {"MelSpectrogram", "STFTSpectrogram"} <= set(layers[op]), op
    assert "MelSpectrogram" in layers["STATISTICS"] and "STFTSpectrogram" in layers["CONV2D"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Files of three models, of raw clips, and the CRC-32 of the output that the C engine makes of each."""
    folder, made = tmp_path_factory.mktemp("spectrograms"), []
    layers = {
        "stft": ((200, 2), L.STFTSpectrogram(frame_length=32, frame_step=16, padding="same", expand_dims=True)),
        "mel": ((200,), L.MelSpectrogram(fft_length=32, sequence_stride=16, num_mel_bins=5, top_db=40.0)),
        "trained": ((200, 1), L.STFTSpectrogram(frame_length=32, frame_step=16)),
    }
    for name, (shape, layer) in layers.items():
        clips, network = recordings(7, shape), chain(shape, layer)
        if name == "trained":
            layer.real_kernel.assign(layer.real_kernel * 1.3)
        file, inputs = folder / f"{name}.upm", folder / f"{name}.bin"
        file.write_bytes(convert(network, clips).file)
        model = upyml.load(file.read_bytes())
        inputs.write_bytes(np.int16(np.rint(clips[:2] * 32768)).tobytes())
        crcs = []
        for clip in clips[:2]:
            model.input[:] = memoryview(np.int16(np.rint(clip * 32768)).ravel())
            model.run()
            crcs.append(str(binascii.crc32(model.output)))
        made.append((file, inputs, crcs))
    return made


def test_every_runtime_computes_the_same(on_computer, prepared):
    for file, inputs, crcs in prepared:
        assert on_computer.run(RUN_MODEL, [file, inputs]).split() == crcs


@pytest.mark.parametrize("board", [one for one in BOARDS if one.engine == "module" and not one.slow], ids=lambda one: one.name)
def test_emulated_boards_compute_the_same(board, prepared, require):
    require(not board.missing(), board.missing(), "make boards")
    for file, inputs, crcs in prepared:
        assert board.run(RUN_MODEL, [file, inputs]).split() == crcs
