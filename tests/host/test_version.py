"""One version everywhere."""

import json
import re

from runtimes import ROOT

import upyml


def test_the_engine_and_the_list_for_mip_have_the_version_of_the_package():
    header = (ROOT / "ports" / "engine" / "upyml.h").read_text()
    assert re.search(r'#define UPYML_VERSION "(.*)"', header).group(1) == upyml.__version__
    assert json.loads((ROOT / "upyml" / "package.json").read_text())["version"] == upyml.__version__
    assert f"## {upyml.__version__}\n" in (ROOT / "CHANGELOG.md").read_text()
