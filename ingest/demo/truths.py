"""The newsroom's own list of truths: what a correct crawler has stored. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.demo.outlet import Damage, Fate, Item, Outlet
from ingest.demo.outlets import OUTLETS
from ingest.demo.world import Published, World
from storage.model import Match, Outcome, Reason

Verdict = tuple[Outcome, Reason]

NEAR = frozenset({Match.NEAR, Match.CONTAINED})
EXACT = frozenset({Match.EXACT})
LEAD_ONLY = frozenset({Match.CONTAINED})

# (outlet, text) of the agency's original → of its copies, with the matches that are right
STORIES: Mapping[tuple[str, str], Mapping[tuple[str, str], frozenset[Match]]] = {
    ("meridian", "bridge"): {
        ("harbour-gazette", "bridge-gazette"): NEAR,
        ("tidewater-tribune", "bridge-tribune"): NEAR,
        ("coast-tv", "bridge-coast"): NEAR,
    },
    ("meridian", "water"): {
        ("tidewater-tribune", "water-tribune"): NEAR,
        ("coast-tv", "water-coast"): NEAR,
        ("northline", "water-brief"): LEAD_ONLY,
    },
    ("meridian", "cable"): {("northline", "cable"): EXACT},
}

# reports made from one template: alike, and not the same news
ALIKE: tuple[tuple[str, str], ...] = (("weather-1", "weather-2"),)

FORBIDDEN: tuple[str, ...] = (
    "Leave a Reply",
    "Your email address will not be published",
    "Required fields are marked",
    "Save my name and email in this browser",
    "Post Comment",
    "Proudly powered by",
    "use cookies",
    "Accept all cookies",
    "Sign up for our free newsletter",
    "Sign me up",
    "You may also like",
    "Share on Chatterbox",
    "Print this page",
    "More from the wire",
    "Redistribution by licensed clients only",
    "Trending on Northline",
    "Gift this story",
    "Recent Posts",
    "Get the Coast TV app",
    "This video cannot be played",
    "Most watched",
    "Measurements are provisional",
    "dépôt de cookies",
    "La lettre des marais",
    "À lire aussi",
    "Mentions légales",
    "verwenden wir und unsere Partner Cookies",
    "Matratzen Grünspan",
    "Mehr zum Thema",
    "Morgenbrief aus Valdrun",
    "Читайте также",
    "Поделиться с друзьями",  # noqa: RUF001 - a Russian word of one letter
    "Чтобы оставить комментарий",
    "Пластиковые окна",
    "関連記事",
    "この記事をシェアする",
    "メールマガジン",
    "無断転載",
    "Noticias relacionadas",
    "Utilizamos cookies",
    "Suscríbete y recibe",
)

_COPY_REASONS = frozenset(
    {
        Reason.EXACT_COPY,
        Reason.NEAR_COPY,
        Reason.CONTAINED_COPY,
        Reason.BETTER_ORIGINAL,
        Reason.SHARED_COPY,
    }
)
_NEW: frozenset[Verdict] = frozenset({(Outcome.NEW, Reason.FIRST_SEEN)})
_REVISED: frozenset[Verdict] = frozenset({(Outcome.REVISED, Reason.TEXT_CHANGED)})
_COPY: frozenset[Verdict] = frozenset((Outcome.DUPLICATE, reason) for reason in _COPY_REASONS)
_KNOWN: frozenset[Verdict] = frozenset(
    {(Outcome.UNCHANGED, Reason.KNOWN_URL), (Outcome.UNCHANGED, Reason.SAME_TEXT)}
)
_FAILURES: Mapping[Fate, Verdict] = {
    Fate.DISALLOWED: (Outcome.SKIPPED, Reason.ROBOTS_DISALLOWED),
    Fate.NOT_FOUND: (Outcome.FAILED, Reason.HTTP_NOT_FOUND),
    Fate.GONE: (Outcome.FAILED, Reason.HTTP_GONE),
    Fate.OVERSIZED: (Outcome.FAILED, Reason.TOO_LARGE),
    Fate.SLOW: (Outcome.PENDING, Reason.DEADLINE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTruth:
    """What became of one entry: one of ``verdicts`` is right."""

    feed_id: str
    guid: str
    url: str
    verdicts: frozenset[Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinTruth:
    """Entries (feed id, guid) that lead to one page: exactly one of them is ``new``."""

    url: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One revision of an article: its title and its text's paragraphs, all and in order."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleTruth:
    """An article stored in its own right. ``versions`` are its revisions, from revision 0 on."""

    url: str
    language: str
    published_at: datetime
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTruth:
    """A story: its first article's URL, and its copies' URLs with the matches that are right."""

    first: str
    copies: Mapping[str, frozenset[Match]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTruth:
    """A feed's newest poll. ``entries`` is ``None`` where the answer had no document to count."""

    feed_id: str
    ok: bool
    reason: Reason
    entries: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truths:
    """All that is true after an edition was crawled. No stored text has a ``forbidden`` phrase."""

    edition: int
    entries: tuple[EntryTruth, ...]
    twins: tuple[TwinTruth, ...]
    articles: tuple[ArticleTruth, ...]
    stories: tuple[StoryTruth, ...]
    polls: tuple[PollTruth, ...]
    forbidden: tuple[str, ...]


