"""Decides whether an article is a copy of one stored before. Pure: values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ingest.dedup.numbers import overlap
from ingest.dedup.passages import HEADLINES
from ingest.dedup.sample import Likeness, likeness
from ingest.dedup.signature import MIN_SHINGLES, common_lead
from storage.model import Fingerprint, Match, Reason, StoredArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRules:
    """The thresholds, each a share from 0 to 1 unless said otherwise.

    ``containment``: what of the smaller text must stand in the larger. ``window``: how far apart
    in time two such texts may be; beyond it, ``late_containment`` is needed. ``min_shingles``:
    smaller texts match by content hash alone. Below a Jaccard similarity of ``contained_below``
    a copy is called contained rather than near, and ``lead`` of the larger text's lead must stand
    in the smaller: a cut or abridged copy begins as its source does, while a report that
    quotes another as background does not. Where both texts state ``min_numbers`` numbers (a
    count), ``numbers`` of them must agree, or ``numbers_if_sure`` from a containment of ``sure``
    on: this keeps templated reports (weather, markets, results) apart. From a containment of
    ``related`` on, what is no copy is linked. A passage that its site has under ``headlines``
    others (a count) is residue. Between two texts of one of ``languages`` its rules hold instead.
    """

    containment: float = 0.6
    window: timedelta = timedelta(hours=72)
    late_containment: float = 0.95
    min_shingles: int = MIN_SHINGLES
    contained_below: float = 0.5
    lead: float = 0.1
    min_numbers: int = 3
    numbers: float = 0.6
    sure: float = 0.85
    numbers_if_sure: float = 0.4
    related: float = 0.3
    headlines: int = HEADLINES
    languages: Mapping[str, "FoldRules"] = field(default_factory=dict)

    @property
    def least_containment(self) -> float:
        """The lowest containment that any language asks for."""
        return min((self.containment, *(own.containment for own in self.languages.values())))

    def between(self, one: str | None, other: str | None) -> "FoldRules":
        """Return the rules for two texts: their language's, if they have the same."""
        language = primary(one)
        if language is None or language != primary(other):
            return self
        return self.languages.get(language, self)


def primary(tag: str | None) -> str | None:
    """Return the language of a tag (``en`` of ``en-GB``; RFC 5646 section 2.2.1)."""
    return tag.replace("_", "-").partition("-")[0].lower() if tag else None


class Rejection(StrEnum):
    """Why a candidate that shared something is not what the incoming article copies."""

    TOO_SHORT = "too_short"
    TOO_LITTLE_SHARED = "too_little_shared"
    TOO_FAR_APART = "too_far_apart"
    OTHER_LEAD = "other_lead"
    NUMBERS_DIFFER = "numbers_differ"


