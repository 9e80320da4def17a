"""What a new look at everything would change: the present stories beside those drawn anew. Pure.

The articles of stories and groups that overlap are one change, made whole or not at all. A group
keeps the story of its first, or of the earliest of its articles that leads one now.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ingest.dedup.decision import Copy, Original
from ingest.regroup.kept import Kept
from ingest.regroup.moves import Because, Fit, as_copy, as_first, measured, own_story
from ingest.regroup.scratch import Drawn
from storage.model import Match, Reason, StoredArticle
from storage.regroup import Move


class Kind(StrEnum):
    """What happens to an article."""

    MERGED = "merged"
    MOVED = "moved"
    SPLIT = "split"
    LEADS = "leads"
    WAITS = "waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one article, and why.

    ``merged``: its story becomes part of another; ``moved``: a copy goes to another story;
    ``split``: it becomes a story of its own; ``leads``: it takes a story over; ``waits``: its page
    is read again first. ``move`` is what is written, ``put`` what is but a word in the index.
    """

    kind: Kind | None
    before: StoredArticle
    of: str | None = None
    evidence: Mapping[str, object]
    move: Move | None = None
    put: StoredArticle | None = None

    @property
    def to_be_read(self) -> StoredArticle | None:
        """The article as it will be, if its page is to be read again."""
        after = self.move.stored if self.move else self.put
        return after if after and after.misplaced and not self.before.misplaced else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Stories that overlap, with what they become: all their articles ``before``, in order."""

    before: tuple[StoredArticle, ...]
    steps: tuple[Step, ...]

    @property
    def stories(self) -> tuple[str, ...]:
        """The ids of the stories."""
        return tuple(dict.fromkeys(it.story_id for it in self.before))


def overlapping(drawn: Drawn) -> list[list[str]]:
    """Return the ids of the articles of each change, the articles and the changes in order."""
    groups: dict[str, list[str]] = defaultdict(list)
    stories: dict[str, list[str]] = defaultdict(list)
    for key, group in drawn.groups.items():
        groups[group].append(key)
        stories[drawn.present[key][0]].append(key)
    seen: set[str] = set()
    found = []
    for key in drawn.order:
        if key in seen or key not in drawn.groups:
            continue
        together = _connected(key, drawn, groups, stories)
        seen |= together
        first = min(together, key=drawn.order.__getitem__)
        is_one = len({drawn.groups[it] for it in together} | {first}) == 1
        leads = drawn.present[first][1] is None
        one_story = len({drawn.present[it][0] for it in together}) == 1
        if not (is_one and leads and one_story):
            found.append(sorted(together, key=drawn.order.__getitem__))
    return found


def _connected(
    key: str,
    drawn: Drawn,
    groups: Mapping[str, Sequence[str]],
    stories: Mapping[str, Sequence[str]],
) -> set[str]:
    together, waiting = {key}, [key]
    while waiting:
        one = waiting.pop()
        near = {*groups[drawn.groups[one]], *stories[drawn.present[one][0]]} - together
        together |= near
        waiting += near
    return together


def change_of(articles: Sequence[StoredArticle], drawn: Drawn, kept: Mapping[str, Kept]) -> Change:
    """Return what happens to the articles of one change, given in order."""
    groups: dict[str, list[StoredArticle]] = defaultdict(list)
    for stored in articles:
        groups[drawn.groups[stored.article_id]].append(stored)
    leaders = {group: _leader(members, kept) for group, members in groups.items()}
    heads = {key: leader for key, leader in leaders.items() if leader is not None}
    names = {key: _name(leader, groups[key]) for key, leader in heads.items()}
    # Where nobody of a group can lead it yet, it stays with those it is with.
    homes = {it.story_id: drawn.groups[it.article_id] for it in articles if not it.duplicate_of}
    steps = []
    for stored in articles:
        key = drawn.groups[stored.article_id]
        target = key if key in heads else homes[stored.story_id]
        first, story_id = heads[target], names[target]
        waits = key not in heads or drawn.order[stored.article_id] < drawn.order[first.article_id]
        decision = drawn.decisions.get(stored.article_id)
        if stored.article_id == first.article_id:
            steps.append(_leading(stored, story_id, kept, decision))
        else:
            leading = _as_it_will_be(first, story_id)
            is_first_of_group = stored.article_id == key
            step = _following(
                stored, leading, kept, decision, waits=waits and (is_first_of_group or key in heads)
            )
            steps.append(step)
    return Change(before=tuple(articles), steps=tuple(step for step in steps if step is not None))


def _leader(members: Iterable[StoredArticle], kept: Mapping[str, Kept]) -> StoredArticle | None:
    """Return the earliest of a group that can be its first: whose text is kept."""
    return next(
        (it for it in members if it.duplicate_of is None or kept[it.article_id].article), None
    )


def _name(leader: StoredArticle, members: Iterable[StoredArticle]) -> str:
    leads = [it for it in (leader, *members) if it.duplicate_of is None]
    return leads[0].story_id if leads else own_story(leader)


def _as_it_will_be(first: StoredArticle, story_id: str) -> StoredArticle:
    return replace(first, story_id=story_id, duplicate_of=None)


def _leading(
    stored: StoredArticle,
    story_id: str,
    kept: Mapping[str, Kept],
    decision: Original | Copy | None,
) -> Step | None:
    if stored.duplicate_of is None and stored.story_id == story_id:
        return None
    row = kept[stored.article_id].article
    evidence = _evidence(decision)
    if row is None:
        raise LookupError(f"{stored.article_id}: the text of a story's first is not kept")
    stays = stored.story_id == story_id
    detail = (
        "it comes first in its story (by published time, then sighting, id)"
        if stays
        else "no copy of any other by today's rules"
    )
    because = Because(reason=Reason.REFOLDED, detail=detail, evidence=evidence)
    return Step(
        kind=Kind.LEADS if stays else Kind.SPLIT,
        before=stored,
        evidence=evidence,
        move=as_first(stored, row, story_id=story_id, because=because),
    )


def _following(
    stored: StoredArticle,
    first: StoredArticle,
    kept: Mapping[str, Kept],
    decision: Original | Copy | None,
    *,
    waits: bool,
) -> Step | None:
    evidence = _evidence(decision)
    leaves = stored.story_id != first.story_id
    if not leaves and stored.duplicate_of is not None:
        put = replace(stored, duplicate_of=first.article_id, misplaced=waits)
        if put == stored:
            return None
        return Step(
            kind=Kind.WAITS if waits and not stored.misplaced else None,
            before=stored,
            of=first.article_id,
            evidence=evidence,
            put=put,
        )
    if isinstance(decision, Copy):
        fit: Fit | None = Fit(
            match=decision.match,
            similarity=decision.similarity,
            containment=decision.containment,
        )
    else:
        fit = None if stored.duplicate_of is not None else measured(stored, first, Match.NEAR)
    because = Because(
        reason=Reason.REFOLDED,
        detail=f"a copy of {first.canonical_url} by today's rules",
        evidence={"of": first.article_id, **evidence},
    )
    move = as_copy(stored, kept[stored.article_id], first, fit=fit, because=because)
    return Step(
        kind=Kind.MERGED if stored.duplicate_of is None else Kind.MOVED,
        before=stored,
        of=first.article_id,
        evidence=evidence,
        move=replace(move, stored=replace(move.stored, misplaced=waits)),
    )


def _evidence(decision: Original | Copy | None) -> Mapping[str, object]:
    """Return a decision's numbers: for an original those of the nearest that it does not copy."""
    match decision:
        case None:
            return {}
        case Copy():
            return decision.evidence
        case Original(nearest=None):
            return decision.evidence
        case Original(nearest=nearest):
            assert nearest is not None, "that is the case before"
            near = nearest.article.canonical_url
            return {**decision.evidence, "nearest": near, **nearest.evidence}
