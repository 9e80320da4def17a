"""Takes files that cannot be believed out of the lake, and says what is lost with them.

A file is never removed: it is moved to ``quarantine/``, under the path it had. The ledger forgets
a part first: killed in between, the file is one that the ledger does not know, and goes next time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from storage.fs import Files
from storage.lake.layout import Layout
from storage.lake.parts import read_part
from storage.lake.verify import damage, strays
from storage.ledger.base import Ledger
from storage.ledger.parts import Part
from storage.model import Article, StoredArticle

QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A file to be taken out: why, and the part that it is to the ledger, if it is one."""

    path: str
    what: str
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a repair takes out, and the articles whose newest revision goes with it."""

    findings: tuple[Finding, ...]
    lost: tuple[StoredArticle, ...]

    @property
    def lost_rows(self) -> int:
        """How many rows of all tables go."""
        return sum(finding.part.rows for finding in self.findings if finding.part)


def plan_repair(layout: Layout, ledger: Ledger) -> Plan:
    """Look for damaged, missing and unknown files; change nothing.

    Raises:
        StoreError: the journal is damaged.
    """
    parts = ledger.parts()
    findings = [
        Finding(path=part.path, what="; ".join(whats), part=part)
        for part in parts
        if (whats := [problem.what for problem in damage(layout, part)])
    ]
    bad = {finding.path for finding in findings}
    lost = _lost(layout, ledger, parts, bad) if _has_articles(findings) else ()
    unknown = (Finding(path=one.path, what=one.what) for one in strays(layout, ledger))
    return Plan(findings=(*findings, *unknown), lost=tuple(lost))


def carry_out(plan: Plan, layout: Layout, ledger: Ledger, files: Files) -> None:
    """Do what was planned. Its user holds the locks of flush and rewrite.

    Raises:
        OSError: the disk refuses; the next repair goes on.
    """
    for finding in plan.findings:
        if finding.part is not None:
            ledger.drop_part(finding.path)
        quarantine(layout, finding.path, files)


def quarantine(layout: Layout, path: str, files: Files) -> None:
    """Move a file to ``quarantine/``, if it is there; under another name if its own is taken.

    Raises:
        OSError: the disk refuses.
    """
    source = layout.file(path)
    if source.exists():
        target = _free(layout.file(f"{QUARANTINE}/{path}"))
        files.make_folders(target.parent)
        files.rename(source, target)
        files.sync_folders(target.parent, root=layout.root)
        files.sync_folders(source.parent, root=layout.root)


def _has_articles(findings: Sequence[Finding]) -> bool:
    return any(finding.part and finding.part.table == "articles" for finding in findings)


def _lost(
    layout: Layout, ledger: Ledger, parts: Sequence[Part], bad: set[str]
) -> Iterator[StoredArticle]:
    """Yield the articles whose newest revision is in no part that stays, nor in the journal."""
    there = {
        (row.article_id, row.revision)
        for row in ledger.snapshot().rows.get("articles", ())
        if isinstance(row, Article)
    }
    for part in parts:
        if part.table == "articles" and part.path not in bad:
            keys: pa.Table = read_part(layout.file(part.path), ["article_id", "revision"])
            there.update(zip(*keys.to_pydict().values(), strict=True))
    for article in ledger.stories.articles(ledger.stories.in_order()):
        key = (article.article_id, article.revision)
        if article.duplicate_of is None and key not in there:
            yield article


def _free(path: Path) -> Path:
    """Return a path, or one like it that nothing has yet."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
