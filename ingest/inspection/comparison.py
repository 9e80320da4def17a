"""Two articles put before the fold's own rules, with every number there is. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from ingest.dedup.decision import Copy, FoldRules, Original, Update, decide, precedes
from ingest.dedup.numbers import overlap
from ingest.dedup.passages import quotes, shared
from ingest.dedup.sample import likeness
from ingest.dedup.signature import lead_share
from ingest.inspection.overrule import Overruled, Ruling
from ingest.settle.choice import incoming
from storage.model import Match, StoredArticle

_SHOWN_NUMBERS = 10


class Origin(StrEnum):
    """Where a side was taken from."""

    STORE = "store"
    WEB = "web"
    FILE = "file"


class Verdict(StrEnum):
    """What the fold would make of the later of two texts if the earlier were stored.

    The last three are not its own: a person said so, or the configuration keeps it from them.
    """

    EXACT = "exact"
    NEAR = "near"
    CONTAINED = "contained"
    REVISION = "revision"
    RELATED = "related"
    UNLIKE = "unlike"
    JOINED = "joined"
    APART = "apart"
    UNFOLDED = "unfolded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: its place in the fold, and its text where that is at hand.

    ``asked`` is what was asked for. ``residue`` are the passages that were left out of its
    signature, where that is known.
    """

    asked: str
    origin: Origin
    article: StoredArticle
    text: str | None
    residue: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What was measured. In pairs, the number of the later side, ``here``, comes first.

    ``leads``: the share of each one's lead that stands in the other. ``bands`` and ``lead_bands``:
    how many are shared; where none is, the index does not find the one for the other.
    ``passages_shared``, ``only_here``, ``only_there``: ``None`` or empty where a text is not kept.
    """

    similarity: float
    containment: float
    leads: tuple[float, float]
    shingles: tuple[int, int]
    numbers: float | None
    numbers_only_here: tuple[str, ...]
    numbers_only_there: tuple[str, ...]
    passages: tuple[int, int]
    passages_shared: int | None
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    bands: int
    lead_bands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``here``, the later of two articles, beside ``there``: the verdict, its rule, the numbers.

    ``by_text`` is the verdict of the texts alone and ``evidence`` its own, with thresholds
    (``…_needed``). Where they were not asked, ``overruled`` says what decided.
    """

    here: Side
    there: Side
    by_text: Verdict
    evidence: Mapping[str, object]
    account: Account
    overruled: Overruled | None = None

    @property
    def verdict(self) -> Verdict:
        """What becomes of the later."""
        return self.by_text if self.overruled is None else _OVERRULED[self.overruled.ruling]

    @property
    def rule(self) -> object:
        """What decided."""
        return self.evidence.get("rule") if self.overruled is None else self.overruled.rule

    @property
    def is_found(self) -> bool:
        """Whether the index would find the one for the other, so that the rules are asked."""
        exact = self.by_text is Verdict.EXACT
        return exact or self.account.bands + self.account.lead_bands > 0


Overruling = Callable[[StoredArticle, StoredArticle], Overruled | None]
"""Says of the later and the earlier of two articles what decides them before their texts do."""


def compare(a: Side, b: Side, rules: FoldRules, overruling: Overruling) -> Comparison:
    """Decide on the later of two different articles as if the earlier were all that is stored."""
    here, there = (b, a) if precedes(a.article, b.article) else (a, b)
    decision = decide(
        incoming(here.article), exact=[there.article], near=[there.article], rules=rules
    )
    verdict, evidence = _told(decision)
    return Comparison(
        here=here,
        there=there,
        by_text=verdict,
        evidence=evidence,
        account=_account(here, there),
        overruled=overruling(here.article, there.article),
    )


def record(found: Comparison) -> dict[str, object]:
    """Return a comparison as JSON has it."""
    account = found.account
    return {
        "verdict": found.verdict,
        "rule": found.rule,
        "by_text": found.by_text,
        "overruled": found.overruled.evidence if found.overruled else None,
        "found_by_index": found.is_found,
        "here": _side_record(found.here),
        "there": _side_record(found.there),
        "evidence": json.loads(json.dumps(found.evidence)),
        **{name: getattr(account, name) for name in account.__slots__},
    }


def _side_record(side: Side) -> dict[str, object]:
    article = side.article
    return {
        "asked": side.asked,
        "from": side.origin,
        "article_id": article.article_id if side.origin is Origin.STORE else None,
        "url": article.url,
        "title": article.title,
        "site": article.site,
        "published_at": article.published_at,
        "word_count": article.word_count,
        "text_kept": side.text is not None,
        "left_out": quotes(side.residue),
    }


def _told(decision: Original | Copy | Update) -> tuple[Verdict, Mapping[str, object]]:
    match decision:
        case Copy():
            return _AS_COPY[decision.match], decision.evidence
        case Update(copy=copy):
            return Verdict.REVISION, {**copy.evidence, "rule": "newer text of the same site"}
        case Original(nearest=None):
            return Verdict.UNLIKE, {"rule": "a text without a word matches nothing"}
        case Original(nearest=nearest):
            assert nearest is not None
            verdict = Verdict.RELATED if decision.related else Verdict.UNLIKE
            return verdict, nearest.evidence
        case _:
            assert_never(decision)


_OVERRULED: Mapping[Ruling, Verdict] = {
    Ruling.JOINED: Verdict.JOINED,
    Ruling.APART: Verdict.APART,
    Ruling.UNFOLDED: Verdict.UNFOLDED,
}
_AS_COPY: Mapping[Match, Verdict] = {
    Match.EXACT: Verdict.EXACT,
    Match.NEAR: Verdict.NEAR,
    Match.CONTAINED: Verdict.CONTAINED,
}


def _account(here: Side, there: Side) -> Account:
    own, other = here.article.fingerprint, there.article.fingerprint
    like = likeness(own.sample, other.sample, (own.shingles, other.shingles))
    ours, theirs = set(own.numbers), set(other.numbers)
    alone_here = _alone(here, there)
    alone_there = _alone(there, here)
    common = next((count for count, _ in filter(None, (alone_here, alone_there))), None)
    return Account(
        similarity=round(like.jaccard, 3),
        containment=round(like.containment, 3),
        leads=(round(lead_share(own, other), 3), round(lead_share(other, own), 3)),
        shingles=(own.shingles, other.shingles),
        numbers=round(overlap(own.numbers, other.numbers), 3) if ours and theirs else None,
        numbers_only_here=tuple(sorted(ours - theirs)[:_SHOWN_NUMBERS]),
        numbers_only_there=tuple(sorted(theirs - ours)[:_SHOWN_NUMBERS]),
        passages=(len(own.passages), len(other.passages)),
        passages_shared=common,
        only_here=alone_here[1] if alone_here else (),
        only_there=alone_there[1] if alone_there else (),
        bands=len(set(own.bands) & set(other.bands)),
        lead_bands=len(set(own.lead_bands) & set(other.lead_bands)),
    )


def _alone(one: Side, other: Side) -> tuple[int, tuple[str, ...]] | None:
    """Return how many of a text's passages are in the other, and quotations of some that are not.

    ``None`` where the text is not kept.
    """
    if one.text is None:
        return None
    its = other.article
    found = shared(one.text, its.site, frozenset(its.fingerprint.passages))
    return found.count, tuple(quotes(found.others))
