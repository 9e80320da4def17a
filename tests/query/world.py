"""A data folder with a crawl's writer in it."""

from dataclasses import replace
from pathlib import Path

from storage.lake.lake import Lake
from storage.ledger.sqlite import SqliteLedger
from storage.model import EntryCommit, Outcome, Reason
from tests.query.samples import (
    T0,
    article,
    at,
    change,
    duplicate,
    entry_commit,
    feed_state,
    poll_commit,
)


class World:
    """A data folder with a crawl's writer in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "state").mkdir(parents=True)
        self.ledger = SqliteLedger(root / "state" / "ledger.db")
        self.lake = Lake(root, self.ledger)
        feed = feed_state()
        self.ledger.register_feeds([(feed.feed_id, feed.url, feed.name)], at=T0)

    def poll(self, *names: str) -> None:
        self.ledger.commit_poll(poll_commit(*names))

    def commit(self, *commits: EntryCommit) -> None:
        with self.ledger.writing() as writer:
            for commit in commits:
                writer.commit(commit)

    def flush(self) -> None:
        assert self.lake.flush(at=at(60)) is not None


def folded(name: str, *, of: str, revision: int = 0, minute: float = 0) -> EntryCommit:
    row = duplicate(name, of=of, revision=revision, minute=minute)
    kept = entry_commit(article(name, story=of, revision=revision, minute=minute))
    assert kept.stored is not None
    return replace(
        kept,
        change=change(name, Outcome.DUPLICATE, Reason.NEAR_COPY, minute=minute),
        stored=replace(kept.stored, duplicate_of=of, url=row.url, canonical_url=row.url),
        rows=(row,),
        aliases=(row.url,),
    )
