import re
from pathlib import Path

import pytest

from storage.schema import TABLES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_in_the_reference(table: str) -> None:
    sections = dict(
        re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", REFERENCE.read_text(), re.MULTILINE | re.DOTALL)
    )
    told = set(re.findall(r"`(\w+)`", sections[table]))
    if table == "duplicates":
        told |= set(re.findall(r"`(\w+)`", sections["articles"]))
    assert set(TABLES[table].names) <= told
