"""Sound to features: TensorFlow Lite Micro's signal operators bit for bit, frame by frame; a model with its front end."""

import engines
import numpy as np
import pytest
from flatbuffers import flexbuffers
from oracle import Tflm
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.sound import Gain, MelFeatures, Noise, gain_table

FRAMES = 120


def chirp(samples, rate, seed=0):
    """A tone that rises from 200 Hz through noise, louder and softer, at full scale here and there."""
    t = np.arange(samples) / rate
    noise = np.random.default_rng(seed).normal(0, 300, samples)
    loud = 20000 * np.sin(2 * np.pi * 1.7 * t) ** 4
    return np.clip(loud * np.sin(2 * np.pi * (200 + 1200 * t) * t) * 1.8 + noise, -32768, 32767).astype(np.int16)


def front_end(features, noise=True, gain=True):
    """A .tflite file with the signal operators of the features, from a frame to logarithms."""
    b = TfliteBuilder()
    first, end, bands, weights = features._filters
    points, channels = features.points, features.channels
    correction = points.bit_length() - 1 - 6
    w, rests = (np.array(part) for part in zip(*weights))
    starts, widths = (np.array(part) for part in zip(*bands))

    def custom(name, inputs, outputs, **options):
        b.op(f"CUSTOM:{name}", inputs, outputs, bytes(flexbuffers.Dumps(options)))

    x = b.tensor((1, features.frame), "int16")
    windowed, flat, scaled = (b.tensor(shape, "int16") for shape in ((1, features.frame), *[(features.frame,)] * 2))
    shift = b.tensor((), "int32")
    custom("SignalWindow", [x, b.constant(features._window(), "int16")], [windowed], shift=12)
    b.op("RESHAPE", [windowed, b.constant([features.frame])], [flat], "ReshapeOptions", NewShape=[features.frame])
    custom("SignalFftAutoScale", [flat], [scaled, shift])
    spectrum, energy = b.tensor((points + 2,), "int16"), b.tensor((points // 2 + 1,), "uint32")
    custom("SignalRfft", [scaled], [spectrum], T=7, fft_length=points)
    custom("SignalEnergy", [spectrum], [energy], start_index=first, end_index=end)
    sums, roots = b.tensor((channels,), "uint64"), b.tensor((channels,), "uint32")
    lists = [b.constant(values, "int16") for values in (w, rests, starts, np.cumsum([0, *widths[:-1]]), widths)]
    custom("SignalFilterBank", [energy, *lists], [sums], num_channels=channels)
    custom("SignalFilterBankSquareRoot", [sums, shift], [roots])
    if noise:
        made, estimate = b.tensor((channels,), "uint32"), b.tensor((channels,), "uint32")
        fields = features._noise(correction)
        (even, odd), (not_even, not_odd) = fields["smoothing"], fields["one_minus_smoothing"]
        custom(
            "SignalFilterBankSpectralSubtraction", [roots], [made, estimate], num_channels=channels, smoothing=even,
            alternate_smoothing=odd, one_minus_smoothing=not_even, alternate_one_minus_smoothing=not_odd,
            min_signal_remaining=fields["min_signal_remaining"], smoothing_bits=10, spectral_subtraction_bits=14, clamping=False,
        )  # fmt: skip
        roots = made
    if gain:
        made = b.tensor((channels,), "uint32")
        table = b.constant(fields["gains"], "int16")
        custom("SignalPCAN", [roots, estimate, table], [made], snr_shift=fields["snr_shift"])
        roots = made
    y = b.tensor((channels,), "int16")
    custom("SignalFilterBankLog", [roots], [y], output_scale=64, input_correction_bits=max(0, correction))
    return b.file([x], [y])


CASES = {
    "micro speech": (MelFeatures(noise=Noise(), gain=Gain()), True, True),
    "noise reduction": (MelFeatures(8000, 32, 16, 20, 100, 3800, noise=Noise(0.05, 0.1, 0.02), gain=Gain()), True, False),
    "logarithms": (MelFeatures(8000, 16, 8, 13, 60, 3500, "hamming", noise=Noise(), gain=Gain()), False, False),
}


@pytest.mark.parametrize("name", CASES)
def test_the_front_end_equals_tflite_micros_operators(name, tmp_path, require):
    features, *parts = CASES[name]
    content = front_end(features, *parts)
    path = tmp_path / "front_end.tflite"
    path.write_bytes(content)
    file = convert(path, check=False).file
    models = [upyml.load(file, engines.engine(each, require)) for each in engines.ENGINES]
    right = Tflm(content)
    sound = chirp(features.frame * FRAMES, features.sample_rate)
    sound[: 3 * features.frame] = 0  # silence, then the least there is
    sound[features.frame] = 1
    for number, frame in enumerate(sound.reshape(FRAMES, -1)):
        expected = right([frame], 1)[0]
        for model in models[: 2 if number < 20 else 1]:  # the engine in Python takes its time
            model.input[:] = memoryview(frame)
            model.run()
            np.testing.assert_array_equal(np.array(model.output), expected, f"{name}, frame {number}")
    assert expected.max() > 100


def test_features_of_a_clip_are_those_of_its_frames():
    features = CASES["micro speech"][0]
    clip = chirp(16000, 16000)
    whole = features(clip)
    assert whole.shape == features.shape(16000) == (49, 40)
    model = upyml.load(features._file(features.frame))
    for number, expected in enumerate(whole):
        model.input[:] = memoryview(clip[number * features.hop : number * features.hop + features.frame])
        model.run()
        np.testing.assert_array_equal(np.array(model.output), expected)
    assert np.array_equal(features(np.stack([clip, clip]))[1], whole)  # each from a state of its own


def test_a_louder_sound_has_larger_features_and_a_tone_its_band():
    features = MelFeatures()
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    soft, loud = (features((size * tone).astype(np.int16)) for size in (300, 30000))
    assert (loud.max(axis=1) > soft.max(axis=1) + 200).all()  # ln(100) is 295 / 64
    real = features.real(loud)
    assert real.dtype == np.float32 and abs(real[5].max() - real[5].min()) > 2
    centers = 700 * np.expm1(np.linspace(*(1127 * np.log1p(np.array([125, 7500]) / 700)), 42)[1:-1] / 1127)
    assert np.abs(loud[5].argmax() - np.abs(centers - 1000).argmin()) <= 1


def test_without_bands_features_are_a_spectrogram(require):
    """Logarithms of magnitudes, each frequency its own; a model takes the samples."""
    import keras

    features = MelFeatures(8000, 32, 16, channels=None, lower=500, upper=3000)
    assert features.shape(8000) == (61, 96 - 16 + 1)  # 31.25 Hz each
    tone = (12000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)).astype(np.int16)
    loud, soft = (features.real(features(x)) for x in (tone, tone // 10))
    assert (loud.argmax(axis=1) == 32 - 16).all()
    assert abs(loud.max() - soft.max() - np.log(10)) < 0.05
    assert abs(loud[5, 16] - loud[5, 17] - np.log(2)) < 0.05  # a Hann window's neighbours have half the magnitude
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((61, 81)), keras.layers.Conv1D(4, 3), keras.layers.GlobalMaxPooling1D()])
    clips = np.stack([chirp(8000, 8000, seed) for seed in range(10)])
    done = convert(model, clips, front_end=features)
    assert done.check.sqnr > 25 and upyml.load(done.file, engines.engine("reference", require)).selftest() is True
    with pytest.raises(ConversionError, match="no frequency of the FFT lies between 1001 and 1002 Hz"):
        MelFeatures(8000, 32, 16, channels=None, lower=1001, upper=1002)


def test_gains_fall_with_the_noise():
    table = gain_table(Gain(), 10)
    values = [table[0], table[1], *table[2::4][:-1]]
    assert len(table) == 125 and values == sorted(values, reverse=True) and values[0] > 30000


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"window": "square"}, "window is one of hann, hamming, received 'square'"),
        ({"window_ms": 300}, "2 to 2048 samples, received 4800"),
        ({"hop_ms": 0}, "a hop has at least one sample"),
        ({"channels": 0}, "1 to 256 channels, received 0"),
        ({"lower": 4000, "upper": 300}, "bands lie between 0 and 8000 Hz"),
        ({"upper": 9000}, "received 125 to 9000"),
        ({"gain": Gain()}, "give noise too"),
    ],
)
def test_what_cannot_be_is_told(fields, words):
    with pytest.raises(ConversionError, match=words):
        MelFeatures(**fields)


