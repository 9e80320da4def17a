"""``feeds.yml``: reading it into frozen settings, and editing it without losing its comments."""

from ingest.config.addresses import is_web_address
from ingest.config.edit import add_feed, add_feeds, as_file, move_feed, remove_feed
from ingest.config.feed_ids import made_id, unique_id
from ingest.config.load import load
from ingest.config.settings import (
    Config,
    DaemonSettings,
    DedupSettings,
    ExtractSettings,
    FetchSettings,
    FlushSettings,
    PerHost,
    PollingSettings,
    RetrySettings,
    WebSubSettings,
    WorkerSettings,
)

__all__ = [
    "Config",
    "DaemonSettings",
    "DedupSettings",
    "ExtractSettings",
    "FetchSettings",
    "FlushSettings",
    "PerHost",
    "PollingSettings",
    "RetrySettings",
    "WebSubSettings",
    "WorkerSettings",
    "add_feed",
    "add_feeds",
    "as_file",
    "is_web_address",
    "load",
    "made_id",
    "move_feed",
    "remove_feed",
    "unique_id",
]