def truths_of(worlds: Sequence[World]) -> Truths:
    """Return what is true after each of these editions was crawled once, in this order."""
    world = worlds[-1]
    published = [a for outlet in OUTLETS for a in world.articles(outlet)]
    kept = [a for a in published if a.item.fate in (Fate.SERVED, Fate.MOVED) and not _is_copy(a)]
    return Truths(
        edition=world.edition,
        entries=tuple(_entries(world)),
        twins=tuple(_twins(world)),
        articles=tuple(_article(worlds, article) for article in kept),
        stories=tuple(_stories(world)),
        polls=tuple(_poll(worlds, outlet) for outlet in OUTLETS),
        forbidden=FORBIDDEN,
    )


def _is_copy(article: Published) -> bool:
    key = (article.outlet.id, article.item.copy)
    return any(key in copies for copies in STORIES.values())


def _readable(outlet: Outlet) -> bool:
    return outlet.damage is not Damage.ERROR_PAGE


def _entries(world: World) -> list[EntryTruth]:
    shared = {key for twin in _twins(world) for key in twin.entries}
    truths = []
    for outlet in filter(_readable, OUTLETS):
        for entry in world.entries(outlet):
            verdicts = _verdicts(world, entry.article)
            if (outlet.id, entry.guid) in shared:
                verdicts = _NEW | _KNOWN
            truths.append(
                EntryTruth(feed_id=outlet.id, guid=entry.guid, url=entry.link, verdicts=verdicts)
            )
    return truths


def _verdicts(world: World, article: Published) -> frozenset[Verdict]:
    if article.item.fate in _FAILURES:
        return frozenset({_FAILURES[article.item.fate]})
    if _is_copy(article):
        exact = _match(article) == EXACT
        return frozenset({(Outcome.DUPLICATE, Reason.EXACT_COPY)}) | _better() if exact else _COPY
    return _REVISED if _changed(world, article.item) else _NEW


def _better() -> frozenset[Verdict]:
    """A copy that came in before its original is first ``new``, then gives way to it."""
    return frozenset({(Outcome.DUPLICATE, Reason.BETTER_ORIGINAL)})


def _match(article: Published) -> frozenset[Match]:
    key = (article.outlet.id, article.item.copy)
    return next(copies[key] for copies in STORIES.values() if key in copies)


def _changed(world: World, item: Item) -> bool:
    return world.edition > 1 and item.second is not None


def _twins(world: World) -> list[TwinTruth]:
    by_page: dict[str, list[tuple[str, str]]] = {}
    for outlet in filter(_readable, OUTLETS):
        for entry in world.entries(outlet):
            by_page.setdefault(entry.article.url, []).append((outlet.id, entry.guid))
    return [
        TwinTruth(url=url, entries=tuple(keys)) for url, keys in by_page.items() if len(keys) > 1
    ]


def _article(worlds: Sequence[World], article: Published) -> ArticleTruth:
    versions: list[Version] = []
    for world in worlds:
        for then in world.articles(article.outlet):
            version = Version(title=then.headline, paragraphs=then.copy.blocks)
            if then.url == article.url and version not in versions:
                versions.append(version)
    return ArticleTruth(
        url=article.url,
        language=article.outlet.language,
        published_at=article.published.astimezone(UTC),
        versions=tuple(versions),
    )


def _stories(world: World) -> list[StoryTruth]:
    urls = {(o.id, a.item.copy): a.url for o in OUTLETS for a in world.articles(o)}
    return [
        StoryTruth(
            first=urls[first],
            copies={urls[key]: matches for key, matches in copies.items() if key in urls},
        )
        for first, copies in STORIES.items()
    ]


def _poll(worlds: Sequence[World], outlet: Outlet) -> PollTruth:
    if not _readable(outlet):
        return PollTruth(feed_id=outlet.id, ok=False, reason=Reason.NOT_A_FEED, entries=None)
    world = worlds[-1]
    same = len(worlds) > 1 and world.entries(outlet) == worlds[-2].entries(outlet)
    return PollTruth(
        feed_id=outlet.id,
        ok=True,
        reason=Reason.NOT_MODIFIED if same else Reason.FETCHED,
        entries=None if same else len(world.entries(outlet)),
    )
