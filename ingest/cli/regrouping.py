"""The ledger and the store together, for commands that change the stories; and what was said."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from ingest.cli import say
from ingest.cli.context import Context
from ingest.clock import system_clock
from ingest.errors import ConfigError
from storage.lake.lake import Lake
from storage.ledger.fold.index import RETENTION
from storage.ledger.sqlite import SqliteLedger
from storage.model import StoredArticle
from storage.regroup import Verdict, Word
from storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A data folder open for a run of its own."""

    ledger: SqliteLedger
    store: Store
    run_id: str
    at: datetime


@contextmanager
def opened(context: Context, *, kind: str) -> Iterator[Opened]:
    """Open the data folder for a run of this kind; what people decided in it is kept for good.

    Raises:
        StoreError: nothing is stored there.
        ConfigError: there is neither a configuration nor ``--data``.
    """
    try:
        retention = context.load_config().dedup.window
    except ConfigError:
        if context.data is None:
            raise
        retention = RETENTION
    at = system_clock()
    ledger = context.open_ledger(retention=retention)
    try:
        run_id = ledger.begin_run(kind=kind, at=at)
        try:
            with context.open_store(strict=True) as store:
                yield Opened(ledger=ledger, store=store, run_id=run_id, at=at)
            Lake(context.data_folder(), ledger).keep_people()
        finally:
            ledger.end_run(run_id, at=system_clock())
    finally:
        ledger.close()


Said = Sequence[tuple[Verdict, StoredArticle]]
"""What was said of an article, each with the other article that it is about."""


def said_of(ledger: SqliteLedger, article_id: str) -> Said:
    """Return what people said of an article, the latest first."""
    verdicts = ledger.stories.verdicts([article_id])
    others = ledger.stories.articles([it.other_than(article_id) for it in verdicts])
    by_id = {other.article_id: other for other in others}
    # Of a ledger that was made anew some of the articles may be lost.
    return [(it, by_id[key]) for it in verdicts if (key := it.other_than(article_id)) in by_id]


def tell_said(context: Context, said: Said) -> None:
    """Print what people said of an article."""
    if not said:
        return
    say.heading(context, "What a person said")
    for verdict, other in said:
        words = "never of one story with" if verdict.word is Word.APART else "of one story with"
        line = Text.assemble((f"{say.when(verdict.said_at)}  ", "dim"), f"{words} ")
        line.append_text(say.said(other.title or "(no title)"))
        say.flowing(context, line)
        say.unbroken(context, say.said(other.canonical_url, "dim"), indent=2)


def record_said(said: Said) -> list[dict[str, object]]:
    """Return what people said of an article as JSON has it."""
    return [
        {
            "word": verdict.word,
            "article_id": other.article_id,
            "url": other.canonical_url,
            "said_at": verdict.said_at,
        }
        for verdict, other in said
    ]
