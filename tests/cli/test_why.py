import pytest

from tests.cli.conftest import Crawled


def test_a_copy_is_told_with_its_original_its_rule_and_its_numbers(crawled: Crawled) -> None:
    ran = crawled.run("why", crawled.url("tidewater-tribune", "/archives/20411"))
    assert ran.code == 0
    assert crawled.url("meridian", "/wire/transport/port-varrow-lift-bridge") in ran.out
    assert "near copy" in ran.out
    assert "rule: nearly the same text" in ran.out
    assert "(needed 0.6)" in ran.out
    assert "the same\n" in ran.out.partition("passages: ")[2]
    # Which of the two was read first says whose words were at hand when they were compared.
    assert 'only here: "PORT VARROW, Tuesday (MPA)' in ran.out or 'only there: "' in ran.out


def test_a_page_that_robots_txt_keeps_from_us_is_told_with_the_rule(crawled: Crawled) -> None:
    url = crawled.url("tidewater-tribune", "/members/harbour-plan")
    ran = crawled.run("why", url)
    assert ran.code == 0
    assert "skipped · robots_disallowed" in ran.out
    assert "/robots.txt disallows /members/harbour-plan" in ran.out


def test_a_revised_articles_history_is_in_order_of_time(crawled: Crawled) -> None:
    url = crawled.url("harbour-gazette", "/city/schools-close-boilers")
    out = crawled.run("why", url).out.partition("What happened")[2]
    told = ["first seen in the feed", "new · first_seen", "changed in the feed", "revised · text_"]
    places = [out.index(words) for words in told]
    assert places == sorted(places)


@pytest.mark.parametrize("suffix", ["", "?utm_source=x&utm_medium=y", "#comments", "/amp"])
def test_any_form_of_an_address_leads_to_its_article(crawled: Crawled, suffix: str) -> None:
    url = crawled.url("harbour-gazette", "/weekend/skerry-light-museum")
    told = crawled.run("--json", "why", url + suffix).json
    assert told["kind"] == "article"
    assert told["article"]["canonical_url"] == url
    feeds = sorted(entry["feed_id"] for entry in told["entries"])
    assert feeds == ["harbour-gazette", "quayside-digest", "quayside-digest"]


def test_an_address_that_moved_leads_to_where_it_went(crawled: Crawled) -> None:
    told = crawled.run("--json", "why", crawled.url("valdruner-tageblatt", "/artikel/20481")).json
    went = crawled.url("valdruner-tageblatt", "/region/seilbahn-hoher-steig")
    assert told["article"]["canonical_url"] == went


def test_ids_of_articles_and_entries_and_their_beginnings_are_understood(crawled: Crawled) -> None:
    url = crawled.url("meridian", "/wire/transport/port-varrow-lift-bridge")
    told = crawled.run("--json", "why", url).json
    key, entry = told["article"]["article_id"], told["entries"][0]["entry_id"]
    for name in (key, key[:8], entry):
        assert crawled.run("--json", "why", name).json["article"] == told["article"]
    assert len(told["copies"]) == 3


def test_a_page_waiting_for_another_try_says_when(crawled: Crawled) -> None:
    ran = crawled.run("why", crawled.url("coast-tv", "/pictures/2187"))
    assert "pending · deadline, tried 1 time, next try" in ran.out


def test_a_feed_tells_its_polls_and_its_next(crawled: Crawled) -> None:
    out = crawled.run("why", "evening-post").out
    assert "not_a_feed: an HTML page" in out
    assert "next poll" in out
    assert "Last polls" in out
    told = crawled.run("--json", "why", "coast-tv").json
    assert told["kind"] == "feed"
    assert len(told["polls"]) == 2
    assert sum(told["entries"].values()) == 5
    by_url = crawled.run("--json", "why", told["feed"]["url"]).json
    assert by_url["feed"] == told["feed"]


def test_a_narrow_terminal_cuts_nothing_of_what_a_poll_says(crawled: Crawled) -> None:
    out = crawled.run("why", "evening-post", env={"COLUMNS": "80"}).out
    polls = out.partition("Last polls")[2]
    assert "UTC  an HTML page" in polls
    assert max(map(len, out.splitlines())) <= 80


def test_what_was_never_seen_is_told_with_what_is_near(crawled: Crawled) -> None:
    ran = crawled.run("why", crawled.url("tidewater-tribune", "/archives/20411x"))
    assert (ran.code, ran.out) == (1, "")
    assert "was never seen" in ran.err
    assert f"the nearest is {crawled.url('tidewater-tribune', '/archives/20411')}" in ran.err
    assert "has the feed tidewater-tribune" in ran.err


def test_a_site_of_which_nothing_is_known_is_told(crawled: Crawled) -> None:
    ran = crawled.run("why", "https://www.example.org/a?utm_source=x")
    assert ran.code == 1
    assert "nor is https://www.example.org/a)" in ran.err
    assert "nothing of example.org was ever seen" in ran.err
    told = crawled.run("--json", "why", "https://www.example.org/a")
    assert told.code == 1
    assert told.json["kind"] == "unknown"


def test_a_misspelt_feed_is_told_with_the_nearest(crawled: Crawled) -> None:
    ran = crawled.run("why", "merdian")
    assert ran.code == 1
    assert '"meridian"' in ran.err
