"""Trains a model that hears spoken digits: mel energies, small convolutions; samples go in, so the board has the same integers.

    python train.py                            on the clips of data/digits.npz
    python train.py --data FOLDER              on WAV files, DIGIT_SPEAKER_TAKE.wav, 8 kHz: the whole data set
    python train.py --data recordings.npz      on your own words, as `upyml record` writes them: a recording each

writes model.upm for the board, and what else host_tools/project.py names. A minute on two cores.
"""

import wave
from pathlib import Path

import numpy as np

from host_tools import project
from host_tools.sound import MelFeatures

HERE = Path(__file__).parent
RATE = 8000  # samples a second
SAMPLES = 8000  # that the model looks at
LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NOTHING = "-"  # the label of what is no digit
FEATURES = MelFeatures(RATE, window_ms=32, hop_ms=16, channels=20, lower=100, upper=3800)
EPOCHS = 25
COPIES = 4  # of each clip, moved, louder or softer, with noise
TEST_TAKES = 7  # of a folder's clips those with this take or a later one test
TEST = 4  # every so many-th recording of your own tests


def pack(sound: np.ndarray) -> np.ndarray:
    """int16 samples in 8 bits each, as telephones do (mu-law): steps grow with loudness."""
    size = np.log1p(255 * np.abs(sound / 32768)) / np.log(256)
    return np.rint(127 * np.sign(sound) * size).astype(np.int8)


def unpack(packed: np.ndarray) -> np.ndarray:
    """The int16 samples again."""
    size = np.expm1(np.abs(packed.astype(float)) / 127 * np.log(256)) / 255
    return np.rint(32767 * np.sign(packed.astype(float)) * size).astype(np.int16)


def read_folder(folder: Path) -> tuple[list[np.ndarray], list[str]]:
    """The samples of the WAV files in a folder, and their names."""
    clips, names = [], []
    for path in sorted(folder.glob("*_*_*.wav")):
        with wave.open(str(path)) as file:
            facts = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            if facts != (RATE, 1, 2):
                raise SystemExit(f"{path}: needs {RATE} samples a second, one channel, 16 bits; has {facts}")
            clips.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
        names.append(path.stem)
    if not clips:
        raise SystemExit(f"{folder}: no files DIGIT_SPEAKER_TAKE.wav, as 3_theo_0.wav")
    return clips, names


def load(path: str | None):
    """x_train, y_train, x_test, y_test: clips (n, SAMPLES) int16, and the number of the word of each; and the words."""
    labels = LABELS
    if path and Path(path).is_dir():
        clips, names = read_folder(Path(path))
        y = np.array([int(name.split("_")[0]) for name in names])
        test = np.array([int(name.split("_")[2]) >= TEST_TAKES for name in names])
    elif path:
        clips, y, test, labels = read_recordings(path)
    else:
        data = np.load(HERE / "data/digits.npz")
        clips = np.split(unpack(data["sound"]), np.cumsum(data["lengths"].astype(int))[:-1])
        y, test = data["y"].astype(int), data["test"]
    x = np.array([centred(clip) for clip in clips])
    return x[~test], y[~test], x[test], y[test], labels


def read_recordings(path: str):
    """Clips, numbers of their words, which of them test, and the words, of recordings by `upyml record`."""
    from host_tools import recordings

    data = recordings.load(path)
    if data.rate != RATE or len(data.channels) != 1:
        raise SystemExit(f"{path}: needs {RATE} samples a second of one channel; has {data.rate:g} of {len(data.channels)}")
    labels = [label for label in data.labels if label != NOTHING]
    places = {NOTHING: len(labels)} | {label: number for number, label in enumerate(labels)}
    y = np.array([places[piece.label] for piece in data.pieces])
    test = np.array([piece.recording % TEST == TEST - 1 for piece in data.pieces])
    if test.all() or not test.any():
        raise SystemExit(f"{path} needs {TEST} recordings at least, has {len(data.pieces)}")
    return [piece.counts[:, 0] for piece in data.pieces], y, test, labels


def centred(clip: np.ndarray) -> np.ndarray:
    """The loudest second of a clip, or all of it with silence around."""
    if len(clip) > SAMPLES:
        energy = np.cumsum(np.concatenate([[0], clip.astype(float) ** 2]))
        start = int(np.argmax(energy[SAMPLES:] - energy[:-SAMPLES]))
        return clip[start : start + SAMPLES]
    before = (SAMPLES - len(clip)) // 2
    return np.pad(clip, (before, SAMPLES - len(clip) - before))


def varied(x: np.ndarray, y: np.ndarray, nothing_is: int) -> tuple[np.ndarray, np.ndarray]:
    """The clips, COPIES of each changed at random, and as many without a digit: noise, and words of which most is missing."""
    random, parts = np.random.default_rng(1), [x]
    for _ in range(COPIES):
        moved = np.array([np.roll(one, random.integers(-1800, 1800)) for one in x]) * random.uniform(0.3, 2, (len(x), 1))
        parts.append(noisy(moved, random))
    nothing = np.zeros_like(x)
    for clip, one in zip(nothing[len(x) // 4 :], x[len(x) // 4 :]):  # a quarter is noise alone
        word = np.trim_zeros(one)
        left = int(len(word) * random.uniform(0.1, 0.5))
        if random.random() < 0.5:
            clip[-left:] = word[:left]
        else:
            clip[:left] = word[-left:]
    parts.append(noisy(nothing, random))
    return np.concatenate(parts), np.concatenate([np.tile(y, 1 + COPIES), np.full(len(x), nothing_is)])


def noisy(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    noise = random.normal(0, 1, x.shape) * np.exp(random.uniform(0, np.log(200), (len(x), 1)))
    return np.clip(x + noise, -32768, 32767).astype(np.int16)


def build(classes: int):
    """The untrained network on features."""
    from keras import Input, Sequential, layers

    def norm():
        return [layers.BatchNormalization(), layers.ReLU()]

    stack = [Input((*FEATURES.shape(SAMPLES), 1)), layers.Conv2D(12, 3, strides=2, padding="same", use_bias=False), *norm()]
    for filters, stride in ((24, 2), (40, 2), (48, 1)):
        stack += [layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False), *norm()]
        stack += [layers.Conv2D(filters, 1, use_bias=False), *norm()]
    return Sequential([*stack, layers.Flatten(), layers.Dropout(0.3), layers.Dense(classes, activation="softmax")])


def main() -> None:
    run = project.begin(__doc__, EPOCHS, data="recordings by `upyml record`, or a folder of WAV files")
    x_train, y_train, x_test, y_test, labels = load(run.data)
    many, answers = varied(x_train, y_train, len(labels))
    model = build(len(labels) + 1)
    project.fit(run, model, FEATURES.real(FEATURES(many))[..., None], answers, "sparse_categorical_crossentropy")
    project.finish(
        run,
        model,
        x_train,
        x_test,
        lambda scores: (scores.argmax(axis=1) == y_test).mean(),
        {"labels": "\n".join([*labels, NOTHING]), "sample_rate": RATE},
        front_end=FEATURES,
    )


if __name__ == "__main__":
    main()
