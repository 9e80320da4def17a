from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.ledger.base import Ledger, LedgerWriter
from storage.model import EntryCommit, Fingerprint, Outcome, OutcomeChange, Reason, StoredArticle
from tests.ledger.values import HOUR, NOON, better, change, copy, entry, new, poll, stored


class _Enough(Exception):  # noqa: N818 - no error
    pass


LOW, HIGH = -(2**63), 2**63 - 1


def _store(ledger: Ledger, *places: StoredArticle) -> None:
    for place in places:
        name = f"{place.article_id}-{place.revision}"
        ledger.commit_poll(poll(entry(name)))
        with ledger.writing() as writer:
            commit = copy if place.duplicate_of else new
            writer.commit(commit(entry(name), place))


def _sharing(writer: LedgerWriter, bands: tuple[int, ...], *, limit: int) -> list[StoredArticle]:
    print_ = Fingerprint(content_hash="", bands=bands)
    return writer.articles_near(print_, since=NOON, limit=limit, floor=0)


def _near(ledger: Ledger, *bands: int, limit: int = 99) -> list[str]:
    with ledger.writing() as writer:
        found = _sharing(writer, bands, limit=limit)
    return [article.article_id for article in found]


def test_an_article_comes_back_as_it_was_stored(ledger: Ledger) -> None:
    place = replace(stored("A", bands=(3, LOW, HIGH, 0)), published_at=NOON - HOUR, guid=None)
    _store(ledger, place)
    assert ledger.article("A") == place
    with ledger.writing() as writer:
        assert writer.article("A") == place
        assert _sharing(writer, (HIGH,), limit=1) == [place]
    assert ledger.article("B") is None


def test_an_article_is_known_by_each_of_its_urls(ledger: Ledger) -> None:
    _store(ledger, stored("A"), stored("B"))
    a = ledger.article("A")
    assert ledger.article_by_url(["https://f.example/A"]) == a
    assert ledger.article_by_url(["https://f.example/A?utm_source=feed"]) == a
    assert ledger.article_by_url(["https://x.example/", "https://f.example/A"]) == a
    assert ledger.article_by_url(["https://f.example/B", "https://f.example/A"]) == ledger.article(
        "B"
    )
    assert ledger.article_by_url([]) is None
    assert ledger.article_by_url(["https://x.example/"]) is None


def test_an_entry_of_a_known_article_adds_the_url_that_led_to_it(ledger: Ledger) -> None:
    _store(ledger, stored("A"))
    ledger.commit_poll(poll(entry("b")))
    known = change(entry("b"), Outcome.UNCHANGED, Reason.KNOWN_URL, article_id="A")
    with ledger.writing() as writer:
        writer.commit(EntryCommit(change=known, aliases=("https://short.example/1",)))
    assert ledger.article_by_url(["https://short.example/1"]) == ledger.article("A")


def test_a_url_stands_for_what_it_led_to_last(ledger: Ledger) -> None:
    _store(ledger, stored("A"), stored("B"))
    ledger.commit_poll(poll(entry("b")))
    known = change(entry("b"), Outcome.UNCHANGED, Reason.KNOWN_URL, article_id="B")
    with ledger.writing() as writer:
        writer.commit(EntryCommit(change=known, aliases=("https://f.example/A",)))
    assert ledger.article_by_url(["https://f.example/A"]) == ledger.article("B")


def test_those_that_share_most_bands_come_first(ledger: Ledger) -> None:
    _store(
        ledger,
        stored("one", bands=(1, 2, 3)),
        stored("two", bands=(1, 2, 9)),
        stored("too", bands=(2, 1, 8)),
        stored("no", bands=(7,)),
        stored("none"),
    )
    assert _near(ledger, 1, 2, 3) == ["one", "two", "too"]
    assert _near(ledger, 1, 2, 3, limit=2) == ["one", "two"]
    assert _near(ledger, 3, 9) == ["one", "two"]
    assert _near(ledger) == []


def test_a_band_given_twice_counts_once(ledger: Ledger) -> None:
    _store(ledger, stored("A", bands=(1, 1, 2)), stored("B", bands=(2, 3)))
    assert _near(ledger, 1, 1, 2, 3) == ["A", "B"]
    _store(ledger, stored("C", bands=(4,)), stored("D", bands=(3, 5)))
    assert _near(ledger, 4, 4, 5, 3, limit=1) == ["D"]


def test_articles_fetched_before_the_window_are_not_candidates(ledger: Ledger) -> None:
    old = stored("old", bands=(1,), text="same", at=NOON - HOUR)
    edge = stored("edge", bands=(1,), text="same", at=NOON)
    _store(ledger, old, edge)
    assert _near(ledger, 1) == ["edge"]
    with ledger.writing() as writer:
        assert writer.articles_by_hash("same", since=NOON) == [edge]
        assert writer.articles_by_hash("same", since=NOON - HOUR) == [old, edge]
        assert writer.articles_by_hash("other", since=NOON - HOUR) == []


