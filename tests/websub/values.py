"""What the tests of this folder share."""

from datetime import UTC, datetime, timedelta

from ingest.websub.states import opened
from storage.subscription import Subscription

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BASE = "https://news.example/websub"
HUB = "https://hub.example/"
TOPIC = "https://f.example/feed"


def fresh(feed_id: str = "f", *, hub: str = HUB, topic: str = TOPIC) -> Subscription:
    return opened(
        feed_id=feed_id,
        hub=hub,
        topic=topic,
        base=BASE,
        token=f"token-of-{feed_id}",
        secret="secret",
        now=NOW,
    )
