"""A person's word on the stories: split an article off, join two, take a word back.

Each is one transaction of the ledger. What is read before it is looked at again in it, so that a
crawl may go on beside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from ingest.dedup.decision import precedes
from ingest.errors import NewsfoldError
from ingest.regroup.kept import Kept, kept_rows
from ingest.regroup.moves import Because, as_copy, as_first, measured, own_story, to_be_read
from storage.ledger.base import Ledger, LedgerWriter
from storage.model import Match, Reason, StoredArticle
from storage.regroup import Move, Verdict, Word
from storage.store import Store

T = TypeVar("T")

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a word.

    ``moved`` are the articles with a new place, ``reread`` those whose pages are read again at the
    next crawl since their texts are not kept, ``stuck`` those that have no page to be read.
    ``verdicts`` are the words written down or taken back.
    """

    moved: tuple[StoredArticle, ...] = ()
    reread: tuple[StoredArticle, ...] = ()
    stuck: tuple[StoredArticle, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a person's word is carried out."""

    ledger: Ledger
    store: Store
    run_id: str
    at: datetime

    def split(self, article_id: str) -> Done:
        """Set an article apart from the story that it is in, for good.

        Raises:
            NewsfoldError: it is alone in its story.
        """
        return self._with_story([article_id], self._split)

    def join(self, one: str, other: str) -> Done:
        """Make one story of two articles' stories, whatever the numbers say.

        Raises:
            NewsfoldError: they are of one story already.
        """
        return self._with_story([one, other], self._join)

    def forget(self, article_id: str) -> Done:
        """Take back all that was said of an article. It stays where it is until it is decided anew.

        Raises:
            NewsfoldError: nothing was said of it.
        """
        with self.ledger.writing() as writer:
            verdicts = writer.stories.verdicts([article_id])
            if not verdicts:
                raise NewsfoldError(f"nothing was said of {article_id}: there is nothing to forget")
            writer.stories.forget(verdicts)
            ids = sorted({key for it in verdicts for key in (it.article_id, it.other_id)})
            for stored in writer.stories.articles(ids):
                if stored.misplaced:
                    writer.stories.put(replace(stored, misplaced=False))
        return Done(verdicts=tuple(verdicts))

    def _with_story(
        self,
        article_ids: Sequence[str],
        work: Callable[["_Work", Sequence[StoredArticle]], Done],
    ) -> Done:
        """Do something to articles with their stories as they are, whoever else writes."""
        for _ in range(_TRIES):
            asked = self.ledger.stories.articles(article_ids)
            stories = [self.ledger.stories.members(it.story_id) for it in asked]
            kept = kept_rows(self.store, [it.article_id for members in stories for it in members])
            with self.ledger.writing() as writer:
                now = writer.stories.articles(article_ids)
                if [writer.stories.members(it.story_id) for it in now] == stories:
                    return work(_Work(desk=self, writer=writer, kept=kept), asked)
        raise NewsfoldError("the story kept changing under a crawl; try again")

    @staticmethod
    def _split(work: "_Work", asked: Sequence[StoredArticle]) -> Done:
        (article,) = asked
        members = work.writer.stories.members(article.story_id)
        others = [it for it in members if it.article_id != article.article_id]
        if not others:
            raise NewsfoldError(
                f"{article.canonical_url} is alone in its story: there is nothing to split it from"
            )
        verdicts = work.say(Word.APART, [(article, it) for it in others])
        because = Because(
            reason=Reason.SET_APART,
            detail="a person said that it is not of this story",
            evidence={"rule": "a person's word", "said_at": work.desk.at.isoformat()},
        )
        if article.duplicate_of is not None:
            row = work.kept[article.article_id].article
            if row is None:
                return work.done(leaving=[article], verdicts=verdicts)
            move = as_first(article, row, story_id=own_story(article), because=because)
            return work.done(moves=[move], verdicts=verdicts)
        return _without_first(work, article, others, because, verdicts)

    @staticmethod
    def _join(work: "_Work", asked: Sequence[StoredArticle]) -> Done:
        one, other = asked
        waits = one.misplaced or other.misplaced
        if one.article_id == other.article_id or (one.story_id == other.story_id and not waits):
            raise NewsfoldError(
                f"{one.canonical_url} and {other.canonical_url} are of one story already"
            )
        stories = [work.members(one), work.members(other)]
        work.writer.stories.forget(
            [work.verdict(Word.APART, it, other) for it in stories[0] for other in stories[1]]
        )
        verdicts = work.say(Word.TOGETHER, [(one, other), (stories[0][0], stories[1][0])])
        mine, its = stories
        swap = mine[0].misplaced or (precedes(its[0], mine[0]) and not its[0].misplaced)
        (first, *_), (later, *copies) = (its, mine) if swap else (mine, its)
        because = Because(
            reason=Reason.JOINED,
            detail=f"a person said that it is of the story of {first.canonical_url}",
            evidence={"rule": "a person's word", "of": first.article_id},
        )
        fit = measured(later, first, Match.JOINED)
        moves = [as_copy(later, work.kept[later.article_id], first, fit=fit, because=because)]
        moves += [
            as_copy(copy, work.kept[copy.article_id], first, fit=None, because=because)
            for copy in copies
        ]
        return work.done(moves=moves, verdicts=verdicts)


def _without_first(
    work: "_Work",
    article: StoredArticle,
    others: Sequence[StoredArticle],
    because: Because,
    verdicts: Sequence[Verdict],
) -> Done:
    """Take a story's first out of it: the next one whose text is kept takes the story over."""
    place = next((n for n, it in enumerate(others) if work.kept[it.article_id].article), None)
    row = work.kept[article.article_id].article
    if place is None or row is None:
        return work.done(leaving=others, verdicts=verdicts)
    heir = others[place]
    its = work.kept[heir.article_id].article
    assert its is not None, "that is how it was chosen"
    taking_over = replace(because, detail=f"{article.canonical_url} left the story, by a person")
    moves = [
        as_first(article, row, story_id=own_story(article), because=because),
        as_first(heir, its, story_id=article.story_id, because=taking_over),
    ]
    for other in others:
        if other is not heir:
            work.writer.stories.put(replace(other, duplicate_of=heir.article_id))
    # Those that come before it take over in turn once their texts are there.
    earlier = [replace(it, duplicate_of=heir.article_id) for it in others[:place]]
    return work.done(moves=moves, leaving=earlier, verdicts=verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One word being carried out in its transaction."""

    desk: Desk
    writer: LedgerWriter
    kept: dict[str, Kept]

    def members(self, article: StoredArticle) -> list[StoredArticle]:
        """Return an article's story; one that waits to leave its story is by itself."""
        return [article] if article.misplaced else self.writer.stories.members(article.story_id)

    def verdict(self, word: Word, one: StoredArticle, other: StoredArticle) -> Verdict:
        return Verdict(
            article_id=one.article_id, other_id=other.article_id, word=word, said_at=self.desk.at
        )

    def say(
        self, word: Word, pairs: Sequence[tuple[StoredArticle, StoredArticle]]
    ) -> tuple[Verdict, ...]:
        verdicts = tuple(dict.fromkeys(self.verdict(word, *pair) for pair in pairs))
        self.writer.stories.say(verdicts)
        return verdicts

    def done(
        self,
        *,
        moves: Sequence[Move] = (),
        leaving: Sequence[StoredArticle] = (),
        verdicts: Sequence[Verdict],
    ) -> Done:
        """Write the moves, and have the texts of those that are to leave read again."""
        run_id, at = self.desk.run_id, self.desk.at
        for move in moves:
            self.writer.stories.move(move, run_id=run_id, at=at)
        reread, stuck = read_again(self.desk.ledger, self.writer, leaving, run_id=run_id, at=at)
        if stuck and not (moves or reread):
            raise NewsfoldError(
                f"the text of {stuck[0].canonical_url} is not kept, and it has no page that could"
                " be read again: it stays where it is"
            )
        return Done(
            moved=tuple(move.stored for move in moves),
            reread=reread,
            stuck=stuck,
            verdicts=tuple(verdicts),
        )


def read_again(
    ledger: Ledger,
    writer: LedgerWriter,
    leaving: Sequence[StoredArticle],
    *,
    run_id: str,
    at: datetime,
) -> tuple[tuple[StoredArticle, ...], tuple[StoredArticle, ...]]:
    """Have articles read again that are to leave their stories; return these, and the others.

    The others have no page.
    """
    reread, stuck = [], []
    for stored in leaving:
        entries = ledger.entries_matching(article_id=stored.article_id)
        detail = "it is to leave its story, and its text is not kept: its page is read again"
        entry = to_be_read(entries, stored, detail)
        if entry is None:
            stuck.append(stored)
            continue
        writer.stories.put(replace(stored, misplaced=True))
        writer.stories.read_again(entry, run_id=run_id, at=at)
        reread.append(stored)
    return tuple(reread), tuple(stuck)
