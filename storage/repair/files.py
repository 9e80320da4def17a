"""The parts that lie in the tables' folders, told from what only lies there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from storage.lake.layout import Layout, batch_of
from storage.lake.parts import measure
from storage.lake.repair import Finding
from storage.lake.verify import damage
from storage.ledger.parts import Part
from storage.schema import TABLES

_PATH = re.compile(rf"({'|'.join(TABLES)})/dt=\d{{4}}-\d\d-\d\d/part-[^/]+\.parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The ``parts`` that can be read to the last page, and the files that cannot be believed."""

    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]


def find_parts(layout: Layout, digests: Mapping[str, str]) -> Found:
    """Look at every file in the tables' folders.

    ``digests`` are the SHA-256 that some files are known to have had, by path.
    """
    parts: dict[str, Part] = {}
    findings = []
    for path in sorted(layout.tree()):
        part, what = _looked_at(layout, path)
        if part is None:
            findings.append(Finding(path=path, what=what))
        elif digests.get(path, part.sha256) != part.sha256:
            findings.append(Finding(path=path, what="is not as it was written"))
        elif part.sha256 in parts:
            what = f"is a copy of {parts[part.sha256].path}"
            findings.append(Finding(path=path, what=what))
        else:
            parts[part.sha256] = part
    return Found(
        parts=tuple(sorted(parts.values(), key=lambda it: it.path)), findings=tuple(findings)
    )


def _looked_at(layout: Layout, path: str) -> tuple[Part | None, str]:
    named = _PATH.fullmatch(path)
    if named is None:
        return None, "is no part by its name"
    file = layout.file(path)
    try:
        size, digest = measure(file)
        rows = pq.read_metadata(file).num_rows
    # The last: pyarrow decodes the names in a damaged footer.
    except (OSError, pa.ArrowException, ValueError) as error:
        return None, f"cannot be read: {str(error).splitlines()[0]}"
    part = Part(
        table=named[1],
        path=path,
        batch_id=batch_of(path),
        rows=rows,
        bytes=size,
        sha256=digest,
    )
    whats = [problem.what for problem in damage(layout, part)]
    return (None, "; ".join(whats)) if whats else (part, "")
