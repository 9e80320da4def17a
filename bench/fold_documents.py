"""Documents for ``bench/fold_speed.py``: like news in length and in how often words recur."""

import string
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from ingest.articles.identity import article_id
from ingest.dedup.signature import fingerprint
from ingest.feeds.diff import entry_id_of
from ingest.settle.finding import Found
from ingest.types import Extracted
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    EntryState,
    FeedState,
    Fingerprint,
    Outcome,
    Poll,
    PollCommit,
    Reason,
    StoredArticle,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
VOCABULARY = 60_000
WORDS = 400
COPIES = 0.05


def texts(count: int, seed: int) -> Iterator[str]:
    """Yield documents; some are an earlier one with a sentence's worth changed and the end cut."""
    chance = np.random.default_rng(seed)
    letters = np.array(list(string.ascii_lowercase))
    words = np.array(
        ["".join(chance.choice(letters, 2 + n % 9)) for n in range(VOCABULARY)], dtype=object
    )
    recent: list[list[str]] = []
    for number in range(count):
        if recent and chance.random() < COPIES:
            chosen = list(recent[chance.integers(len(recent))])
            begin = int(chance.integers(len(chosen)))
            chosen[begin : begin + 20] = words[chance.integers(0, VOCABULARY, 20)].tolist()
            chosen = chosen[: int(len(chosen) * chance.uniform(0.7, 1))]
        else:
            length = max(60, int(chance.normal(WORDS, WORDS / 3)))
            ranks = chance.zipf(1.15, 2 * length) - 1
            chosen = words[ranks[ranks < VOCABULARY][:length]].tolist()
            recent[number % 2_000 : number % 2_000 + 1] = [chosen]
        yield " ".join(chosen)


def stored(number: int, print_: Fingerprint) -> StoredArticle:
    """Return a document's place in the ledger, a story of its own."""
    url = f"https://site{number % 997}.example/{number}"
    key = article_id(url)
    return StoredArticle(
        article_id=key,
        revision=0,
        story_id=key,
        duplicate_of=None,
        url=url,
        canonical_url=url,
        site=f"site{number % 997}.example",
        title=f"Document {number}",
        published_at=NOW,
        first_seen_at=NOW,
        fetched_at=NOW,
        word_count=WORDS,
        fingerprint=print_,
        feed_id="bench",
        guid=str(number),
    )


def entry(number: int) -> EntryState:
    """Return the entry that brings a document."""
    return EntryState(
        entry_id=entry_id_of("bench", str(number)),
        feed_id="bench",
        guid=str(number),
        url=f"https://site{number % 997}.example/{number}",
        title=f"Document {number}",
        entry_hash=str(number),
        first_seen_at=NOW,
        last_seen_at=NOW,
        outcome=Outcome.PENDING,
        reason=Reason.WAITING,
        due_at=NOW,
        payload=b"{}",
    )


def announce(
    ledger: SqliteLedger, first: int, more: Sequence[str]
) -> list[tuple[EntryState, Found]]:
    """Have a poll announce documents; return their entries with what their pages said."""
    waiting = []
    for number, text in enumerate(more, first):
        state = entry(number)
        url = state.url or ""
        extracted = Extracted(
            canonical_url=url, text=text, fingerprint=fingerprint(text), word_count=WORDS
        )
        waiting.append((state, Found(extracted=extracted, url=url, urls=(url,), fetched_at=NOW)))
    poll = Poll(
        feed_id="bench", url="", polled_at=NOW, run_id="bench", ok=True, reason=Reason.FETCHED
    )
    pending = tuple(state for state, _ in waiting)
    feed = FeedState(feed_id="bench", url="", name="")
    ledger.commit_poll(PollCommit(state=feed, poll=poll, pending=pending))
    return waiting
