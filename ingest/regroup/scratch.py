"""The stories as today's rules would have them, made in a ledger of their own.

Every article is decided the product's own way, in the order of publication, first sight and id,
against those before it: so the result does not depend on the order in which they came.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ingest.dedup.decision import Copy, Original, Update
from ingest.dedup.signature import SCHEME, fingerprint
from ingest.settle import Circumstances
from ingest.settle.choice import choose
from ingest.settle.signing import residue_of
from storage.ledger.base import Ledger, LedgerWriter
from storage.ledger.sqlite import SqliteLedger
from storage.model import Article, Fingerprint, StoredArticle
from storage.regroup import Verdict, Word

AT_ONCE = 5_000
"""Articles in memory at once."""

Texts = Callable[[Sequence[str]], Mapping[str, Article]]
"""What gives the rows with the texts of articles, as far as these are kept, by the ids of these."""


@dataclass(slots=True, kw_only=True)
class Drawn:
    """What was decided: each article's group by the id of its first, and the stories there are.

    ``decisions`` are those that disagree with an article's present story, ``order`` has every
    article's place.
    """

    groups: dict[str, str] = field(default_factory=dict)
    present: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    decisions: dict[str, Original | Copy] = field(default_factory=dict)
    order: dict[str, int] = field(default_factory=dict)


@contextmanager
def scratch_ledger(run: Circumstances) -> Iterator[SqliteLedger]:
    """Open an empty ledger that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="newsfold-refold-") as folder:
        ledger = SqliteLedger(Path(folder) / "ledger.db", retention=run.window)
        ledger.set_fold_scheme(SCHEME)
        try:
            yield ledger
        finally:
            ledger.close()


def draw(
    ledger: Ledger,
    scratch: Ledger,
    run: Circumstances,
    *,
    since: datetime | None = None,
    texts: Texts | None = None,
) -> Drawn:
    """Decide every article of ``ledger`` anew in ``scratch``.

    Args:
        ledger: What is stored. It is read alone.
        scratch: An empty ledger.
        run: The rules.
        since: Those that appeared earlier are taken as they stand.
        texts: Sign the articles anew from their texts. Those without one can only be told by the
            hash of their text, and stay with their story.
    """
    verdicts = ledger.stories.verdicts()
    ids = ledger.stories.in_order()
    drawn = Drawn(order={key: place for place, key in enumerate(ids)})
    pencil = _Pencil(ledger=ledger, run=run, since=since, texts=texts, drawn=drawn)
    with scratch.writing() as writer:
        writer.stories.say(verdicts)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        articles = ledger.stories.articles(some)
        rows = texts(some) if texts else {}
        with scratch.writing() as writer:
            for stored in articles:
                pencil.decide(writer, stored, rows.get(stored.article_id))
    with scratch.writing() as writer:
        pencil.bring_together(writer, verdicts)
    return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pencil:
    ledger: Ledger
    run: Circumstances
    since: datetime | None
    texts: Texts | None
    drawn: Drawn
    staying: list[tuple[str, str]] = field(default_factory=list)
    """Articles with one of their present story that they are to stay with."""

    def decide(self, writer: LedgerWriter, stored: StoredArticle, row: Article | None) -> None:
        key, drawn = stored.article_id, self.drawn
        drawn.present[key] = (stored.story_id, stored.duplicate_of)
        if self.texts:
            stored = self._signed(writer, stored, row)
        alone = replace(stored, story_id=key, duplicate_of=None, misplaced=False)
        if self.since is not None and (stored.published_at or stored.first_seen_at) < self.since:
            first = stored.duplicate_of
            if first is not None and first not in drawn.groups:
                self.staying.append((key, first))
            self._put(writer, alone, drawn.groups.get(first or key, key))
            return
        decision = choose(writer, alone, since=stored.fetched_at - self.run.window, run=self.run)
        if isinstance(decision, Update):
            decision = decision.copy  # which is of the same story
        match decision:
            case Copy():
                group = drawn.groups[decision.of.article_id]
                if drawn.present[decision.of.article_id][0] != stored.story_id:
                    drawn.decisions[key] = decision
            case Original():
                group = key
                if stored.duplicate_of is not None:
                    drawn.decisions[key] = decision
                    self._stay(stored, row)
        self._put(writer, alone, group)

    def bring_together(self, writer: LedgerWriter, verdicts: Sequence[Verdict]) -> None:
        """Make one group of what is to be of one story, unless some of it was set apart."""
        pairs = [(it.article_id, it.other_id) for it in verdicts if it.word is Word.TOGETHER]
        apart = [(it.article_id, it.other_id) for it in verdicts if it.word is Word.APART]
        groups = self.drawn.groups
        for one, other in [*pairs, *self.staying]:
            if one not in groups or other not in groups or groups[one] == groups[other]:
                continue
            two = {groups[one], groups[other]}
            if any({groups.get(a), groups.get(b)} == two for a, b in apart):
                continue
            first, later = sorted(two, key=self.drawn.order.__getitem__)
            for member in writer.stories.members(later):
                self._put(writer, member, first)

    def _put(self, writer: LedgerWriter, alone: StoredArticle, group: str) -> None:
        self.drawn.groups[alone.article_id] = group
        first = None if group == alone.article_id else group
        writer.stories.put(replace(alone, story_id=group, duplicate_of=first))

    def _stay(self, stored: StoredArticle, row: Article | None) -> None:
        """Keep a copy where its match cannot be seen any more.

        That is so where it was folded into an earlier revision of a text, and where it cannot be
        signed.
        """
        for member in self.ledger.stories.members(stored.story_id):
            revised = member.revision > 0 and member.fetched_at > stored.fetched_at
            unsigned = self.texts is not None and row is None and member.duplicate_of is None
            if member.article_id != stored.article_id and (revised or unsigned):
                self.staying.append((stored.article_id, member.article_id))
                return

    def _signed(
        self, writer: LedgerWriter, stored: StoredArticle, row: Article | None
    ) -> StoredArticle:
        if row is None:
            bare = Fingerprint(content_hash=stored.fingerprint.content_hash)
            return replace(stored, fingerprint=bare)
        print_ = fingerprint(row.text, site=stored.site, title=row.title)
        since = stored.fetched_at - self.run.window
        headlines = self.run.rules.headlines
        left_out = residue_of(writer, print_, since=since, headlines=headlines)
        if left_out:
            print_ = fingerprint(row.text, site=stored.site, title=row.title, residue=left_out)
        return replace(stored, fingerprint=print_)
