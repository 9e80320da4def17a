"""Rows removed from the lake: each day that has any is written anew and exchanged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from storage.lake.rewrite import Day, Rewriter, Rewritten, days_of
from storage.lake.sorting import Edit, Sorter
from storage.ledger.takedowns import ELSEWHERE
from storage.takedown import Remains

Edits = Mapping[str, Edit]
"""What becomes of the rows of a table, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A day with rows that are to change, ``gone`` of which are to go."""

    day: Day
    gone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remover:
    """Writes the days anew that an edit touches. Its user holds the rewrite lock."""

    rewriter: Rewriter

    def touched(self, edits: Edits) -> Iterator[Touched]:
        """Yield the days that have rows which are to change, by table and day."""
        for day in days_of(self.rewriter.ledger.parts()):
            edit = edits.get(day.table)
            if edit is None or not edit.may_touch(day.day):
                continue
            files = [self.rewriter.layout.file(part.path) for part in day.parts]
            with Sorter(day.table, files, edit, scratch=self.rewriter.layout.tmp) as sorter:
                found = sorter.touched()
            if found:
                yield Touched(day=day, gone=sum(gone for _, gone, _ in found))

    def run(self, edits: Edits, *, at: datetime) -> Iterator[Rewritten | Day]:
        """Write each of these days anew; one that could not be is yielded as it is.

        Raises:
            OSError: the disk is full or refuses; nothing is lost, and some is done.
        """
        for one in self.touched(edits):
            done = self.rewriter.rewrite(one.day, edits[one.day.table], at=at)
            yield one.day if done is None else done


def begin_of(edits: Edits) -> datetime | None:
    """Return when the days begin of which nothing goes; ``None`` if it is no matter of days."""
    days = [edit.until for edit in edits.values() if edit.until is not None]
    return datetime.combine(date.fromisoformat(max(days)), time.min, UTC) if days else None


def of_article(remains: Remains) -> Edits:
    """Return what removes an article, and what is told of it and by what it is known elsewhere."""
    named: dict[str, object] = {
        f"u{n}": name for n, name in enumerate((remains.article_id, *remains.urls))
    }
    there = " OR ".join(
        f"contains(coalesce(detail, ''), ${key}) OR contains(coalesce(evidence, ''), ${key})"
        for key in named
    )
    own: dict[str, object] = {"article": remains.article_id}
    entries: dict[str, object] = {"entries": list(remains.entry_ids)}
    return {
        "articles": Edit(drop="article_id = $article", parameters=own),
        "duplicates": Edit(drop="article_id = $article", parameters=own),
        "outcomes": Edit(
            drop="""article_id = $article
                OR (list_contains($entries::VARCHAR[], entry_id) AND reason <> 'taken_down')""",
            where=there,
            replaced={"detail": f"'{ELSEWHERE}'", "evidence": "'{}'"},
            parameters=own | entries | named,
        ),
    }
