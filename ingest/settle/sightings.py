"""What a page that was read adds to what is known of its site, written with its entry's outcome."""

import json
from dataclasses import replace
from datetime import datetime

from ingest.articles.repeats import RULE
from ingest.articles.urls import host_of
from ingest.settle.finding import Found, Refused
from ingest.types import Extracted, Lesson
from storage.model import EntryCommit, TextSource
from storage.sites import FeedSignals, PageSignals, Sighting


def of_article(extracted: Extracted, url: str, *, feed_id: str, at: datetime) -> Sighting | None:
    """Return what a page teaches of its site; ``None`` where no page was read."""
    lesson = extracted.lesson
    if lesson is None:
        return None
    # Of a page that the feed's text was preferred to, only that tells how extraction goes.
    words = lesson.page_words
    return Sighting(
        host=host_of(url),
        headline=extracted.fingerprint.headline,
        blocks=lesson.blocks if extracted.text else (),
        signals=PageSignals(
            url=url,
            feed_id=feed_id,
            seen_at=at,
            words=words,
            agreement=lesson.agreement,
            links=lesson.links,
            note=note_on(lesson),
        ),
        fed=_fed(lesson, url, feed_id) if words else None,
    )


def of_no_article(url: str, *, feed_id: str, at: datetime) -> Sighting:
    """Return what a page on which no article was found tells of its site."""
    signals = PageSignals(url=url, feed_id=feed_id, seen_at=at, words=0)
    return Sighting(host=host_of(url), signals=signals)


def note_on(lesson: Lesson) -> str:
    """Return what to tell of a page's site rules, empty if all is well."""
    if not lesson.unmatched:
        return ""
    return f"the site rule {', '.join(lesson.unmatched)} matched nothing"


def sighted(commit: EntryCommit, finding: Found | Refused) -> EntryCommit:
    """Return an entry's commit with what its page taught, and with what was left out of it."""
    sighting = finding.sighting
    if sighting is None:
        return commit
    article = commit.change.article_id
    if article is None or isinstance(finding, Refused):
        return replace(commit, sighting=replace(sighting, blocks=()))
    story = commit.stored.story_id if commit.stored is not None else article
    lesson = finding.extracted.lesson
    change = commit.change
    if lesson is not None and lesson.removed and finding.extracted.text_source is TextSource.PAGE:
        extra = json.loads(change.extra) | {"repeats": _told(lesson)}
        change = replace(change, extra=json.dumps(extra, ensure_ascii=False))
    return replace(commit, change=change, sighting=replace(sighting, page=article, story=story))


def _told(lesson: Lesson) -> dict[str, object]:
    return {
        "rule": RULE,
        "blocks": lesson.removed,
        "kept": lesson.kept,
        "quotations": list(lesson.quotations),
    }


def _fed(lesson: Lesson, url: str, feed_id: str) -> FeedSignals | None:
    if lesson.feed_words is None:
        return None
    return FeedSignals(
        feed_id=feed_id,
        url=url,
        feed_words=lesson.feed_words,
        page_words=lesson.page_words,
        shared=lesson.shared,
    )
