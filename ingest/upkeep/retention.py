"""How long stored rows are kept: the configuration as what becomes of the lake's rows."""

from datetime import UTC, datetime, time, timedelta

from ingest.config import Config
from storage.lake.removal import Edits
from storage.lake.sorting import Edit
from storage.schema import TIME_COLUMNS


def outdated(config: Config, *, at: datetime) -> Edits:
    """Return what removes the rows that are older than they are to be kept.

    Whole days go: those that ended longer ago than that, by UTC. Nothing goes where no retention
    is configured.
    """
    of_feeds = {feed.id: feed.retention for feed in config.feeds}
    keeps = [config.store.retention, *of_feeds.values()]
    begins = [_begin(keep, at) for keep in keeps if keep is not None]
    if not begins:
        return {}
    given: dict[str, object] = {}
    # Most feeds are kept as long as what comes from none: those that are not are named.
    cases = ""
    for number, (feed_id, keep) in enumerate(
        (key, keep) for key, keep in of_feeds.items() if keep != config.store.retention
    ):
        given |= {f"feed{number}": feed_id, f"begin{number}": _begin(keep, at)}
        cases += f" WHEN feed_id = $feed{number} THEN $begin{number}::TIMESTAMPTZ"
    given["begin"] = _begin(config.store.retention, at)
    begin = f"CASE{cases} ELSE $begin::TIMESTAMPTZ END" if cases else "$begin::TIMESTAMPTZ"
    until = max(begin for begin in begins if begin is not None).date().isoformat()
    return {
        table: Edit(drop=f'"{column}" < {begin}', parameters=given, until=until)
        for table, column in TIME_COLUMNS.items()
    }


def _begin(keep: timedelta | None, at: datetime) -> datetime | None:
    """Return the beginning of the first day of which anything is kept."""
    if keep is None:
        return None
    return datetime.combine((at - keep).astimezone(UTC).date(), time.min, UTC)
