"""What a feed says of itself as a whole: when it wants to be asked, and by which hub it tells."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from ingest.feeds.fields import Fields, dicts, raw_value
from ingest.feeds.reading import absolute

# RSS 1.0 syndication module: http://web.resource.org/rss/1.0/modules/syndication/
_PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
MAX_TTL: Final = timedelta(days=365)

_ITEM: Final = re.compile(r"</?(?:item|entry)[\s/>]", re.IGNORECASE)
_SKIPPED: Final = re.compile(
    r"<skip(hours|days)[\s>](.{0,4096}?)</skip\1", re.IGNORECASE | re.DOTALL
)
_HOUR: Final = re.compile(r"<hour[^>]{0,80}>\s*(?:<!\[CDATA\[)?\s*([0-9]{1,2})\b", re.IGNORECASE)
_DAY: Final = re.compile(r"<day[^>]{0,80}>\s*(?:<!\[CDATA\[)?\s*([A-Za-z]{3,9})\b", re.IGNORECASE)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ENDS: Final = 65_536  # characters at either end of a document in which a channel describes itself
_HOURS: Final = 24


def ttl_of(feed: Fields) -> timedelta | None:
    """The longer of RSS 2.0's ``ttl`` (minutes) and the syndication module's update period.

    ``updateBase`` is left alone: it moves the times of publishing, and says nothing of how often.
    """
    wishes = []
    ttl = _number(raw_value(feed, "ttl"))
    if ttl:
        wishes.append(timedelta(minutes=ttl))
    period = _PERIODS.get(str(raw_value(feed, "sy_updateperiod")).strip().lower())
    if period:
        wishes.append(period / (_number(raw_value(feed, "sy_updatefrequency")) or 1))
    return min(max(wishes), MAX_TTL) if wishes else None


def skips_of(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the hours (0 to 23, UTC) and days (Monday is 0) on which an RSS feed wants no poll.

    RSS 2.0, ``skipHours`` and ``skipDays``; RSS 0.91 counted hours from 1 to 24. Read from the
    text, because feedparser keeps only the last of several. A feed that skips all of them has
    said nothing.

    Args:
        text: The document. Only what stands before its items and after them is looked at.
    """
    hours: set[int] = set()
    days: set[int] = set()
    for part in _around_items(text):
        for kind, inner in _SKIPPED.findall(part):
            if kind.lower() == "hours":
                found = (int(hour) for hour in _HOUR.findall(inner))
                hours.update(hour % _HOURS for hour in found if hour <= _HOURS)
            else:
                names = (day.lower() for day in _DAY.findall(inner))
                days.update(_DAYS.index(day) for day in names if day in _DAYS)
    return (
        tuple(sorted(hours)) if len(hours) < _HOURS else (),
        tuple(sorted(days)) if len(days) < len(_DAYS) else (),
    )


def hub_of(feed: Fields, base: str) -> tuple[str | None, str | None]:
    """Return a feed's hub and its topic: its links ``hub`` and ``self`` (WebSub, section 4)."""
    links = dicts(feed, "links")
    return _first(_linked(links, "hub"), base), _first(_linked(links, "self"), base)


def json_hub_of(feed: Fields, base: str) -> tuple[str | None, str | None]:
    """Return a JSON Feed's WebSub hub and its topic (version 1.1, ``hubs`` and ``feed_url``)."""
    hubs = [
        raw_value(hub, "url")
        for hub in dicts(feed, "hubs")
        if str(raw_value(hub, "type")).lower() in {"websub", "pubsubhubbub"}
    ]
    return _first(hubs, base), absolute(raw_value(feed, "feed_url"), base)


def _around_items(text: str) -> Iterable[str]:
    first = _ITEM.search(text)
    if first is None:
        return (text[:_ENDS], text[_ENDS:][-_ENDS:])
    # The tail begins behind the last end of an item in it.
    *_, tail = _ITEM.split(text[max(first.start(), len(text) - _ENDS) :])
    return (text[: min(first.start(), _ENDS)], tail)


def _linked(links: Iterable[Mapping[str, object]], relation: str) -> list[object]:
    return [
        raw_value(link, "href") for link in links if str(raw_value(link, "rel")).lower() == relation
    ]


def _first(links: Iterable[object], base: str) -> str | None:
    return next(filter(None, (absolute(link, base) for link in links)), None)


def _number(value: object) -> int | None:
    """A positive whole number of at most seven digits."""
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,7}", text) else None
