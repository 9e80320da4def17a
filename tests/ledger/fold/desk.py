"""Stores articles with given bands, and asks the index for them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from storage.fs import OnStep, no_hook
from storage.ledger.base import LedgerWriter
from storage.ledger.database import BEGIN, CHECKPOINT, COMMIT
from storage.ledger.fold.index import Sizes
from storage.ledger.sqlite import SqliteLedger
from storage.model import Fingerprint, StoredArticle
from tests.ledger.values import NOON, entry, new, poll, stored

TINY = Sizes(young=2, tail=4)

_FRESH = count()


def open_ledger(
    path: Path, *, retention: timedelta | None = None, on_step: OnStep = no_hook
) -> SqliteLedger:
    """Open a ledger whose ``on_step`` is told of the index's files alone."""

    def on_fold_step(step: str) -> None:
        if step not in {BEGIN, COMMIT, CHECKPOINT}:
            on_step(step)

    return SqliteLedger(path, retention=retention, fold_sizes=TINY, on_step=on_fold_step)


def store(
    ledger: SqliteLedger,
    *places: StoredArticle,
    then: Callable[[LedgerWriter], None] = lambda _: None,
) -> None:
    """Store articles, or their next revisions, in one transaction, with ``then`` at its end."""
    entries = [entry(f"entry {next(_FRESH)} of {place.article_id}") for place in places]
    ledger.commit_poll(poll(*entries))
    with ledger.writing() as writer:
        for of, place in zip(entries, places, strict=True):
            writer.commit(new(of, place))
        then(writer)


def place(
    name: str,
    bands: Iterable[int] = (),
    *,
    lead: Iterable[int] = (),
    revision: int = 0,
    at: datetime = NOON,
) -> StoredArticle:
    """Return an article with the given bands."""
    plain = stored(name, bands=tuple(bands), revision=revision, at=at)
    return replace(plain, fingerprint=replace(plain.fingerprint, lead_bands=tuple(lead)))


def ask(
    ledger: SqliteLedger,
    bands: Iterable[int] = (),
    *,
    lead: Iterable[int] = (),
    since: datetime = NOON,
    limit: int = 99,
    ahead: bool = False,
) -> list[str]:
    """Return the ids of the articles that share bands, in the order they are given.

    ``ahead``: looked up together with other texts first.
    """
    print_ = Fingerprint(content_hash="", bands=tuple(bands), lead_bands=tuple(lead))
    with ledger.writing() as writer:
        if ahead:
            others = [replace(print_, bands=print_.bands[n:]) for n in range(1, 3)]
            writer.expect([*others, print_])
        found = writer.articles_near(print_, since=since, limit=limit, floor=0)
    return [article.article_id for article in found]


def files(path: Path) -> list[Path]:
    """Return the segment files of a ledger."""
    return sorted((path.parent / "fold").glob("*.fold"))
