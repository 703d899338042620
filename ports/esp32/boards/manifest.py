# MicroPython's own frozen modules, and upyml.
include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821 - names that manifests have
include("../../manifest.py")  # noqa: F821
