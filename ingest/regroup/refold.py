"""Today's rules over everything that is stored: what would change, and the changing of it.

A change is one transaction of the ledger, made only if the stories it is about are still what they
were. So it may go on beside a crawl, and after a kill the rest is found and done again: what is to
come of it does not depend on how far it got. Only signatures of another scheme are made anew while
nobody else is at work.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ingest.dedup.signature import SCHEME
from ingest.errors import NewsfoldError
from ingest.regroup.kept import kept_rows, texts_of
from ingest.regroup.people import read_again
from ingest.regroup.plan import Change, change_of, overlapping
from ingest.regroup.scratch import Drawn, draw, scratch_ledger
from ingest.settle import Circumstances
from storage.ledger.base import Ledger, LedgerWriter
from storage.ledger.sqlite import SqliteLedger
from storage.model import StoredArticle
from storage.store import Store

UNFINISHED = "unfinished: being made anew by `newsfold refold`"

AT_ONCE = 2_000
"""Articles of changes whose rows are in memory at once."""

SIGNED_AT_ONCE = 500
"""Articles that are signed anew in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was changed: how many stories' changes were made, and how many could not be.

    The latter were changed by others meanwhile. ``reread`` are the articles whose pages are read
    again, ``stuck`` those that have none.
    """

    made: int = 0
    overtaken: int = 0
    reread: int = 0
    stuck: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refold:
    """One look at everything under ``run``'s rules; ``since``: at what appeared from then on."""

    ledger: Ledger
    store: Store
    run: Circumstances
    since: datetime | None = None

    @property
    def signs(self) -> bool:
        """Whether the signatures are of another scheme and must be made anew."""
        return self.ledger.fold_scheme() not in {None, SCHEME}

    def drawing(self) -> AbstractContextManager[SqliteLedger]:
        """Open the scratch ledger that the other methods use."""
        return scratch_ledger(self.run)

    def draw(self, scratch: Ledger) -> Drawn:
        """Decide everything anew.

        Raises:
            NewsfoldError: the signatures are to be made anew, but not of all articles.
        """
        if self.signs and self.since is not None:
            raise NewsfoldError(
                f"its articles are signed under {self.ledger.fold_scheme()}, this version signs"
                f" under {SCHEME}: that is a matter of all of them; leave out --since"
            )
        texts = partial(texts_of, self.store) if self.signs else None
        return draw(self.ledger, scratch, self.run, since=self.since, texts=texts)

    def changes(self, drawn: Drawn, scratch: Ledger) -> Iterator[Change]:
        """Yield what would change, the earliest stories first."""
        waiting: list[list[str]] = []
        for ids in overlapping(drawn):
            waiting.append(ids)
            if sum(map(len, waiting)) >= AT_ONCE:
                yield from self._described(waiting, drawn, scratch)
                waiting = []
        yield from self._described(waiting, drawn, scratch)

    def carry_out(self, drawn: Drawn, scratch: Ledger, *, at: datetime) -> Carried:
        """Make the changes.

        Raises:
            NewsfoldError: signatures must be made anew, and a crawl or a daemon is at work.
        """
        signs = self.signs
        if signs:
            self._sign(drawn, scratch)
        total = Carried()
        for change in self.changes(drawn, scratch):
            done = self._carry(change, at=at)
            total = Carried(
                made=total.made + done.made,
                overtaken=total.overtaken + done.overtaken,
                reread=total.reread + done.reread,
                stuck=total.stuck + done.stuck,
            )
        if signs and not total.overtaken:
            self.ledger.end_refold(SCHEME)
        return total

    def _described(
        self, waiting: Sequence[Sequence[str]], drawn: Drawn, scratch: Ledger
    ) -> Iterator[Change]:
        together = [key for ids in waiting for key in ids]
        if not together:
            return
        kept = kept_rows(self.store, together)
        for ids in waiting:
            articles = self.ledger.stories.articles(ids)
            drawn_anew = scratch.stories.articles(ids)
            signed = [
                replace(stored, fingerprint=anew.fingerprint)
                for stored, anew in zip(articles, drawn_anew, strict=True)
            ]
            if _places(articles) != {key: drawn.present[key] for key in ids}:
                continue  # a crawl came between; it is told as overtaken where it is carried out
            change = change_of(signed, drawn, kept)
            if change.steps:
                yield change

    def _carry(self, change: Change, *, at: datetime) -> Carried:
        run_id = self.run.run_id
        with self.ledger.writing() as writer:
            if not _stands(writer, change):
                return Carried(overtaken=1)
            for step in change.steps:
                if step.put:
                    writer.stories.put(step.put)
                if step.move:
                    writer.stories.move(step.move, run_id=run_id, at=at)
            leaving = [it for step in change.steps if (it := step.to_be_read)]
            reread, stuck = read_again(self.ledger, writer, leaving, run_id=run_id, at=at)
        return Carried(made=1, reread=len(reread), stuck=len(stuck))

    def _sign(self, drawn: Drawn, scratch: Ledger) -> None:
        others = self.ledger.begin_refold(self.run.run_id, UNFINISHED)
        if others:
            raise NewsfoldError(
                "signatures cannot be made anew while a crawl or a daemon is at work: stop it first"
            )
        if self.ledger.stories.in_order() != list(drawn.order):
            raise NewsfoldError("a crawl came between: run it again")
        ids = list(drawn.order)
        for start in range(0, len(ids), SIGNED_AT_ONCE):
            signed = scratch.stories.articles(ids[start : start + SIGNED_AT_ONCE])
            with self.ledger.writing() as writer:
                for stored in signed:
                    writer.stories.sign(stored.article_id, stored.fingerprint)


def _places(articles: Sequence[StoredArticle]) -> dict[str, tuple[str, str | None]]:
    return {it.article_id: (it.story_id, it.duplicate_of) for it in articles}


def _stands(writer: LedgerWriter, change: Change) -> bool:
    """Whether the stories of a change are still what they were when it was planned."""
    now = [it for story in change.stories for it in writer.stories.members(story)]
    return {_place(it) for it in now} == {_place(it) for it in change.before}


def _place(stored: StoredArticle) -> tuple[str, int, str, str | None]:
    return (stored.article_id, stored.revision, stored.story_id, stored.duplicate_of)
