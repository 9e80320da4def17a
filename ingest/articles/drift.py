"""Whether extraction on a site has changed sharply: a redesign, a consent wall, a paywall.

The last pages are compared with those before. A signal has shifted if nearly all of the last
lie beyond the quartile of the former and the medians differ by more than a site's days do. By
chance seven of eight lie beyond a quartile once in 2,600 times, before the second condition.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

from storage.sites import PageSignals

LAST: Final = 8
FEWEST_BEFORE: Final = 12

_BEYOND: Final = 7
_SHORTER: Final = 0.4
_LONGER: Final = 2.5
_LESS_AGREEMENT: Final = 0.25
_MORE_LINKS: Final = 0.15
_EMPTY: Final = 6
_EMPTY_BEFORE: Final = 0.25
_UNMATCHED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What has changed on a site: a sentence for people, and an address to look at."""

    host: str
    what: str
    example: str
    feed_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """A signal that can shift: its value of a page, which way is worse, and by how much."""

    words: str
    value: Callable[[PageSignals], float]
    down: bool
    sharp: Callable[[float, float], bool]
    shown: str


_SHIFTS: Final = (
    _Shift(
        words="texts are much shorter",
        value=lambda page: page.words,
        down=True,
        sharp=lambda now, before: now < _SHORTER * before,
        shown="{:.0f} words",
    ),
    _Shift(
        words="texts are much longer",
        value=lambda page: page.words,
        down=False,
        sharp=lambda now, before: now > _LONGER * before,
        shown="{:.0f} words",
    ),
    _Shift(
        words="two extractions no longer agree",
        value=lambda page: page.agreement,
        down=True,
        sharp=lambda now, before: now < before - _LESS_AGREEMENT,
        shown="{:.2f}",
    ),
    _Shift(
        words="texts are full of links",
        value=lambda page: page.links,
        down=False,
        sharp=lambda now, before: now > before + _MORE_LINKS,
        shown="{:.2f}",
    ),
)


def find_drift(host: str, pages: Sequence[PageSignals]) -> Drift | None:
    """Return what has changed sharply on a host, ``None`` if nothing or too little is known.

    Args:
        host: The host.
        pages: Its last pages, oldest first.
    """
    last, former = pages[-LAST:], pages[:-LAST]
    found = [*_unmatched(last), *(_changes(last, former) if len(former) >= FEWEST_BEFORE else ())]
    if not found:
        return None
    what, example = found[0]
    return Drift(
        host=host,
        what=what,
        example=example,
        feed_ids=tuple(dict.fromkeys(page.feed_id for page in last)),
    )


def _unmatched(last: Sequence[PageSignals]) -> Iterator[tuple[str, str]]:
    noted = [page for page in last if page.note]
    if len(noted) >= _UNMATCHED:
        yield f"{noted[-1].note} on {len(noted)} of the last {len(last)} pages", noted[-1].url


def _changes(
    last: Sequence[PageSignals], former: Sequence[PageSignals]
) -> Iterator[tuple[str, str]]:
    empty = [page for page in last if not page.words]
    before = sum(not page.words for page in former) / len(former)
    if len(empty) >= _EMPTY and before <= _EMPTY_BEFORE:
        yield (
            f"{len(empty)} of the last {len(last)} pages gave no article (before: {before:.0%})",
            empty[-1].url,
        )
        return
    told, known = [p for p in last if p.words], [p for p in former if p.words]
    if len(told) < _BEYOND or len(known) < FEWEST_BEFORE // 2:
        return
    for shift in _SHIFTS:
        now, usual = [shift.value(p) for p in told], [shift.value(p) for p in known]
        low, _, high = quantiles(usual, n=4, method="inclusive")
        beyond = [value < low if shift.down else value > high for value in now]
        if sum(beyond) >= _BEYOND and shift.sharp(median(now), median(usual)):
            shown, was = shift.shown.format(median(now)), shift.shown.format(median(usual))
            example = next(
                p.url for p, is_so in zip(reversed(told), reversed(beyond), strict=True) if is_so
            )
            yield f"{shift.words}: {shown}, before {was} (medians)", example
