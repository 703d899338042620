# What firmware freezes: upyml as mip would install it (one list, upyml/package.json). For FROZEN_MANIFEST, or to include().
# The modules that only a computer uses (encode.py ...) are not in that list.

import json
import os

_ROOT = os.path.abspath(os.path.join(os.getcwd(), ".."))  # a manifest runs in its own folder
with open(os.path.join(_ROOT, "upyml", "package.json")) as _file:
    _files = [path for path, _ in json.load(_file)["urls"]]

freeze(_ROOT, _files)  # noqa: F821 - a name that manifests have
