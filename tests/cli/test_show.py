from tests.cli.conftest import Crawled


def test_an_article_is_found_by_its_id_its_beginning_and_its_url(crawled: Crawled) -> None:
    key = crawled.one("SELECT article_id FROM articles ORDER BY ALL LIMIT 1")
    url = crawled.one(f"SELECT url FROM articles WHERE article_id = '{key}'")
    shown = crawled.run("show", key)
    assert shown.code == 0
    assert url in shown.out
    assert crawled.run("show", key[:10]).out == shown.out
    assert crawled.run("show", url + "#top").out == shown.out
    assert crawled.run("show", url + ("&" if "?" in url else "?") + "utm_source=x").code == 0


def test_a_revised_article_shows_what_changed(crawled: Crawled) -> None:
    url = crawled.url("harbour-gazette", "/city/schools-close-boilers")
    out = crawled.run("show", url).out
    assert "revision 0" in out
    assert "revision 1" in out
    assert "paragraphs unchanged" in out
    assert "{+" in out
    coloured = crawled.run("show", url, env={"FORCE_COLOR": "1"}).out
    assert "\x1b[32m" in coloured
    assert "{+" not in coloured


def test_an_original_shows_its_copies_with_the_numbers(crawled: Crawled) -> None:
    url = crawled.url("meridian", "/wire/transport/port-varrow-lift-bridge")
    out = crawled.run("show", url).out
    assert "Copies folded into it" in out
    assert crawled.url("tidewater-tribune", "/archives/20411") in out
    assert "containment 0." in out


def test_a_copy_shows_what_it_is_a_copy_of(crawled: Crawled) -> None:
    ran = crawled.run("show", crawled.url("tidewater-tribune", "/archives/20411"))
    assert ran.code == 0
    assert "Folded" in ran.out
    assert crawled.url("meridian", "/wire/transport/port-varrow-lift-bridge") in ran.out


def test_json_has_revisions_copies_and_fold(crawled: Crawled) -> None:
    original = crawled.url("meridian", "/wire/transport/port-varrow-lift-bridge")
    shown = crawled.run("--json", "show", original).json
    assert shown["duplicate"] is None
    assert [row["url"] for row in shown["revisions"]] == [original]
    assert {copy["duplicate_of"] for copy in shown["copies"]} == {shown["article_id"]}
    copy = crawled.run("--json", "show", shown["copies"][0]["article_id"]).json
    assert copy["duplicate"]["duplicate_of"] == shown["article_id"]
    assert copy["revisions"] == []


def test_addresses_stay_whole_on_a_narrow_terminal(crawled: Crawled) -> None:
    url = crawled.url("meridian", "/wire/transport/port-varrow-lift-bridge")
    assert url in crawled.run("show", url, env={"COLUMNS": "30"}).out.splitlines()


def test_what_is_not_stored_is_told_with_where_to_look(crawled: Crawled) -> None:
    ran = crawled.run("show", "http://example.org/none")
    assert (ran.code, ran.out) == (1, "")
    assert "newsfold why" in ran.err


def test_json_has_what_each_revision_changed(crawled: Crawled) -> None:
    url = crawled.url("northline", "/story/a90b17-night-trains-vote")
    shown = crawled.run("--json", "show", url).json
    [change] = shown["changes"]
    [paragraph] = change["paragraphs"]
    pieces = {(piece["kind"], piece["text"]) for piece in paragraph}
    assert {("deleted", "58"), ("inserted", "53")} <= pieces
    assert (change["revision"], change["unchanged"]) == (1, 5)


def test_a_copy_is_shown_with_what_it_rests_on(crawled: Crawled) -> None:
    url = crawled.url("northline", "/brief/5c2e90-sennet-accord")
    shown = crawled.run("--json", "show", url).json
    assert shown["evidence"]["rule"] == "one text contains the other"
    assert shown["evidence"]["lead"] >= shown["evidence"]["lead_needed"]
    assert "Northline will have the full story" in shown["evidence"]["only_here"][-1]
    words = crawled.run("show", url).out
    assert "only here:" in words
    assert "passages: 2 here," in words
