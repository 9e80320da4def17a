"""How long what is stored is kept: the configuration as what becomes of rows and archived pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from ingest.config import Config
from storage.archive.reader import Kept
from storage.archive.removal import Captures
from storage.lake.removal import Edits
from storage.lake.sorting import Edit
from storage.schema import TIME_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Begins:
    """The beginning of the first day (UTC) of which anything is kept; ``None`` where all is.

    ``feeds`` has it by id, for each that is configured; ``others`` is of what comes from none.
    """

    feeds: Mapping[str, datetime | None] = field(default_factory=dict)
    others: datetime | None = None

    def of(self, feed_id: str) -> datetime | None:
        """Return that of a feed."""
        return self.feeds.get(feed_id, self.others)


KEEPS_ALL = Begins()


def begins(config: Config, *, at: datetime) -> Begins:
    """Return since when things are kept, at a time, by the configuration."""
    return Begins(
        feeds={feed.id: _begin(feed.retention, at) for feed in config.feeds},
        others=_begin(config.store.retention, at),
    )


def outdated(kept: Begins) -> Edits:
    """Return what removes the rows that are older than they are to be kept.

    Whole days go: those that ended longer ago than that, by UTC. Nothing goes where no retention
    is configured.
    """
    last = _last(kept)
    if last is None:
        return {}
    given: dict[str, object] = {}
    # Most feeds are kept as long as what comes from none: those that are not are named.
    cases = ""
    for number, (feed_id, own) in enumerate(
        (key, own) for key, own in kept.feeds.items() if own != kept.others
    ):
        given |= {f"feed{number}": feed_id, f"begin{number}": own}
        cases += f" WHEN feed_id = $feed{number} THEN $begin{number}::TIMESTAMPTZ"
    given["begin"] = kept.others
    begin = f"CASE{cases} ELSE $begin::TIMESTAMPTZ END" if cases else "$begin::TIMESTAMPTZ"
    return {
        table: Edit(drop=f'"{column}" < {begin}', parameters=given, until=last.date().isoformat())
        for table, column in TIME_COLUMNS.items()
    }


def outdated_pages(kept: Begins, *, since: Begins = KEEPS_ALL) -> Captures:
    """Return which archived pages are older than the rows of their feed are to be kept.

    Of the days alone of which more goes than when ``since`` held: a file that was looked at then
    need not be read again.
    """
    feeds = {*kept.feeds, *since.feeds, ""}
    moved = {(since.of(feed), begin) for feed in feeds if (begin := kept.of(feed)) is not None}

    def is_newly_over(day: date) -> bool:
        at = datetime.combine(day, time.min, UTC)
        return any((before is None or before <= at) and at < begin for before, begin in moved)

    def is_outdated(page: Kept) -> bool:
        begin = kept.of(str(page.about.get("feed_id", "")))
        return begin is not None and page.at < begin

    return Captures(wanted=is_outdated, days=is_newly_over)


def _last(kept: Begins) -> datetime | None:
    found = (*kept.feeds.values(), kept.others)
    return max((begin for begin in found if begin is not None), default=None)


def _begin(keep: timedelta | None, at: datetime) -> datetime | None:
    """Return the beginning of the first day of which anything is kept."""
    if keep is None:
        return None
    return datetime.combine((at - keep).astimezone(UTC).date(), time.min, UTC)