def test_a_revision_takes_the_place_of_the_last_and_of_its_bands(ledger: Ledger) -> None:
    _store(ledger, stored("A", bands=(1, 2)), stored("B", bands=(1,)))
    revised = stored("A", bands=(2, 3), revision=1)
    _store(ledger, revised)
    assert ledger.article("A") == revised
    assert _near(ledger, 1) == ["B"]
    assert _near(ledger, 2, 3) == ["A"]
    with ledger.writing() as writer:
        assert writer.articles_by_hash("hash of A 0", since=NOON) == []


def test_a_story_lists_its_first_copy_then_the_others_as_they_came_out(ledger: Ledger) -> None:
    _store(
        ledger,
        replace(stored("A"), published_at=NOON),
        replace(stored("B", story="A", duplicate_of="A"), published_at=NOON - HOUR),
        replace(stored("C", story="A", duplicate_of="A"), first_seen_at=NOON - 2 * HOUR),
        stored("X"),
    )
    assert [a.article_id for a in ledger.story("A")] == ["A", "C", "B"]
    with ledger.writing() as writer:
        first = writer.first_of_story("A")
        assert first == ledger.article("A")
        assert writer.first_of_story("Y") is None


def test_a_better_original_leads_the_story_and_its_former_first_becomes_a_copy(
    ledger: Ledger,
) -> None:
    former = stored("A", bands=(1,))
    _store(ledger, former, stored("B", story="A", duplicate_of="A"))
    ledger.commit_poll(poll(entry("c")))
    with ledger.writing() as writer:
        assert writer.unflushed_article("A", 0) is not None
        writer.commit(better(entry("c"), stored("C"), former))
        assert writer.unflushed_article("A", 0) is None
    places = {a.article_id: a.duplicate_of for a in ledger.story("A")}
    assert places == {"C": None, "A": "C", "B": "C"}
    demoted = ledger.known_entries("f")["A-0"]
    assert (demoted.outcome, demoted.reason) == (Outcome.DUPLICATE, Reason.BETTER_ORIGINAL)
    assert demoted.detail == "C came out before it"
    rows = ledger.snapshot().rows
    assert [row.article_id for row in rows["articles"]] == ["C"]  # type: ignore[union-attr]
    assert [row.article_id for row in rows["duplicates"]] == ["B", "A"]  # type: ignore[union-attr]
    told = rows["outcomes"][-1]
    assert isinstance(told, OutcomeChange)
    assert (told.entry_id, told.article_id) == (demoted.entry_id, "A")
    assert (told.outcome, told.reason) == (demoted.outcome, demoted.reason)


def test_what_a_batch_holds_is_not_changed_by_a_better_original(ledger: Ledger) -> None:
    former = stored("A")
    _store(ledger, former)
    (batch,) = (b for b in ledger.assign_batches(at=NOON, limit=9) if b.table == "articles")
    before = ledger.batch_rows(batch.batch_id)
    ledger.commit_poll(poll(entry("c")))
    with ledger.writing() as writer:
        writer.commit(better(entry("c"), stored("C"), former))
        assert writer.unflushed_article("A", 0) in before
    assert ledger.batch_rows(batch.batch_id) == before


@given(
    st.lists(st.lists(st.integers(0, 6) | st.sampled_from([LOW, HIGH, -1]), max_size=6)),
    st.lists(st.integers(0, 6) | st.sampled_from([LOW, HIGH, -1]), max_size=6),
    st.integers(1, 5),
)
@example([[LOW], [HIGH]], [LOW, HIGH], 5)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_candidates_are_those_a_plain_count_of_shared_bands_gives(
    ledger: Ledger, articles: list[list[int]], asked: list[int], limit: int
) -> None:
    ledger.commit_poll(poll(*(entry(f"a{number}") for number in range(len(articles)))))
    with suppress(_Enough), ledger.writing() as writer:
        for number, bands in enumerate(articles):
            name = f"a{number}"
            writer.commit(new(entry(name), stored(name, bands=tuple(bands))))
        shared = {f"a{n}": len(set(bands) & set(asked)) for n, bands in enumerate(articles)}
        expected = sorted((-n, int(name[1:]), name) for name, n in shared.items() if n)[:limit]
        found = _sharing(writer, tuple(asked), limit=limit)
        assert [a.article_id for a in found] == [name for *_, name in expected]
        raise _Enough  # so that the next example finds no articles
