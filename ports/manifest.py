# What firmware freezes: upyml as mip would install it (one list, upyml/package.json), and the drivers of sensors, which a
# frozen package would not find in the board's files. For FROZEN_MANIFEST, or to include(). The modules that only a computer
# uses (encode.py ...) are not in that list.

import json
import os

_ROOT = os.path.abspath(os.path.join(os.getcwd(), ".."))  # a manifest runs in its own folder
with open(os.path.join(_ROOT, "upyml", "package.json")) as _file:
    _files = [path for path, _ in json.load(_file)["urls"]]
_names = sorted(os.listdir(os.path.join(_ROOT, "upyml", "sensors")))
_drivers = ["upyml/sensors/" + name for name in _names if name.endswith(".py")]

freeze(_ROOT, _files + _drivers)  # noqa: F821 - a name that manifests have
