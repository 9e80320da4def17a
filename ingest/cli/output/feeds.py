"""How a feed is told: as it stands in ``feeds.yml``, and how it is."""

from datetime import datetime, timedelta

from rich.text import Text

from ingest.cli.output import say
from ingest.config.quantities import format_duration
from ingest.inspection.health import Health, next_poll
from ingest.types import Feed
from storage.model import FeedState

MARKS = {
    Health.BROKEN: Text("✗ broken", "red"),
    Health.RETIRED: Text("✗ gone", "red"),
    Health.HELD: Text("‖ on hold", "yellow"),
    Health.NEVER_POLLED: Text("· never", "dim"),
    Health.OK: Text("✓ ok", "green"),
}


def feed_record(feed: Feed) -> dict[str, object]:
    """Return a feed in the form of ``feeds.yml``."""
    return {
        "url": feed.url,
        "id": feed.id,
        "name": feed.name,
        "tags": list(feed.tags),
        "interval": _interval(feed.interval),
        "full_text": feed.full_text.value,
        "fold": feed.fold,
        "retention": retention(feed.retention),
        "archive": feed.archive,
    }


def retention(keep: timedelta | None) -> str:
    """Return how long rows are kept in the form of ``feeds.yml``."""
    return "none" if keep is None else format_duration(keep)


def next_of(state: FeedState, now: datetime) -> str:
    """Return when a feed is polled next, in words; none if it is retired."""
    at = next_poll(state, now=now)
    if at is None:
        return ""
    return "due" if at == now else f"in {say.span(at - now)}"


def _interval(interval: timedelta | None) -> str:
    return "auto" if interval is None else format_duration(interval)
