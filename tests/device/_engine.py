"""Which engine a script uses: upyml's own choice, or the one in Python where UPYML_ENGINE=reference says so."""

import os

ENGINE = None
if hasattr(os, "getenv") and os.getenv("UPYML_ENGINE") == "reference":
    import upyml._reference as ENGINE  # noqa: F401
