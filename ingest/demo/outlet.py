"""What an outlet is and publishes, and what may be wrong with it."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """The format of a feed document."""

    RSS20 = "rss20"
    RSS10 = "rss10"
    ATOM10 = "atom10"
    JSON11 = "json11"


class Damage(StrEnum):
    """What is wrong with a feed document."""

    NONE = "none"
    MALFORMED = "malformed"
    ERROR_PAGE = "error_page"


class Fate(StrEnum):
    """What a visitor of an article's page meets.

    ``DISALLOWED`` is served as well, so that a crawler which ignores robots.txt is found out.
    """

    SERVED = "served"
    DISALLOWED = "disallowed"
    NOT_FOUND = "not_found"
    GONE = "gone"
    MOVED = "moved"
    SLOW = "slow"
    OVERSIZED = "oversized"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article as one outlet publishes it.

    ``copy`` names its text in ``copy/``. ``hours`` is how long before the newsroom opened it was
    published. ``linked`` is the path the feed links to where that is not ``path``. ``since`` is
    the edition in which it first appears. ``second`` names the text from the second edition on;
    ``bumped`` says whether the feed then tells of the change by a later date.
    """

    copy: str
    path: str
    hours: float
    headline: str | None = None
    linked: str | None = None
    amp_path: str | None = None
    fate: Fate = Fate.SERVED
    since: int = 1
    second: str | None = None
    bumped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A feed's entry that leads to another outlet's article.

    ``suffix`` is what the link adds to the address: tracking parameters, a fragment, ``/amp``.
    """

    outlet: str
    copy: str
    suffix: str
    guid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """A publisher: one host, one feed, one page template.

    ``feed_encoding`` and ``page_encoding`` are the names the documents declare;
    ``charset_header`` is false where the Content-Type leaves the encoding to the document.
    ``utc_offset`` is in hours. ``disallow`` is a path in robots.txt; ``None`` means that there is
    no robots.txt. ``permalinks``: whether links serve as guids.
    """

    id: str
    name: str
    language: str
    format: Format
    feed_path: str
    template: str
    items: tuple[Item, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    tags: tuple[str, ...] = ()
    full_text: bool = False
    feed_encoding: str = "UTF-8"
    page_encoding: str = "UTF-8"
    charset_header: bool = True
    gzip: bool = False
    utc_offset: int = 0
    disallow: str | None = None
    permalinks: bool = False
    damage: Damage = Damage.NONE
