from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config import load
from ingest.errors import ConfigError
from ingest.upkeep.retention import Begins, begins, outdated, outdated_pages
from storage.archive.reader import Kept
from storage.lake.sorting import Sorter
from storage.schema import to_table
from tests.lake.world import poll

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def written(folder: Path, text: str) -> Path:
    path = folder / "feeds.yml"
    path.write_text(text, encoding="utf-8")
    return path


def kept(folder: Path, text: str) -> Begins:
    return begins(load(written(folder, text)), at=NOW)


def gone(folder: Path, text: str, feed_id: str, days: float) -> bool:
    """Whether a poll of a feed so many days ago is removed."""
    edits = outdated(kept(folder, text))
    if not edits:
        return False
    row = to_table("polls", [poll(0, at=NOW - timedelta(days=days))])
    row = row.set_column(0, "feed_id", [[feed_id]])
    file = folder / "part.parquet"
    pq.write_table(row, file)
    with Sorter("polls", [file], edits["polls"], scratch=folder) as sorter:
        return not list(sorter.groups())


FEEDS = """
feeds:
  - {url: "https://a.example/feed", id: short, retention: 7d}
  - {url: "https://b.example/feed", id: long, retention: none}
  - {url: "https://c.example/feed", id: plain}
"""


@pytest.mark.parametrize(
    ("feed_id", "days", "expected"),
    [
        ("short", 7.6, False),  # its day ended seven days ago, less what is gone of today
        ("short", 8, True),
        ("long", 900, False),
        ("plain", 29, False),
        ("plain", 31, True),
        ("of-no-feed", 31, True),
    ],
)
def test_each_feed_is_kept_as_long_as_it_is_to_be(
    tmp_path: Path, feed_id: str, days: float, *, expected: bool
) -> None:
    assert gone(tmp_path, f"store: {{retention: 30d}}{FEEDS}", feed_id, days) is expected


def test_nothing_goes_where_nothing_is_said(tmp_path: Path) -> None:
    assert outdated(kept(tmp_path, "feeds: []")) == {}
    assert not gone(tmp_path, FEEDS, "plain", 900)
    assert gone(tmp_path, FEEDS, "short", 900)


def test_a_retention_of_hours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'store\.retention: expected at least "1d"'):
        load(written(tmp_path, "store: {retention: 5h}"))


def page(feed_id: str, at: datetime) -> Kept:
    about = {"feed_id": feed_id}
    return Kept(url="", at=at, status=200, content_type="", body=b"", about=about, offset=0)


@given(
    st.sampled_from(["short", "long", "plain", "of-no-feed"]),
    st.floats(0, 60),
    st.sampled_from(["", "store: {retention: 30d}"]),
)
def test_a_page_is_kept_as_long_as_a_row_of_its_time(
    feed_id: str, days: float, common: str
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        pages = outdated_pages(kept(folder, common + FEEDS))
        one = page(feed_id, NOW - timedelta(days=days))
        is_gone = pages.of_day(one.at.date()) and pages.wanted(one)
        assert is_gone is gone(folder, common + FEEDS, feed_id, days)


def test_days_are_looked_at_again_only_where_more_of_them_goes(tmp_path: Path) -> None:
    text = f"store: {{retention: 30d}}{FEEDS}"
    before = kept(tmp_path, text)
    later = begins(load(written(tmp_path, text)), at=NOW + timedelta(days=1))
    ages = range(60)

    def looked_at(now: Begins, since: Begins) -> list[int]:
        pages = outdated_pages(now, since=since)
        return [age for age in ages if pages.of_day((NOW - timedelta(days=age)).date())]

    assert looked_at(before, Begins()) == list(ages[8:])
    assert looked_at(before, before) == []
    assert looked_at(later, before) == [7, 30]
