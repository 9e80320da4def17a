from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger import sites
from storage.ledger.base import Ledger
from storage.ledger.database import Database
from storage.ledger.sqlite import SqliteLedger
from storage.sites import FeedSignals, PageSignals, Sighting
from tests.ledger.values import NOON, entry, failed, new, poll, stored

DAY = timedelta(days=1)


def signals(page: str = "a", **values: object) -> PageSignals:
    plain = PageSignals(
        url=f"https://s.example/{page}", feed_id="f", seen_at=NOON, words=300, agreement=0.9
    )
    return replace(plain, **values)  # type: ignore[arg-type]


def sighting(page: str, *blocks: int, **values: object) -> Sighting:
    """A page whose story and headline are its own."""
    plain = Sighting(
        host="s.example",
        page=page,
        story=page,
        headline=sum(map(ord, page)),
        blocks=blocks,
        signals=signals(page),
    )
    return replace(plain, **values)  # type: ignore[arg-type]


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    SqliteLedger(path).close()
    opened = Database(path)
    yield opened
    opened.close()


def learn(database: Database, *seen: Sighting) -> None:
    with database.writing() as db:
        for each in seen:
            sites.record(db, each)


def repeated(database: Database, host: str = "s.example", *, after: timedelta = DAY) -> set[int]:
    return set(sites.SqliteSites(database).recall(host, "f", at=NOON + after).repeated)


def test_a_block_of_two_articles_is_repeated_and_one_of_a_single_one_is_not(
    database: Database,
) -> None:
    learn(database, sighting("a", 1, 2), sighting("b", 2, 3))
    assert repeated(database) == {2}
    assert repeated(database, "other.example") == set()


@pytest.mark.parametrize(
    "second",
    [
        sighting("a", 1, story="another", headline=99),  # the page read again, changed
        sighting("b", 1, story="a"),  # the story carried twice
        sighting("b", 1, headline=ord("a")),  # the headline carried twice
    ],
    ids=["page", "story", "headline"],
)
def test_pages_count_as_two_only_if_address_story_and_headline_differ(
    database: Database, second: Sighting
) -> None:
    learn(database, sighting("a", 1), second, second)
    assert repeated(database) == set()
    learn(database, sighting("c", 1))
    assert repeated(database) == {1}


def test_what_is_not_seen_for_a_month_is_forgotten_and_learned_anew(database: Database) -> None:
    learn(database, sighting("a", 1, 2), sighting("b", 1, 2))
    later = signals("c", seen_at=NOON + 20 * DAY)
    learn(database, sighting("c", 1, signals=later))
    assert repeated(database, after=31 * DAY) == {1}
    again = [
        sighting(page, 2, signals=signals(page, seen_at=NOON + 40 * DAY)) for page in ("d", "e")
    ]
    learn(database, again[0])
    assert repeated(database, after=40 * DAY) == {1}
    learn(database, again[1])
    assert repeated(database, after=40 * DAY) == {1, 2}


def test_a_host_keeps_so_many_blocks_and_rather_those_that_repeat(database: Database) -> None:
    learn(database, sighting("a", -1, -2), sighting("b", -1, -2))
    for start in range(0, 3 * sites.MOST_OF_HOST, 500):
        learn(database, sighting(f"p{start}", *range(start, start + 500)))
    with database.reading() as db:
        ((count,),) = db.execute("SELECT count(*) FROM site_blocks").fetchall()
    assert count <= sites.MOST_OF_HOST
    assert repeated(database) == {-1, -2}


def test_only_so_much_is_kept_in_all(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites, "MOST_BLOCKS", 10)
    monkeypatch.setattr(sites, "MOST_ROWS", 3)
    for number in range(6):
        host = f"{number}.example"
        learn(database, sighting("a", *range(5), host=host), sighting("b", 0, host=host))
    with database.writing() as db:
        sites.keep(db, at=NOON)
        counts = [
            db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("site_blocks", "site_pages")
        ]
    assert counts == [10, 3]
    assert all(repeated(database, f"{number}.example") == {0} for number in range(6))


def test_a_host_keeps_its_last_pages_each_once(database: Database) -> None:
    learn(database, *(sighting(f"p{number}") for number in range(60)), sighting("p59"))
    pages = sites.SqliteSites(database).pages()["s.example"]
    assert len(pages) == sites.MOST_PAGES
    assert [page.url.rpartition("/p")[2] for page in pages] == [str(n) for n in range(12, 60)]


def test_a_feed_keeps_its_last_texts(database: Database) -> None:
    for number in range(40):
        fed = FeedSignals(
            feed_id="f", url=f"u{number}", feed_words=number, page_words=100, shared=0.5
        )
        learn(database, sighting(f"p{number}", fed=fed))
    known = sites.SqliteSites(database).recall("s.example", "f", at=NOON).fed
    assert [fed.feed_words for fed in known] == list(range(16, 40))
    assert sites.SqliteSites(database).recall("s.example", "g", at=NOON).fed == ()


def test_what_a_page_teaches_is_written_with_its_entry_or_not_at_all(ledger: Ledger) -> None:
    ledger.commit_poll(poll(entry("a"), entry("b")))
    with ledger.writing() as writer:
        writer.commit(replace(new(entry("a"), stored("a")), sighting=sighting("a", 7)))
        writer.commit(replace(failed(entry("b")), sighting=sighting("b", 7)))
    assert ledger.sites.recall("s.example", "f", at=NOON).repeated == {7}
    with pytest.raises(LookupError), ledger.writing() as writer:
        writer.commit(replace(failed(entry("b")), sighting=sighting("c", 8)))
    assert len(ledger.sites.pages()["s.example"]) == 2


@given(
    seen=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.frozensets(st.integers(0, 5))),
        max_size=12,
    )
)
def test_nothing_that_stood_on_one_page_or_in_one_story_is_ever_repeated(
    tmp_path_factory: pytest.TempPathFactory,
    seen: list[tuple[str, str, frozenset[int]]],
) -> None:
    path = tmp_path_factory.mktemp("sites") / "ledger.db"
    SqliteLedger(path).close()
    database = Database(path)
    try:
        learn(
            database,
            *(sighting(page, *blocks, story=story) for page, story, blocks in seen),
        )
        for block in repeated(database):
            assert len({page for page, _, blocks in seen if block in blocks}) > 1
            assert len({story for _, story, blocks in seen if block in blocks}) > 1
    finally:
        database.close()
