import json
from pathlib import Path

import pytest

from storage.model import Match
from tests.cli.runner import Ran
from tests.cli.runner import newsfold as run
from tests.regroup.desk import NEAR, OTHER, TEXT, Room, id_of, prose, url_of

HALF = f"{'. '.join(TEXT.split('. ')[:6])}. {prose(9, 6)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    room = Room(tmp_path / "data", keep_text=True)
    for name, text in (("a", TEXT), ("b", NEAR), ("x", OTHER), ("h", HALF)):
        room.come(name, text)
    room.flush()
    room.close()
    (tmp_path / "feeds.yml").write_text("data: data\nfeeds: []\n", encoding="utf-8")
    return tmp_path


def newsfold(folder: Path, *args: str) -> Ran:
    return run("--config", str(folder / "feeds.yml"), *args)


def test_a_story_is_listed_and_shown_with_its_numbers(folder: Path) -> None:
    [story] = newsfold(folder, "--json", "stories", "list").json
    assert (story["article_id"], story["copies"], story["said"]) == (id_of("a"), 2, False)
    shown = newsfold(folder, "--json", "stories", "show", url_of("b")).json
    first, copy = shown["articles"]
    assert (first["article_id"], first["match"]) == (id_of("a"), None)
    assert (copy["duplicate_of"], copy["match"]) == (id_of("a"), "near")
    assert "near copy · similarity" in newsfold(folder, "stories", "show", url_of("b")).out


def test_a_split_is_told_by_every_command_that_shows_the_article(folder: Path) -> None:
    ran = newsfold(folder, "stories", "split", url_of("b"))
    assert (ran.code, ran.out) == (0, f"{url_of('b')}: leads its story\n")
    for command in (("show",), ("why",), ("stories", "show")):
        said = newsfold(folder, *command, url_of("b")).out
        assert "What a person said" in said
        assert "never of one story with A" in said
    [word] = newsfold(folder, "--json", "show", url_of("b")).json["said"]
    assert (word["word"], word["article_id"]) == ("apart", id_of("a"))
    assert newsfold(folder, "--json", "stories", "list", "--said").json != []


def test_a_join_is_taken_back(folder: Path) -> None:
    joined = newsfold(folder, "--json", "stories", "join", url_of("x"), url_of("a")).json
    assert [it["article_id"] for it in joined["moved"]] == [id_of("x")]
    assert newsfold(folder, "--json", "why", url_of("x")).json["match"] == Match.JOINED
    assert "1 word taken back" in newsfold(folder, "stories", "forget", url_of("x")).out
    [change] = newsfold(folder, "--json", "refold", "--dry-run").json["changes"]
    assert [(step["kind"], step["article_id"]) for step in change["steps"]] == [
        ("split", id_of("x"))
    ]


def test_what_cannot_be_done_is_one_line(folder: Path) -> None:
    for args, words in (
        (("split", "https://nowhere.example/"), "no stored article has the id or URL"),
        (("split", url_of("x")), "is alone in its story"),
        (("join", url_of("a"), url_of("b")), "are of one story already"),
        (("forget", url_of("x")), "nothing was said of"),
    ):
        ran = newsfold(folder, "stories", *args)
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert words in ran.err


def test_refold_says_what_would_change_and_changes_it(folder: Path) -> None:
    assert "4 articles looked at: nothing changes" in newsfold(folder, "refold").err
    config = folder / "feeds.yml"
    config.write_text(config.read_text() + "dedup: {containment: 0.4}\n")
    dry = newsfold(folder, "refold", "--dry-run")
    assert "merged: its story becomes part of another" in dry.out
    assert "(needed 0.4)" in dry.out
    assert "1 merged; nothing was changed" in dry.err
    done = newsfold(folder, "--json", "refold", "--since", "2026-11-01", "--yes").json
    assert (done["counts"]["merged"], done["done"], done["overtaken"]) == (1, True, 0)
    assert json.loads(newsfold(folder, "--json", "refold").out)["changes"] == []


def test_fold_tells_a_persons_word_before_what_the_texts_come_to(folder: Path) -> None:
    newsfold(folder, "stories", "split", url_of("b"))
    told = newsfold(folder, "--json", "fold", url_of("a"), url_of("b")).json
    assert (told["verdict"], told["rule"]) == ("apart", "a person's word")
    assert (told["by_text"], told["evidence"]["rule"]) == ("near", "nearly the same text")
    assert told["overruled"]["said_of"] == id_of("a")
    said = newsfold(folder, "fold", url_of("a"), url_of("b")).out
    assert "no copy: a person said so" in said
    assert "By their texts alone: a copy: nearly the same text" in said


def test_fold_tells_a_word_on_another_article_of_the_story(folder: Path) -> None:
    newsfold(folder, "stories", "join", url_of("x"), url_of("a"))
    told = newsfold(folder, "--json", "fold", url_of("x"), url_of("b")).json
    assert (told["verdict"], told["by_text"]) == ("joined", "unlike")
    assert told["overruled"]["said_of"] == id_of("a")
    untold = newsfold(folder, "--json", "fold", url_of("h"), url_of("a")).json
    assert (untold["overruled"], untold["verdict"]) == (None, untold["by_text"])


@pytest.mark.parametrize(
    ("yaml", "rule", "rests_on"),
    [
        ("dedup: {enabled: false}\nfeeds: []\n", "dedup.enabled is false", {}),
        (
            "feeds: [{id: f, url: 'https://f.example/feed', fold: false}]\n",
            "fold is false for its feed",
            {"feeds": ["f"]},
        ),
    ],
)
def test_fold_tells_that_the_configuration_keeps_two_from_being_compared(
    folder: Path, yaml: str, rule: str, rests_on: dict[str, object]
) -> None:
    (folder / "feeds.yml").write_text(f"data: data\n{yaml}", encoding="utf-8")
    told = newsfold(folder, "--json", "fold", url_of("a"), url_of("b")).json
    assert (told["verdict"], told["rule"], told["by_text"]) == ("unfolded", rule, "near")
    assert told["overruled"] == rests_on
    newsfold(folder, "stories", "split", url_of("b"))
    assert newsfold(folder, "--json", "fold", url_of("a"), url_of("b")).json["verdict"] == "apart"
