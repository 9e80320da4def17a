"""Decides whether an article is a copy of one stored before. Pure: values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ingest.dedup.numbers import overlap
from ingest.dedup.signature import MIN_SHINGLES, containment, jaccard
from storage.model import Fingerprint, Match, Reason, StoredArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRules:
    """The thresholds, each a share from 0 to 1 unless said otherwise.

    ``containment``: what of the smaller text must stand in the larger. ``similarity``: below
    this Jaccard similarity the estimated containment is noise, however high. ``min_shingles``:
    smaller texts match by content hash alone. Where both texts state ``min_numbers`` numbers
    (a count), ``numbers`` of them must agree, or ``numbers_if_sure`` from a containment of
    ``sure`` on: this keeps templated reports (weather, markets, results) apart. Below a Jaccard
    similarity of ``contained_below`` a copy is called contained rather than near.
    """

    containment: float = 0.6
    similarity: float = 0.08
    min_shingles: int = MIN_SHINGLES
    min_numbers: int = 3
    numbers: float = 0.6
    sure: float = 0.85
    numbers_if_sure: float = 0.4
    contained_below: float = 0.5


class Rejection(StrEnum):
    """Why a candidate that shared something is not what the incoming article copies."""

    TOO_SHORT = "too_short"
    TOO_LITTLE_SHARED = "too_little_shared"
    NUMBERS_DIFFER = "numbers_differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """The article to be decided on."""

    article_id: str
    site: str
    published_at: datetime | None
    first_seen_at: datetime
    fingerprint: Fingerprint


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
    """The incoming article copies none of the candidates."""

    nearest: Rejected | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The incoming article and ``of`` are copies of each other; which came first is another matter.

    ``evidence`` has the rule's numbers and thresholds, fit for JSON.
    """

    of: StoredArticle
    match: Match
    reason: Reason
    similarity: float
    containment: float
    evidence: Mapping[str, object]


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


def precedes(a: Dated, b: Dated) -> bool:
    """Tell whether ``a`` comes before ``b`` in a story: by publication, first sight, then id."""
    return _order(a) < _order(b)


def decide(
    incoming: Incoming,
    *,
    exact: Sequence[StoredArticle],
    near: Sequence[StoredArticle],
    rules: FoldRules,
) -> Original | Copy:
    """Return whether ``incoming`` is a copy, and of which stored article.

    ``exact`` are articles with the same content hash, ``near`` those sharing bands; an article
    never matches itself. The same text comes first; of near copies the one with the highest
    containment, then similarity, then the earliest. The order of the candidates does not matter.
    A text without a word matches nothing.
    """
    own = incoming.fingerprint
    if not own.shingles:
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
        (_weigh(own, article, rules) for article in others.values()),
        key=lambda found: (-found.containment, -found.similarity, _order(_article(found))),
    )
    copies = (found for found in weighed if isinstance(found, Copy))
    rejected = (found for found in weighed if isinstance(found, Rejected))
    return next(copies, None) or Original(nearest=next(rejected, None))


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


def _weigh(own: Fingerprint, article: StoredArticle, rules: FoldRules) -> Copy | Rejected:
    other = article.fingerprint
    similarity = jaccard(own, other)
    share = containment(own, other)
    evidence: dict[str, object] = {
        "containment": round(share, 3),
        "containment_needed": rules.containment,
        "similarity": round(similarity, 3),
        "shingles": [own.shingles, other.shingles],
    }
    numbers_agree = _numbers_agree(own, other, share, rules, evidence)
    rejection: Rejection | None = None
    if min(own.shingles, other.shingles) < rules.min_shingles:
        rejection = Rejection.TOO_SHORT
    elif share < rules.containment or similarity < rules.similarity:
        rejection = Rejection.TOO_LITTLE_SHARED
    elif not numbers_agree:
        rejection = Rejection.NUMBERS_DIFFER
    if rejection is not None:
        evidence["rule"] = rejection.value.replace("_", " ")
        return Rejected(
            article=article,
            rejection=rejection,
            similarity=similarity,
            containment=share,
            evidence=evidence,
        )
    contained = similarity < rules.contained_below
    evidence["rule"] = "one text contains the other" if contained else "nearly the same text"
    return Copy(
        of=article,
        match=Match.CONTAINED if contained else Match.NEAR,
        reason=Reason.CONTAINED_COPY if contained else Reason.NEAR_COPY,
        similarity=similarity,
        containment=share,
        evidence=evidence,
    )


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