# What is no copy for one of these reasons still tells something of the other's matter.
_LINKED = frozenset({Rejection.TOO_LITTLE_SHARED, Rejection.TOO_FAR_APART, Rejection.OTHER_LEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The article to be decided on."""

    article_id: str
    site: str
    published_at: datetime | None
    first_seen_at: datetime
    fingerprint: Fingerprint
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The candidate that came nearest to being matched, and what kept it from it."""

    article: StoredArticle
    rejection: Rejection
    similarity: float
    containment: float
    evidence: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The incoming article copies none of the candidates.

    ``related`` are those near enough to be linked, the nearest first.
    """

    nearest: Rejected | None = None
    related: tuple[Rejected, ...] = ()
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The incoming article and ``of`` are copies of each other; which came first is another matter.

    ``evidence`` has the rule's numbers and thresholds, fit for JSON. ``also`` are the other
    articles that it is a copy of, the likest first.
    """

    of: StoredArticle
    match: Match
    reason: Reason
    similarity: float
    containment: float
    evidence: Mapping[str, object]
    also: "tuple[Copy, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The incoming article is a newer text of one on its own site: ``copy`` has the numbers."""

    copy: Copy


class Dated(Protocol):
    """What has a place in the order of a story's copies."""

    @property
    def article_id(self) -> str:
        """The stable id."""

    @property
    def published_at(self) -> datetime | None:
        """When its publisher says it appeared."""

    @property
    def first_seen_at(self) -> datetime:
        """When we first saw it."""


def is_contained(found: Likeness, rules: FoldRules) -> bool:
    """Whether a copy is called contained rather than near."""
    return found.jaccard < rules.contained_below


def precedes(a: Dated, b: Dated) -> bool:
    """Tell whether ``a`` comes before ``b`` in a story: by publication, first sight, then id."""
    return _order(a) < _order(b)


def decide(
    incoming: Incoming,
    *,
    exact: Sequence[StoredArticle],
    near: Sequence[StoredArticle],
    rules: FoldRules,
) -> Original | Copy | Update:
    """Return whether ``incoming`` is a copy, and of which stored article.

    ``exact`` are articles with the same content hash, ``near`` those sharing bands; an article
    never matches itself. The same text comes first; of near copies the one with the highest
    similarity, then containment, then the earliest: a text that holds two others belongs to the one
    it shares more with. Before those comes a near one that it is a newer text of, ``is_newer``. The
    order of the candidates does not matter. A text without a word matches nothing.
    """
    own = incoming.fingerprint
    if not own.shingles or not (exact or near):
        return Original()
    same = [
        article
        for article in exact
        if article.article_id != incoming.article_id
        and article.fingerprint.content_hash == own.content_hash
    ]
    if same:
        return _exact_copy(min(same, key=_order), own)
    others = {
        article.article_id: article for article in near if article.article_id != incoming.article_id
    }
    weighed = sorted(
        (_weigh(incoming, article, rules) for article in others.values()),
        key=lambda found: (-found.similarity, -found.containment, _order(_article(found))),
    )
    copies = [found for found in weighed if isinstance(found, Copy)]
    if copies:
        newer = next((copy for copy in copies if is_newer(incoming, copy)), None)
        best = copies[0] if newer is None else newer
        best = replace(best, also=tuple(copy for copy in copies if copy is not best))
        return best if newer is None else Update(copy=best)
    rejected = sorted(
        (found for found in weighed if isinstance(found, Rejected)),
        key=lambda found: (-found.containment, -found.similarity, _order(found.article)),
    )
    return Original(
        nearest=rejected[0] if rejected else None,
        related=tuple(
            found
            for found in rejected
            if found.rejection in _LINKED and found.containment >= rules.related
        ),
    )


def is_newer(incoming: Incoming, copy: Copy) -> bool:
    """Tell whether a text is a later version of the one it was found to be near.

    Of two texts of one site the later is, if it first stood in a feed after the other had been
    seen, was not published before it, and is not the cut one. What came out in the same poll or
    crawl never is, so that it does not matter what of it is read first.
    """
    before = copy.of
    out, then = incoming.published_at, before.published_at
    grown = incoming.fingerprint.shingles >= before.fingerprint.shingles
    return (
        incoming.site == before.site != ""
        and incoming.first_seen_at > before.first_seen_at
        and (out is None or then is None or out >= then)
        and (copy.match is Match.NEAR or (copy.match is Match.CONTAINED and grown))
    )


def is_same_article(incoming: Incoming, article: StoredArticle, rules: FoldRules) -> bool:
    """Tell whether a text that has taken another's place is near enough to be its next version."""
    own, other = incoming.fingerprint, article.fingerprint
    return own.content_hash == other.content_hash or isinstance(
        _weigh(incoming, article, rules), Copy
    )


def _order(item: Dated) -> tuple[datetime, datetime, str]:
    return (item.published_at or item.first_seen_at, item.first_seen_at, item.article_id)


def _article(found: Copy | Rejected) -> StoredArticle:
    return found.of if isinstance(found, Copy) else found.article


def _exact_copy(article: StoredArticle, own: Fingerprint) -> Copy:
    return Copy(
        of=article,
        match=Match.EXACT,
        reason=Reason.EXACT_COPY,
        similarity=1.0,
        containment=1.0,
        evidence={"rule": "same text", "content_hash": own.content_hash},
    )


def _weigh(incoming: Incoming, article: StoredArticle, rules: FoldRules) -> Copy | Rejected:
    own, other = incoming.fingerprint, article.fingerprint
    rules = rules.between(incoming.language, article.language)
    found = likeness(own.sample, other.sample, (own.shingles, other.shingles))
    near_in_time = abs(_order(incoming)[0] - _order(article)[0]) <= rules.window
    needed = rules.containment if near_in_time else rules.late_containment
    evidence: dict[str, object] = {
        "containment": round(found.containment, 3),
        "containment_needed": needed,
        "similarity": round(found.jaccard, 3),
        "shingles": [own.shingles, other.shingles],
    }
    contained = is_contained(found, rules)
    rejection: Rejection | None = None
    if min(own.shingles, other.shingles) < rules.min_shingles:
        rejection = Rejection.TOO_SHORT
    elif found.containment < rules.containment:
        rejection = Rejection.TOO_LITTLE_SHARED
    elif found.containment < needed:
        rejection = Rejection.TOO_FAR_APART
    elif contained and not _leads_agree(own, other, rules, evidence):
        rejection = Rejection.OTHER_LEAD
    elif not _numbers_agree(own, other, found.containment, rules, evidence):
        rejection = Rejection.NUMBERS_DIFFER
    if rejection is not None:
        evidence["rule"] = rejection.value.replace("_", " ")
        return Rejected(
            article=article,
            rejection=rejection,
            similarity=found.jaccard,
            containment=found.containment,
            evidence=evidence,
        )
    evidence["rule"] = "one text contains the other" if contained else "nearly the same text"
    return Copy(
        of=article,
        match=Match.CONTAINED if contained else Match.NEAR,
        reason=Reason.CONTAINED_COPY if contained else Reason.NEAR_COPY,
        similarity=found.jaccard,
        containment=found.containment,
        evidence=evidence,
    )


def _leads_agree(
    own: Fingerprint, other: Fingerprint, rules: FoldRules, evidence: dict[str, object]
) -> bool:
    """Tell whether the smaller text has enough of the larger's lead; adds that to ``evidence``."""
    share = common_lead(own, other)
    evidence["lead"] = round(share, 3)
    evidence["lead_needed"] = rules.lead
    return share >= rules.lead


def _numbers_agree(
    own: Fingerprint,
    other: Fingerprint,
    share: float,
    rules: FoldRules,
    evidence: dict[str, object],
) -> bool:
    """Tell whether the two texts' numbers allow a match; adds what was compared to ``evidence``."""
    if min(len(own.numbers), len(other.numbers)) < rules.min_numbers:
        return True
    needed = rules.numbers_if_sure if share >= rules.sure else rules.numbers
    agreed = overlap(own.numbers, other.numbers)
    evidence["numbers"] = round(agreed, 3)
    evidence["numbers_needed"] = needed
    if agreed < 1:
        here, there = set(own.numbers), set(other.numbers)
        evidence["numbers_only_here"] = sorted(here - there)[:_SHOWN_NUMBERS]
        evidence["numbers_only_there"] = sorted(there - here)[:_SHOWN_NUMBERS]
    return agreed >= needed


_SHOWN_NUMBERS = 10
