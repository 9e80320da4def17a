from tests.cli.conftest import Crawled


def test_hits_come_best_first_with_all_that_is_needed_to_go_on(crawled: Crawled) -> None:
    ran = crawled.run("search", "lift", "bridge")
    assert ran.code == 0
    first = ran.out.splitlines()
    assert first[0].startswith("1. ")
    assert crawled.newsroom.base_url("meridian") in ran.out
    article = crawled.run("--json", "search", "lift", "bridge").json[0]["article_id"]
    assert article in ran.out


def test_json_hits_say_where_in_the_snippet_the_words_are(crawled: Crawled) -> None:
    [hit, *_] = crawled.run("--json", "search", "ferry", "--limit", "1").json
    assert hit["rank"] == 1
    assert {hit["snippet"][start:end].lower() for start, end in hit["hits"]} == {"ferry"}


def test_a_word_after_a_minus_must_not_be_there(crawled: Crawled) -> None:
    every = {hit["article_id"] for hit in crawled.run("--json", "search", "bridge").json}
    without = crawled.run("--json", "search", "--", "bridge", "-mayor").json
    assert {hit["article_id"] for hit in without} < every


def test_hits_are_coloured_on_a_terminal(crawled: Crawled) -> None:
    out = crawled.run("search", "ferry", env={"FORCE_COLOR": "1"}).out
    assert "\x1b[1;33mferry\x1b[0m" in out


def test_letters_without_spaces_are_found(crawled: Crawled) -> None:
    hits = crawled.run("--json", "search", "海").json
    assert hits
    assert all(hit["snippet"] for hit in hits)


def test_nothing_found_is_no_error(crawled: Crawled) -> None:
    ran = crawled.run("search", "qwertzuiop")
    assert (ran.code, ran.out) == (0, "")
    assert "nothing found" in ran.err
    assert crawled.run("--json", "search", "qwertzuiop").json == []


def test_marks_alone_are_refused(crawled: Crawled) -> None:
    assert crawled.run("search", "???").code == 2
