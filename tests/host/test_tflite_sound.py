"""TensorFlow Lite Micro's audio front end: files with its signal operators give the same bytes here and there."""

import importlib.util

import numpy as np
import pytest
from audio_preprocessor import FEATURES, preprocessor
from oracle import Tflm
from tflite_builder import TfliteBuilder

import upyml
from host_tools.convert import convert
from host_tools.errors import ConversionError
from host_tools.sound import Gain, MelFeatures, Noise

FRAMES = 150


def sound(frames=FRAMES, frame=480, seed=0):
    """Tones that come and go in noise, with frames of silence and of full scale: (frames, samples) int16."""
    chance = np.random.default_rng(seed)
    t = np.arange(frames * frame)
    loud = 10 ** (np.repeat(chance.uniform(0, 4.5, -(-frames // 7)), 7 * frame)[: t.size])
    hertz = np.repeat(chance.uniform(50, 7900, -(-frames // 5)), 5 * frame)[: t.size]
    samples = loud * np.sin(2 * np.pi * hertz / 16000 * t) + chance.normal(0, 30, t.size)
    samples = np.clip(samples, -32768, 32767).astype(np.int16).reshape(frames, frame)
    samples[10] = 0
    samples[20] = -32768
    samples[30, ::2], samples[30, 1::2] = 32767, -32768
    samples[40] = chance.integers(-32768, 32768, frame)
    return samples


def frames_of(model, samples):
    """What a upyml model makes of frame after frame."""
    out = []
    for frame in samples:
        model.input[:] = memoryview(frame)
        model.run()
        out.append(np.array(model.output))
    return np.stack(out)


FILES = {
    "all of it": {},
    "energies joined at once": {"zeros": False, "features": MelFeatures(lower=60.0, upper=7000.0, noise=Noise(), gain=Gain())},
    "without gain": {"gain": False},
    "without noise reduction": {"features": MelFeatures(), "noise": False, "gain": False},
    "features of 16 bits": {"tail": False},
    "energies alone": {"noise": False, "gain": False, "log": False, "tail": False},
    "8 kHz and 16 channels": {"features": MelFeatures(8000, 25, 25, 16, 100, 3700, noise=Noise(0.1, 0.02, 0.1)), "gain": False},
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_the_front_end_give_tflms_bytes(tmp_path, name):
    content = preprocessor(**FILES[name])
    path = tmp_path / "front.tflite"
    path.write_bytes(content)
    right, model = Tflm(content), upyml.load(convert(path).file)
    samples = sound(frame=model.input_details[0].size)
    expected = np.stack([right([frame], 1)[0] for frame in samples])
    found = frames_of(model, samples)
    assert np.array_equal(expected.astype(np.int64), found.astype(np.int64))
    assert len(np.unique(expected)) > 60


def test_the_estimate_of_the_noise_lasts_from_frame_to_frame(tmp_path):
    path = tmp_path / "front.tflite"
    path.write_bytes(preprocessor())
    model = upyml.load(convert(path).file)
    samples = sound(frames=45)
    once = frames_of(model, samples)
    assert not np.array_equal(frames_of(model, samples)[:5], once[:5])
    model.reset()
    assert np.array_equal(frames_of(model, samples), once)


def _set(name, **fields):
    return lambda operator, options: options.update(fields) if operator == name else None


BAD = {
    "an FFT of floats": (_set("Rfft", T=1), "the FFT of a signal operator is not one of int16"),
    "points": (_set("Rfft", fft_length=500), "16 to 2048 points, a power of two; here it has 500"),
    "a frame beyond the FFT": (_set("Rfft", fft_length=256), "at most as many as the FFT has points; here it has 480"),
    "bins beyond the spectrum": (_set("Energy", end_index=999), "energies of bins 5 to 999 are moved to bin 5"),
    "shift": (_set("Window", shift=40), "the file is damaged"),
    "bits": (_set("FilterBankSpectralSubtraction", spectral_subtraction_bits=70), "noise reduction has a number outside"),
    "negative": (_set("FilterBankSpectralSubtraction", smoothing=-1), "noise reduction has a number outside"),
    "snr": (_set("PCAN", snr_shift=64), "noise reduction has a number outside"),
    "scale": (_set("FilterBankLog", output_scale=0), "an output scale from 1 on"),
    "no options": (lambda name, options: options.clear(), "the .tflite file contradicts itself"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_cannot_be_are_refused_in_one_sentence(tmp_path, name):
    change, words = BAD[name]
    path = tmp_path / "front.tflite"
    path.write_bytes(preprocessor(change=change))
    with pytest.raises(ConversionError, match=words):
        convert(path)


def test_signal_operators_in_another_order_are_refused(tmp_path):
    b = TfliteBuilder()
    x, y, shift, roots = b.tensor((4,), "uint64"), b.tensor((4,), "uint64"), b.tensor((), "int32"), b.tensor((4,), "uint32")
    b.op("CUSTOM:SignalFftAutoScale", [x], [y, shift])
    b.op("CUSTOM:SignalFilterBankSquareRoot", [y, shift], [roots])
    path = tmp_path / "order.tflite"
    path.write_bytes(b.file([x], [roots]))
    words = "FilterBankSquareRoot reads what SignalFftAutoScale makes, not SignalFilterBank: .* in this order: SignalWindow -> "
    with pytest.raises(ConversionError, match=words):
        convert(path)


def test_features_of_micro_wake_word(require):
    """Its own front end, in C with weights in C's floats, gives nearly all features alike, and the others a little off."""
    spec = importlib.util.find_spec("pymicro_features")
    require(spec is not None, "microWakeWord's front end", "pip install pymicro-features")
    from pymicro_features import MicroFrontend

    chance, t = np.random.default_rng(3), np.arange(32000) / 16000
    samples = 12000 * np.sin(6 * np.pi * t) ** 2 * np.sin(2 * np.pi * (300 + 700 * t) * t) + chance.normal(0, 200, t.size)
    samples = np.clip(samples, -32767, 32767).astype(np.int16)
    front, expected = MicroFrontend(), []
    for start in range(0, samples.size, 160):
        made = front.process_samples(samples[start : start + 160].tobytes()).features
        expected += [np.rint(np.array(made) * 25.6)] if made else []  # it divides by 25.6
    found = MelFeatures(hop_ms=10, noise=Noise(), gain=Gain())(samples)
    difference = np.abs(np.stack(expected) - found)
    assert difference.shape == (198, 40)
    assert np.mean(difference > 0) < 0.015 and np.mean(difference > 8) < 0.004
