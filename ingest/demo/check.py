"""Compares what was stored to the newsroom's truths. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ingest.demo.truths import ArticleTruth, EntryTruth, Truths
from storage.model import Outcome

Stored = Mapping[str, Any]
"""A row by column name, as ``pyarrow.Table.to_pylist()`` gives it."""


def check(
    truths: Truths,
    *,
    articles: Sequence[Stored],
    revisions: Sequence[Stored],
    duplicates: Sequence[Stored],
    entries: Sequence[Stored],
    polls: Sequence[Stored],
) -> list[str]:
    """Return every difference between what was stored and what is true; none when all is exact.

    Args:
        truths: The newsroom's list of truths.
        articles: Newest revision of each article that is no duplicate: ``article_id``,
            ``canonical_url``, ``revision``.
        revisions: Every revision of those: ``article_id``, ``canonical_url``, ``revision``,
            ``title``, ``text``, ``language`` and ``published_at`` (aware datetime or ``None``).
        duplicates: Newest row of each folded article: ``canonical_url``, ``duplicate_of``,
            ``match`` and, where texts of copies are kept, ``text``.
        entries: Each entry as it stands now: ``feed_id``, ``guid``, ``outcome``, ``reason``.
        polls: All polls: ``feed_id``, ``polled_at``, ``ok``, ``reason``, ``entries``.
    """
    return [
        *_check_entries(truths, entries),
        *_check_twins(truths, entries),
        *_check_articles(truths, articles),
        *_check_revisions(truths, revisions),
        *_check_stories(truths, articles, duplicates),
        *_check_polls(truths, polls),
    ]


def _check_entries(truths: Truths, entries: Sequence[Stored]) -> Iterable[str]:
    expected = {(truth.feed_id, truth.guid): truth for truth in truths.entries}
    stored = [(row["feed_id"], row["guid"]) for row in entries]
    yield from _check_set("entry", [" ".join(key) for key in expected], map(" ".join, stored))
    for row in entries:
        truth = expected.get((row["feed_id"], row["guid"]))
        got = (row["outcome"], row["reason"])
        if truth is not None and got not in truth.verdicts:
            yield f"entry {truth.feed_id} {truth.guid}: is {_say(got)}, not {_either(truth)}"


def _check_twins(truths: Truths, entries: Sequence[Stored]) -> Iterable[str]:
    outcomes = {(row["feed_id"], row["guid"]): row["outcome"] for row in entries}
    for twin in truths.twins:
        new = [key for key in twin.entries if outcomes.get(key) == Outcome.NEW]
        if len(new) != 1:
            yield f"{twin.url}: {len(new)} of {len(twin.entries)} entries are new, not exactly one"


def _check_articles(truths: Truths, articles: Sequence[Stored]) -> Iterable[str]:
    expected = {truth.url: truth for truth in truths.articles}
    yield from _check_set("article", expected, [row["canonical_url"] for row in articles])
    for row in articles:
        truth = expected.get(row["canonical_url"])
        if truth is not None and row["revision"] + 1 != len(truth.versions):
            count = len(truth.versions)
            yield f"article {truth.url}: has {row['revision'] + 1} revisions, not {count}"


def _check_revisions(truths: Truths, revisions: Sequence[Stored]) -> Iterable[str]:
    expected = {(t.url, n): t for t in truths.articles for n in range(len(t.versions))}
    stored = [(row["canonical_url"], row["revision"]) for row in revisions]
    yield from _check_set("revision", map(_numbered, expected), map(_numbered, stored))
    for row in revisions:
        name = _numbered((row["canonical_url"], row["revision"]))
        yield from (f"revision {name}: {fault}" for fault in _template_words(truths, row))
        truth = expected.get((row["canonical_url"], row["revision"]))
        if truth is not None:
            yield from (f"revision {name}: {fault}" for fault in _faults(truth, row))


def _template_words(truths: Truths, row: Stored) -> Iterable[str]:
    text = _plain(row.get("text") or "").casefold()
    for phrase in truths.forbidden:
        if phrase.casefold() in text:
            yield f"its text has the template's words “{phrase}”"


def _faults(truth: ArticleTruth, row: Stored) -> Iterable[str]:
    version = truth.versions[row["revision"]]
    if _plain(row["title"] or "") != _plain(version.title):
        yield f"its title is {row['title']!r}, not {version.title!r}"
    if (row["language"] or "").partition("-")[0].lower() != truth.language:
        yield f"its language is {row['language']!r}, not {truth.language!r}"
    published: datetime | None = row["published_at"]
    if published != truth.published_at:
        yield f"it was published {published}, not {truth.published_at}"
    rest = _plain(row["text"] or "")
    foreign = []
    for paragraph in map(_plain, version.paragraphs):
        before, found, after = rest.partition(paragraph)
        if not found:
            yield f"its text lacks, or has out of order, “{_cut(paragraph)}”"
            continue
        foreign.append(before)
        rest = after
    for words in filter(None, map(str.strip, [*foreign, rest])):
        yield f"its text has words that are not the article's: “{_cut(words)}”"


def _check_stories(
    truths: Truths, articles: Sequence[Stored], duplicates: Sequence[Stored]
) -> Iterable[str]:
    ids = {row["article_id"]: row["canonical_url"] for row in articles}
    copies = {url: story for story in truths.stories for url in story.copies}
    yield from _check_set("duplicate", copies, [row["canonical_url"] for row in duplicates])
    for row in duplicates:
        url = row["canonical_url"]
        yield from (f"duplicate {url}: {fault}" for fault in _template_words(truths, row))
        if url not in copies:
            continue
        first = ids.get(row["duplicate_of"], row["duplicate_of"])
        if first != copies[url].first:
            yield f"duplicate {url}: is folded into {first}, not {copies[url].first}"
        right = copies[url].copies[url]
        if row["match"] not in right:
            yield f"duplicate {url}: matched {row['match']}, not {' or '.join(sorted(right))}"


def _check_polls(truths: Truths, polls: Sequence[Stored]) -> Iterable[str]:
    newest = {row["feed_id"]: row for row in sorted(polls, key=lambda row: row["polled_at"])}
    yield from _check_set("polled feed", [truth.feed_id for truth in truths.polls], newest)
    for truth in truths.polls:
        row = newest.get(truth.feed_id)
        if row is None:
            continue
        if (row["ok"], row["reason"]) != (truth.ok, truth.reason):
            yield f"feed {truth.feed_id}: its poll ended {row['reason']}, not {truth.reason}"
        elif truth.entries is not None and row["entries"] != truth.entries:
            yield f"feed {truth.feed_id}: {row['entries']} entries read, not {truth.entries}"


def _check_set(noun: str, expected: Iterable[str], stored: Iterable[str]) -> Iterable[str]:
    wanted, got = Counter(list(expected)), Counter(list(stored))
    for name in sorted(wanted.keys() | got.keys()):
        if not wanted[name]:
            yield f"{noun} {name}: is stored and should not be"
        elif not got[name]:
            yield f"{noun} {name}: is missing"
        elif got[name] > wanted[name]:
            yield f"{noun} {name}: is stored {got[name]} times"


def _numbered(key: tuple[str, int]) -> str:
    return f"{key[0]} #{key[1]}"


def _plain(text: str) -> str:
    """Return the text with its white space evened out and its characters composed (NFC)."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _say(verdict: tuple[str, str]) -> str:
    return "/".join(verdict)


def _either(truth: EntryTruth) -> str:
    return " or ".join(sorted(_say(verdict) for verdict in truth.verdicts))


def _cut(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