def test_clips_of_another_type_are_refused():
    features = MelFeatures()
    with pytest.raises(ConversionError, match="int16 of shape .* received float64"):
        features(np.zeros(16000))
    with pytest.raises(ConversionError, match="100 samples are less than a frame of 480"):
        features(np.zeros(100, np.int16))


def test_operators_in_another_order_are_refused(tmp_path):
    b = TfliteBuilder()
    x, y = b.tensor((40,), "uint32"), b.tensor((40,), "int16")
    options = bytes(flexbuffers.Dumps({"output_scale": 64, "input_correction_bits": 3}))
    b.op("CUSTOM:SignalFilterBankLog", [x], [y], options)
    path = tmp_path / "log.tflite"
    path.write_bytes(b.file([x], [y]))
    with pytest.raises(ConversionError, match="in this order: SignalWindow -> .* -> SignalFilterBankLog"):
        convert(path)


def test_a_model_takes_samples(require):
    """What it says of a clip is what the network says of the clip's features, but for a step of those that round otherwise."""
    import keras

    keras.utils.set_random_seed(0)
    features = MelFeatures(8000, 32, 16, 20, 100, 3800)
    clips = np.stack([chirp(8000, 8000, seed) for seed in range(30)])
    frames, bands = features.shape(8000)
    model = keras.Sequential([keras.Input((frames, bands, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(3)])
    alone = convert(model, features.real(features(clips))[..., None]).file
    done = convert(model, clips, front_end=features)
    assert done.check.sqnr > 20
    whole = [upyml.load(done.file, engines.engine(name, require)) for name in engines.ENGINES]
    network = upyml.load(alone)
    for clip in clips[:3]:
        expected = np.array(network.predict(features.real(features(clip))[..., None]))
        found = []
        for runner in whole:
            runner.input[:] = memoryview(clip)
            runner.run()
            found.append(np.array(runner.output))
            np.testing.assert_allclose(runner.predict(clip / 32768), expected, atol=3 * network.output_details[0].scale)
        np.testing.assert_array_equal(*found)
    assert whole[0].selftest() is True and whole[0].metadata["sample_rate"] == "8000"


STREAMS = {
    "overlapping frames": MelFeatures(8000, 32, 16, 20, 100, 3800),
    "a hop between": MelFeatures(8000, 32, 20, 12, 100, 3800),
    "frame after frame": MelFeatures(8000, 20, 20, 12, 100, 3800),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_of_samples_gives_what_whole_clips_give(name, require):
    """Hop by hop, each frame computed once; by convolutions without padding the answer is the whole clip's to the bit."""
    import keras

    keras.utils.set_random_seed(0)
    features, layers = STREAMS[name], keras.layers
    clips = np.stack([chirp(8000, 8000, seed) for seed in range(20)])
    frames, bands = features.shape(8000)
    network = [layers.Conv1D(8, 3, strides=2, activation="relu"), layers.GlobalAveragePooling1D(), layers.Dense(3)]
    network = keras.Sequential([keras.Input((frames, bands)), *network])
    whole = upyml.load(convert(network, clips, front_end=features).file)
    done = convert(network, clips, {"name": "stream"}, front_end=features, streaming=True)
    assert done.hop == 2 * features.hop and done.check.sqnr > 25
    streams = [upyml.load(done.file, engines.engine(each, require)) for each in engines.ENGINES]
    heard = features.frame + (frames - 1) * features.hop
    for clip in clips[:2]:
        whole.reset()
        whole.input[:] = memoryview(clip)
        whole.run()
        before = np.zeros(-heard % done.hop, np.int16)
        for model in streams:
            model.reset()
            for hop in np.concatenate([before, clip[:heard]]).reshape(-1, done.hop):
                model.input[:] = memoryview(hop)
                model.run()
            np.testing.assert_array_equal(np.array(model.output), np.array(whole.output))
    assert streams[0].metadata["hop"] == str(done.hop) and streams[0].selftest() is True


def test_a_stream_whose_frames_leave_samples_out_is_refused():
    import keras

    features = MelFeatures(8000, 16, 32, 8, 100, 3800)
    clips = np.stack([chirp(8000, 8000, seed) for seed in range(4)])
    network = keras.Sequential([keras.Input(features.shape(8000)), keras.layers.Conv1D(4, 3), keras.layers.GlobalMaxPooling1D()])
    with pytest.raises(ConversionError, match="give a hop_ms of at most 16"):
        convert(network, clips, front_end=features, streaming=True)
    with pytest.raises(ConversionError, match="takes 256 samples a run: leave its window out"):
        convert(network, clips, {"window": "8000"}, front_end=MelFeatures(8000, 32, 32, 8, 100, 3800), streaming=True)


def test_cepstral_coefficients_are_the_cosine_transform_of_the_features():
    import keras

    features = MelFeatures(8000, 32, 16, 20, 100, 3800)
    clips = np.stack([chirp(8000, 8000, seed) for seed in range(20)])
    real = features.real(features(clips))
    layer = features.mfcc(13)
    model = keras.Sequential([keras.Input(real.shape[1:]), layer])
    found = model.predict(real, verbose=0)
    angle = np.pi / 40 * (2 * np.arange(20) + 1)  # of 20 channels' middles, between 0 and pi
    assert np.allclose(found[..., 0], real.sum(axis=-1) / np.sqrt(20), atol=1e-3)
    for k in (1, 5, 12):
        np.testing.assert_allclose(found[..., k], np.sqrt(2 / 20) * (real * np.cos(k * angle)).sum(axis=-1), atol=1e-3)
    assert convert(model, clips, front_end=features).check.sqnr > 30
    with pytest.raises(ConversionError, match="20 channels have 1 to 20 coefficients, received 21"):
        features.mfcc(21)
