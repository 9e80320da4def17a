"""The file of documents that the fold's benchmarks read.

It has one JSON object a line, gzipped or not, in stream order: ``text`` and ``story`` (documents
with the same value are one), and as far as they are known ``set``, ``id``, ``site``, ``title``,
``language`` and ``kind``. By default it is ``../shared/corpus/folds.jsonl.gz`` from the project's
root. Texts pass the product's own door for strings (``ingest.text``).
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from ingest.text import clean_line, clean_text

DEFAULT = Path(__file__).parents[2] / "shared" / "corpus" / "folds.jsonl.gz"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """One document of the file; ``place`` is that in the file, by which it is dated."""

    set: str
    id: str
    site: str
    title: str
    text: str
    language: str
    story: str
    kind: str
    place: int

    @property
    def url(self) -> str:
        """An address of its own on its site, whatever the names in the file are made of."""
        site = self.site or f"of {self.place}"  # where it is not known, nothing is its site's own
        host = blake2b(f"{self.set}\n{site}".encode(), digest_size=8).hexdigest()
        return f"https://{host}.example/{self.place}"


def read(path: Path) -> list[Doc]:
    """Return the documents of ``path``.

    Raises:
        ValueError: a line is no document; its number is told.
    """
    with path.open("rb") as file:
        opener = gzip.open if file.read(2) == _GZIP else open
    docs = []
    with opener(path, "rt", encoding="utf-8-sig") as lines:
        for place, line in enumerate(lines):
            if line.strip():
                try:
                    docs.append(_doc(json.loads(line), place))
                except (ValueError, KeyError, AttributeError) as error:
                    raise ValueError(f"{path}:{place + 1}: is no document: {error!r}") from None
    return docs


def _doc(item: Mapping[str, object], place: int) -> Doc:
    def given(name: str, otherwise: str = "") -> str:
        value = item.get(name)
        return otherwise if value is None else str(value)

    return Doc(
        set=given("set"),
        id=given("id", f"line {place + 1}"),
        site=given("site"),
        title=clean_line(given("title")),
        text=clean_text(given("text")),
        language=given("language", "und"),
        story=str(item["story"]),
        kind=given("kind", "any"),
        place=place,
    )
