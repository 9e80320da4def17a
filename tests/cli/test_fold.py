"""``newsfold fold``: any two articles, put before the fold's own rules."""

from pathlib import Path

import pytest

from tests.cli.conftest import Crawled
from tests.cli.runner import newsfold

WIRE = "/wire/environment/sennet-accord"
BRIEF = "/brief/5c2e90-sennet-accord"
SENTENCES = [
    f"Keeper {n} of the harbour saw boat {n * 7} leave quay {n} before dawn, said office {n}."
    for n in range(8)
]


def test_two_stored_articles_are_told_with_the_rule_that_decided(crawled: Crawled) -> None:
    here, there = crawled.url("northline", BRIEF), crawled.url("meridian", WIRE)
    told = crawled.run("--json", "fold", there, here).json
    assert (told["verdict"], told["rule"]) == ("contained", "one text contains the other")
    assert (told["here"]["url"], told["there"]["url"]) == (here, there)
    assert told["evidence"]["containment_needed"] == 0.6
    assert told["evidence"]["lead"] == max(told["leads"][1], told["evidence"]["lead"])
    assert told["found_by_index"]
    assert told["bands"] + told["lead_bands"] > 0
    assert not told["here"]["text_kept"]
    assert told["only_here"] == []
    assert len(told["only_there"]) == 3
    assert all(len(quotation) <= 120 for quotation in told["only_there"])
    words = crawled.run("fold", here, there)
    assert words.code == 0
    assert "a copy: the one text contains the other" in words.out
    assert "its text is not kept" in words.out


def test_a_templated_near_miss_is_no_copy_for_its_numbers(crawled: Crawled) -> None:
    service = [crawled.url("sennet-weather", f"/bulletins/{day}") for day in ("thursday", "friday")]
    told = crawled.run("--json", "fold", *service).json
    assert (told["verdict"], told["rule"]) == ("unlike", "numbers differ")
    assert told["numbers"] < told["evidence"]["numbers_needed"]
    assert told["numbers_only_here"]
    assert told["numbers_only_there"]
    assert told["only_here"]


def test_what_fold_says_is_what_the_pipeline_decided(crawled: Crawled) -> None:
    url = crawled.url("tidewater-tribune", "/archives/20411")
    why = crawled.run("--json", "why", url).json
    decided = why["history"][-1]["evidence"]
    told = crawled.run("--json", "fold", decided["of"], url).json
    assert told["verdict"] == why["match"]
    assert told["containment"] == decided["containment"]
    assert told["similarity"] == decided["similarity"]


def test_files_need_neither_a_store_nor_a_configuration(tmp_path: Path) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.html"
    one.write_text("\n\n".join(SENTENCES[:6]), encoding="utf-8")
    body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    article = f"<article><h1>Boats</h1>{body}</article>"
    page = f"<html><head><title>Boats</title></head><body>{article}</body></html>"
    other.write_text(page, encoding="utf-8")
    nowhere = tmp_path / "none.yml"
    told = newsfold("--config", nowhere, "--json", "fold", one, other).json
    assert told["verdict"] in {"near", "contained"}
    assert told["passages"] == [6, 8] or told["passages"] == [8, 6]
    assert told["passages_shared"] == 6
    assert sorted(told["only_here"] + told["only_there"]) == SENTENCES[6:]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.txt", "other.html"]


def test_a_page_that_was_never_seen_is_fetched_and_not_stored(
    crawled: Crawled, tmp_path: Path
) -> None:
    config = tmp_path / "feeds.yml"
    text = crawled.config.read_text("utf-8").replace(str(crawled.data), str(tmp_path / "data"))
    config.write_text(text, encoding="utf-8")
    pages = crawled.url("meridian", WIRE), crawled.url("coast-tv", "/news/2198")
    told = newsfold("--config", config, "--json", "fold", *pages).json
    assert told["verdict"] == "near"
    assert {told["here"]["from"], told["there"]["from"]} == {"web"}
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("what", ["nothing-known", "gopher://x"])
def test_what_is_neither_file_nor_known_nor_an_address_is_refused(
    crawled: Crawled, what: str
) -> None:
    ran = crawled.run("fold", what, crawled.url("meridian", WIRE))
    assert ran.code == 2
    assert "is no file, no http or https URL, and no id" in ran.err


def test_an_article_is_not_compared_with_itself(crawled: Crawled) -> None:
    url = crawled.url("meridian", WIRE)
    ran = crawled.run("fold", url, f"{url}?utm_source=x")
    assert ran.code == 2
    assert "the same article" in ran.err


def test_a_page_that_cannot_be_had_is_told_with_the_reason(crawled: Crawled) -> None:
    gone = crawled.url("tidewater-tribune", "/archives/19002")
    ran = crawled.run("fold", gone, crawled.url("meridian", WIRE))
    assert ran.code == 1
    assert "http_gone" in ran.err


def test_a_file_without_a_text_is_told(tmp_path: Path) -> None:
    empty, full = tmp_path / "empty.txt", tmp_path / "full.txt"
    empty.write_text("\n", encoding="utf-8")
    full.write_text("\n".join(SENTENCES), encoding="utf-8")
    ran = newsfold("--config", tmp_path / "none.yml", "fold", empty, full)
    assert ran.code == 1
    assert "no article text was found" in ran.err
