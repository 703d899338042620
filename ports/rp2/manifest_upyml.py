# Firmware with upyml in it.

include("manifest.py")  # noqa: F821 - a name that manifests have
include("../manifest.py")  # noqa: F821
