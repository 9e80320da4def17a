"""An article taken down: gone from every file, and never stored again.

One transaction of the ledger removes it there and remembers it by hashes; from then on nothing of
it is written. The rest, the lake's files above all, is found by what that transaction wrote down,
and is gone on with after a kill by whoever finishes takedowns next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ingest.errors import NewsfoldError
from ingest.regroup.kept import Kept, kept_rows
from ingest.regroup.moves import Because, as_first
from ingest.regroup.people import read_again
from storage.archive.reader import Kept as Archived
from storage.archive.removal import Captures, remove_captures
from storage.archive.writer import FOLDER as ARCHIVE
from storage.lake.lake import Lake
from storage.lake.removal import of_article
from storage.lake.rewrite import Day
from storage.ledger.base import Ledger, LedgerWriter
from storage.model import Reason, StoredArticle
from storage.search import SearchIndex
from storage.store import Store
from storage.takedown import Remains

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was taken down. ``heir`` leads its story now; ``reread`` says that its text comes yet.

    That is so where the heir's text was not kept: its page is read at the next crawl.
    """

    article: StoredArticle
    heir: StoredArticle | None = None
    reread: bool = False


@dataclass(frozen=True, slots=True)
class Purged:
    """A file in quarantine that is no more: its path in the data folder."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Where articles are taken down."""

    ledger: Ledger
    store: Store
    lake: Lake
    search: SearchIndex
    run_id: str
    at: datetime

    def take_down(self, article_id: str) -> Gone:
        """Remove an article from the ledger; ``finish`` removes it from all else.

        Raises:
            NewsfoldError: its story kept changing under a crawl.
            LookupError: there is no such article.
        """
        for _ in range(_TRIES):
            article = self.ledger.article(article_id)
            if article is None:
                raise LookupError(f"there is no article {article_id}")
            members = self.ledger.stories.members(article.story_id)
            kept = kept_rows(self.store, [it.article_id for it in members])
            self.lake.flush(at=self.at, wait=True)
            with self.ledger.writing() as writer:
                if writer.stories.members(article.story_id) == members:
                    heir, reread = self._give_up_lead(writer, article, members, kept)
                    writer.takedowns.remove(article, run_id=self.run_id, at=self.at)
                    return Gone(article=article, heir=heir, reread=reread)
        raise NewsfoldError("the story kept changing under a crawl; try again")

    def finish(self) -> Iterator[Day | Purged]:
        """Remove it from all else; see ``finish``."""
        return finish(self.ledger, self.lake, self.search, at=self.at)

    def _give_up_lead(
        self,
        writer: LedgerWriter,
        article: StoredArticle,
        members: Sequence[StoredArticle],
        kept: dict[str, Kept],
    ) -> tuple[StoredArticle | None, bool]:
        """Have the next one whose text is kept lead the story; else the next one at all."""
        others = [it for it in members if it.article_id != article.article_id]
        if article.duplicate_of is not None or not others:
            return None, False
        heir = next((it for it in others if kept[it.article_id].article), others[0])
        for other in others:
            if other is not heir:
                writer.stories.put(replace(other, duplicate_of=heir.article_id))
        row = kept[heir.article_id].article
        if row is not None:
            because = Because(reason=Reason.SET_APART, detail="the story's first was taken down")
            move = as_first(heir, row, story_id=article.story_id, because=because)
            writer.stories.move(move, run_id=self.run_id, at=self.at)
            return move.stored, False
        heir = replace(heir, duplicate_of=None)
        writer.stories.put(heir)
        reread, _ = read_again(self.ledger, writer, [heir], run_id=self.run_id, at=self.at)
        return heir, bool(reread)


def _tells_of(gone: Sequence[Remains], page: Archived) -> bool:
    """Whether an archived page is one that an article was read from."""
    return any(
        page.url in remains.urls
        or page.about.get("requested_url") in remains.urls
        or page.about.get("entry_id") in remains.entry_ids
        for remains in gone
    )


def finish(
    ledger: Ledger, lake: Lake, search: SearchIndex, *, at: datetime
) -> Iterator[Day | Purged]:
    """Remove from every file what was taken down, also by a run that was killed.

    What people decided is written down first, so that it outlasts the ledger.

    Yields the days that could not be written anew, of the archive those whose file a run still
    writes to; with any of them all is to be tried again. And the files in
    quarantine that are removed, since they hold it or may do.

    Raises:
        OSError: the disk is full or refuses.
        StoreError: another process keeps a file from being written anew.
    """
    lake.keep_people()
    unfinished = ledger.takedowns.unfinished()
    if not unfinished:
        return
    lake.flush(at=at, wait=True)
    left = 0
    for remains in unfinished:
        yield from map(Purged, lake.purge(of_article(remains)))
        for done in lake.edit(of_article(remains), at=at):
            if isinstance(done, Day):
                left += 1
                yield done
    for file in remove_captures(lake.root, Captures(wanted=partial(_tells_of, unfinished))):
        if file.is_left:
            left += 1
            yield Day(table=ARCHIVE, day=file.day, parts=())
    if left:
        return
    search.forget()
    for remains in unfinished:
        ledger.takedowns.forget(remains.article_id)
    ledger.shred()
    for remains in unfinished:
        ledger.takedowns.finish(remains.article_id)
