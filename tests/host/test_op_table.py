"""Each op gives the same bytes on every runtime, and docs/ops.md says so."""

import op_table
import pytest
from runtimes import ROOT


@pytest.mark.parametrize("op", [*op_table.NAMES, op_table.GROUP])
def test_an_op_gives_the_same_bytes_everywhere(runtime, op):
    assert op_table.same(op, runtime.name), op_table.results(runtime.name)[op]


def test_the_table_in_the_readme_is_up_to_date(require):
    for name in op_table.COLUMNS.values():
        missing = op_table.runtime_named(name).missing()
        require(not missing, missing, "make unix natmods")
    assert op_table.markdown() in (ROOT / "docs" / "ops.md").read_text(), "make readme"
