"""Which entries of a site's news sitemap a feed has missed: functions of values alone.

A sitemap has the whole site's articles, a feed often only a part of them. Which part, both
together show: where their times overlap, a section whose articles the feed has is the feed's, and
one whose articles it lacks is not.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from ingest.articles.identity import sitemap_guid
from ingest.articles.urls import canonical_url
from ingest.feeds.reading import guid_of
from ingest.types import ParsedEntry, ParsedFeed

MOST_FILLED: Final = 500
"""Entries that are filled in at a time, the newest."""

SHOWN_LATE: Final = timedelta(minutes=30)
"""By how much an entry's date may lie before the time when its feed first showed it."""

OTHER_SECTION: Final = "of other sections"
SELECTION: Final = "of sections of which it shows a selection"
UNTOLD: Final = "of which nothing says that they are this feed's"
OTHER_LANGUAGE: Final = "in other languages"
TOO_MANY: Final = f"beyond the newest {MOST_FILLED}"

_MOST_COMPARED: Final = 2_000
_ENOUGH: Final = 3  # entries by which a feed is judged as a whole
_ENOUGH_TO_PLACE: Final = 100  # and by which its site is known
_LEAST_SHARE: Final = 0.5
_LANGUAGE_LENGTH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Entries that a feed has missed, newest first, and how many were left out by which rule."""

    entries: tuple[ParsedEntry, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    entry: ParsedEntry
    key: str
    section: str
    at: datetime


def missed(
    document: ParsedFeed, listed: Iterable[ParsedEntry], *, since: datetime, now: datetime
) -> Missed:
    """Return the listed entries that a feed had between two polls and has no more.

    They are dated after ``since``, less ``SHOWN_LATE``, and not after the newest entry of the
    document: a newer one it has yet to show. They are none of the document's own, in no other
    language than it says, and of a section that it carries (``_verdict``). An entry without a date
    of publication is never one of them: its ``lastmod`` says when its page changed.

    Args:
        document: The feed as it is now.
        listed: The entries of the site's news sitemaps.
        since: The last poll that knew what the feed said.
        now: The current time.
    """
    own = {canonical_url(entry.link) for entry in document.entries if entry.link}
    dates = [entry.published_at for entry in document.entries if entry.published_at]
    between = _between(listed, since - SHOWN_LATE, max(dates, default=now))
    shown = [each for each in between if dates and each.at >= min(dates)]
    carried = _Carried.judged(own, shown)
    taken: list[ParsedEntry] = []
    left_out: Counter[str] = Counter()
    for each in between:
        if each.key in own:
            continue
        why = _other_language(document, each.entry) or carried.against(each.section)
        if why is None and len(taken) >= MOST_FILLED:
            why = TOO_MANY
        if why is None:
            taken.append(replace(each.entry, guid=guid_of(sitemap_guid(each.key), None)))
        else:
            left_out[why] += 1
    return Missed(entries=tuple(taken), left_out=dict(left_out))


def section_of(url: str) -> str:
    """Return the section that an article's canonical URL names: its host and first folder.

    Numbers are passed over (``/2026/11/sport/…``), and a language goes with the folder after it
    (``/de/sport/…``). A host alone, with a slash at its end, is no section that was named.
    """
    parts = urlsplit(url)
    *folders, _ = parts.path.strip("/").split("/")
    words = [folder.lower() for folder in folders if not folder.isdigit()]
    depth = 2 if words and len(words[0]) == _LANGUAGE_LENGTH else 1
    return f"{parts.netloc.removeprefix('www.')}/{'/'.join(words[:depth])}"


def home_of(document: ParsedFeed) -> str | None:
    """Return an address on the host that most of a feed's entries lead to, if one is that."""
    first = document.entries[:_ENOUGH_TO_PLACE]
    links = {canonical_url(entry.link) for entry in first if entry.link}
    hosts = Counter(urlsplit(link).netloc for link in links)
    for host, number in hosts.most_common(1):
        if number > len(links) / 2:
            return min(link for link in links if urlsplit(link).netloc == host)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """What a feed shows of a site: the share of each section's articles, and of all.

    ``sections`` are those its own entries are of; ``shares`` are of what the sitemap lists within
    the time that the feed's document spans; ``is_whole`` if the feed seems to be the whole site's.
    """

    sections: Collection[str]
    shares: Mapping[str, float]
    is_whole: bool

    def _has(self, section: str) -> bool:
        host = section.split("/", maxsplit=1)[0]
        hosts = {own.split("/")[0] for own in self.sections}
        return section in self.sections or (self.is_whole and host in hosts)

    @classmethod
    def judged(cls, own: Collection[str], shown: Sequence[_Listed]) -> "_Carried":
        """Compare a document's links with what is listed for the time that it spans."""
        listed = Counter(each.section for each in shown)
        here = Counter(each.section for each in shown if each.key in own)
        sections = {section_of(url) for url in own}
        return cls(
            sections=sections,
            shares={section: here[section] / number for section, number in listed.items()},
            is_whole=len(sections) > 1
            and len(shown) >= _ENOUGH
            and here.total() >= _LEAST_SHARE * len(shown),
        )

    def against(self, section: str) -> str | None:
        """Say why an entry of a section is not one of the feed's, or ``None`` if it is.

        What the feed shows decides: half of the section's articles or more. Where the sitemap has
        none of the section for that time, it is the feed's if the feed spreads over the site's
        sections, or has entries of it; a site that names no sections gives nothing to go by.
        """
        share = self.shares.get(section)
        if share is None and self._has(section):
            return UNTOLD if section.endswith("/") and not self.is_whole else None
        if share is not None and share >= _LEAST_SHARE:
            return None
        return SELECTION if section in self.sections else OTHER_SECTION


def _between(listed: Iterable[ParsedEntry], since: datetime, until: datetime) -> list[_Listed]:
    """The entries dated within that time, each page once, newest first."""
    dated = [
        (entry.published_at, entry.link, entry)
        for entry in listed
        if entry.link and entry.published_at and since <= entry.published_at <= until
    ]
    dated.sort(key=lambda each: each[:2], reverse=True)
    found: dict[str, _Listed] = {}
    for at, link, entry in dated[:_MOST_COMPARED]:
        key = canonical_url(link)
        found.setdefault(key, _Listed(entry=entry, key=key, section=section_of(key), at=at))
    return list(found.values())


def _other_language(document: ParsedFeed, entry: ParsedEntry) -> str | None:
    if document.language is None or entry.language is None:
        return None
    same = document.language.split("-")[0] == entry.language.split("-")[0]
    return None if same else OTHER_LANGUAGE
