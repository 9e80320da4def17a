"""A feed that brings thousands of entries at once: all are kept, and taken up bit by bit."""

from pathlib import Path

from ingest.config import Config
from ingest.feeds.diff import MOST_AT_ONCE
from storage.ledger.sqlite import SqliteLedger
from storage.model import Outcome
from tests.app.test_review import RSS, configure, crawled, in_web, view
from tests.cli.runner import newsfold
from tests.fetch.server import Site, answer

ENTRIES = 2 * MOST_AT_ONCE + 300


def long_feed(count: int) -> bytes:
    """A feed of entries with neither link nor text, which need no page and no worker."""
    items = "".join(
        f'<item><guid isPermaLink="false">{n}</guid><title>{n}</title></item>' for n in range(count)
    )
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


def outcomes(config: Config) -> dict[Outcome, int]:
    ledger = SqliteLedger(config.data / "state" / "ledger.db")
    try:
        return {outcome: n for outcome, n in ledger.count_outcomes().items() if n}
    finally:
        ledger.close()


def test_a_poll_takes_up_a_thousand_entries_and_the_next_crawl_the_rest(tmp_path: Path) -> None:
    async def test(web: Site) -> None:
        web.pages["/long"] = answer(long_feed(ENTRIES), RSS)
        config = configure(tmp_path, web, "/long")
        tally = await crawled(config)
        rest = ENTRIES - MOST_AT_ONCE
        assert tally.entries["seen"] == ENTRIES
        assert tally.entries["skipped"] == MOST_AT_ONCE
        assert tally.entries["pending"] == rest
        assert outcomes(config) == {Outcome.SKIPPED: MOST_AT_ONCE, Outcome.PENDING: rest}
        [poll] = view(config, "SELECT new, detail FROM polls")
        assert poll["new"] == ENTRIES
        assert f"{rest} stay pending" in poll["detail"]
        alone = ("--config", tmp_path / "none.yml", "--data", config.data)
        assert f"{rest:,} entries pending" in newsfold(*alone, "status").out
        assert f"{rest} stay pending" in newsfold(*alone, "why", "long").out

        again = await crawled(config)
        assert again.settlements[Outcome.SKIPPED] == rest
        assert outcomes(config) == {Outcome.SKIPPED: ENTRIES}

    in_web(test)
