from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.demo.check import check
from ingest.demo.truths import Truths, truths_of
from storage.model import Outcome
from tests.demo.conftest import NOW, world_of

Rows = dict[str, list[dict[str, Any]]]


def truths_after(edition: int) -> Truths:
    return truths_of([world_of(number) for number in range(1, edition + 1)])


def perfect(truths: Truths) -> Rows:
    """Rows as a correct crawler would have stored them."""
    twins = {key for twin in truths.twins for key in twin.entries[1:]}
    entries = []
    for truth in truths.entries:
        wanted = sorted(
            v
            for v in truth.verdicts
            if (v[0] == Outcome.UNCHANGED) == ((truth.feed_id, truth.guid) in twins)
        )
        outcome, reason = wanted[0]
        entries.append(
            {
                "feed_id": truth.feed_id,
                "guid": truth.guid,
                "outcome": str(outcome),
                "reason": str(reason),
            }
        )
    revisions = [
        {
            "article_id": f"id of {article.url}",
            "canonical_url": article.url,
            "revision": number,
            "title": version.title,
            "text": "\n".join(version.paragraphs),
            "language": article.language,
            "published_at": article.published_at,
        }
        for article in truths.articles
        for number, version in enumerate(article.versions)
    ]
    return {
        "revisions": revisions,
        "articles": list({row["canonical_url"]: row for row in revisions}.values()),
        "duplicates": [
            {
                "canonical_url": url,
                "duplicate_of": f"id of {story.first}",
                "match": str(min(matches)),
                "text": None,
            }
            for story in truths.stories
            for url, matches in story.copies.items()
        ],
        "entries": entries,
        "polls": [
            {
                "feed_id": poll.feed_id,
                "polled_at": NOW,
                "ok": poll.ok,
                "reason": str(poll.reason),
                "entries": poll.entries or 0,
            }
            for poll in truths.polls
        ],
    }


def set_first(table: str, column: str, value: object) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[table][0][column] = value

    return change


def drop_first(table: str) -> Callable[[Rows], None]:
    return lambda rows: rows[table].__delitem__(0)


def twice(table: str) -> Callable[[Rows], None]:
    return lambda rows: rows[table].append(rows[table][0])


def append_words(words: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows["revisions"][0]["text"] += words

    return change


def swap_paragraphs(rows: Rows) -> None:
    first, second, *others = rows["revisions"][0]["text"].split("\n")
    rows["revisions"][0]["text"] = "\n".join([second, first, *others])


def make_twins_new(rows: Rows) -> None:
    for row in rows["entries"]:
        if row["outcome"] == "unchanged":
            row.update(outcome="new", reason="first_seen")


@pytest.mark.parametrize("edition", [1, 2])
def test_what_a_correct_crawler_stores_has_no_difference(edition: int) -> None:
    truths = truths_after(edition)
    assert check(truths, **perfect(truths)) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (set_first("entries", "outcome", "failed"), "is failed/"),
        (set_first("entries", "guid", "other"), "should not be"),
        (drop_first("entries"), "is missing"),
        (twice("entries"), "is stored 2 times"),
        (make_twins_new, "entries are new, not exactly one"),
        (drop_first("articles"), "is missing"),
        (set_first("articles", "revision", 7), "has 8 revisions"),
        (twice("revisions"), "is stored 2 times"),
        (set_first("revisions", "title", "Other"), "its title is 'Other'"),
        (set_first("revisions", "language", None), "its language is None"),
        (set_first("revisions", "published_at", datetime(2001, 1, 1, tzinfo=UTC)), "was published"),
        (set_first("revisions", "text", "Nothing."), "lacks, or has out of order"),
        (swap_paragraphs, "lacks, or has out of order"),
        (append_words("\nLEAVE a  reply"), "the template's words “Leave a Reply”"),
        (append_words("\nSome other words."), "not the article's: “Some other words.”"),
        (set_first("duplicates", "duplicate_of", "x"), "is folded into x"),
        (set_first("duplicates", "match", "exact"), "matched exact, not"),
        (set_first("duplicates", "text", "More from the wire"), "the template's words"),
        (drop_first("duplicates"), "is missing"),
        (set_first("polls", "reason", "deadline"), "its poll ended deadline"),
        (set_first("polls", "entries", 99), "99 entries read"),
        (drop_first("polls"), "is missing"),
    ],
)
def test_every_kind_of_difference_is_told(spoil: Callable[[Rows], None], words: str) -> None:
    truths = truths_after(1)
    rows = perfect(truths)
    spoil(rows)
    assert any(words in difference for difference in check(truths, **rows))


def test_the_second_edition_adds_articles_copies_and_revisions() -> None:
    first, second = truths_after(1), truths_after(2)
    assert [len(a.versions) for a in second.articles].count(2) == 2
    assert {len(a.versions) for a in first.articles} == {1}
    new = {a.url for a in second.articles} - {a.url for a in first.articles}
    assert [url.rpartition("/")[2] for url in new] == ["20417"]
    assert (
        sum(len(s.copies) for s in second.stories) == sum(len(s.copies) for s in first.stories) + 1
    )
