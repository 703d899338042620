"""What a Keras file says of itself, without loading it: who wrote it, and which layers it holds.

Keras tells little of a file that it refuses; what is here finds the layer that stands in the way.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.readers.advice import ADVICE

_MODELS = ("Model", "Functional", "Sequential")
_UNSAFE = ("Lambda", "TFSMLayer")  # Keras refuses to load them: they hold code


@dataclass(frozen=True)
class Written:
    """version: of the Keras that wrote the file, "" where it does not say; config: its layers, None where it tells none.

    missing: in a sound HDF5 file without a model, "layers" where weights are there and "model" where nothing is.
    """

    version: str = ""
    config: Any = None
    missing: str = ""


def look(path: str | Path) -> Written:
    """What the file says; an empty Written where it is damaged, for Keras to tell."""
    try:
        return _look_zip(path) if zipfile.is_zipfile(path) else _look_hdf5(path)
    except (OSError, ValueError, KeyError, AttributeError, RecursionError, zipfile.BadZipFile):
        return Written()


def _look_zip(path) -> Written:
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read("metadata.json"))
        return Written(str(metadata.get("keras_version", "")), json.loads(archive.read("config.json")))


def _look_hdf5(path) -> Written:
    import h5py

    with h5py.File(path, "r") as file:
        version, config = (_text(file.attrs.get(name, "")) for name in ("keras_version", "model_config"))
        weights = "layer_names" in file.attrs or "layers" in file
        return Written(version, json.loads(config)) if config else Written(version, None, "layers" if weights else "model")


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def is_older(written: Written, path: str | Path) -> bool:
    """Whether Keras 1 or 2 wrote the file, or may have: the first ones wrote no version, only .h5."""
    if written.version:
        return _numbers(written.version) < (3,)
    return Path(path).suffix.lower() in (".h5", ".hdf5")


def is_newer(written: Written, installed: str) -> bool:
    """Whether a later Keras than the installed one wrote the file."""
    return _numbers(written.version) > _numbers(installed)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:3])


def why(written: Written, layers: Any) -> str | None:
    """The sentence for the first layer that no Keras loads; None where there is none. layers: the module keras.layers."""
    for entry in _layers(written.config):
        kind = entry["class_name"].split(">")[-1]
        name = entry["config"].get("name", kind)
        if kind in _UNSAFE:
            return f"layer {name} ({kind}) is not supported. {ADVICE[kind]}."
        ours = str(entry.get("module", "keras")).split(".")[0] in ("keras", "tf_keras", "host_tools")
        if not ours or ">" in entry["class_name"]:
            return f"it holds {kind}, which is not a part of Keras (layer {name}). Build the model from layers of Keras."
        if "module" not in entry and kind not in _MODELS and not hasattr(layers, kind):
            return f"it holds {kind}, which is not a layer of Keras (layer {name}). Build the model from layers of Keras."
    return None


def _layers(part: Any) -> Iterator[dict]:
    """The entries of all layers in a configuration, those of models within models after their model."""
    if not isinstance(part, dict) or not isinstance(part.get("class_name"), str):
        return
    config = part.get("config")
    if isinstance(config, list):  # a Sequential of Keras 1
        config = {"layers": config}
    if not isinstance(config, dict):
        return
    yield {**part, "config": config}
    for inner in config.get("layers") or []:
        yield from _layers(inner)
    yield from _layers(config.get("layer"))  # of a wrapper: TimeDistributed, Bidirectional
