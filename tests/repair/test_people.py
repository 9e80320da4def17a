"""What people decided outlasts a ledger that is lost."""

from contextlib import closing
from pathlib import Path

import pytest

from ingest.regroup.takedown import finish
from storage.lake.lake import Lake
from storage.model import Outcome, Reason
from storage.repair.rebuild import Rebuilt, damage
from storage.search import SearchIndex
from tests.cli.runner import newsfold
from tests.regroup.desk import NEAR, OTHER, TEXT, Room, id_of, prose
from tests.regroup.test_takedown import OWN, SECRETS, found_in, remove, removing
from tests.repair.test_rebuild import problems, rebuild

PEOPLE = "people.jsonl"


def fill(folder: Path, *, killed: bool = False) -> None:
    """Make a store in which one article was taken down and two were joined."""
    with closing(Room(folder, keep_text=True)) as room:
        for name, text in (("secret", OWN), ("one", TEXT), ("copy", NEAR), ("other", OTHER)):
            room.come(name, text)
        room.join("one", "other")
        room.flush()
        if not killed:
            remove(room, "secret")
            return
        with removing(room) as removal:
            removal.take_down(id_of("secret"))
        Lake(folder, room.ledger).keep_people()


def lose_ledger(folder: Path) -> Rebuilt:
    for file in (folder / "state").iterdir():
        if file.is_file():
            file.unlink()
    rebuilt = rebuild(folder)
    assert rebuilt is not None
    return rebuilt


def test_what_was_taken_down_and_what_was_said_outlast_the_ledger(tmp_path: Path) -> None:
    fill(tmp_path)
    rebuilt = lose_ledger(tmp_path)
    assert rebuilt.kept["takedowns"] == rebuilt.kept["verdicts"] == 1
    assert rebuilt.damaged == {}
    assert problems(tmp_path) == []
    with closing(Room(tmp_path, keep_text=True)) as room:
        change = room.come("secret", f"{OWN} With more.")
        assert (change.outcome, change.reason) == (Outcome.SKIPPED, Reason.TAKEN_DOWN)
        [verdict] = room.ledger.stories.verdicts()
        assert {verdict.article_id, verdict.other_id} == {id_of("one"), id_of("other")}


def test_a_takedown_is_gone_on_with_also_where_the_ledger_is_lost_in_the_midst_of_it(
    tmp_path: Path,
) -> None:
    fill(tmp_path, killed=True)
    assert found_in(tmp_path, SECRETS[0])
    lose_ledger(tmp_path)
    with closing(Room(tmp_path, keep_text=True)) as room:
        assert room.ledger.article(id_of("secret")) is None
        assert [it.article_id for it in room.ledger.takedowns.unfinished()] == [id_of("secret")]
        lake = Lake(tmp_path, room.ledger)
        list(finish(room.ledger, lake, SearchIndex(tmp_path / "state"), at=room.at))
        assert room.ledger.takedowns.unfinished() == []
    assert found_in(tmp_path, SECRETS[0]) == []
    assert problems(tmp_path) == []


def test_lines_that_are_not_as_they_were_written_are_counted_and_the_others_kept(
    tmp_path: Path,
) -> None:
    fill(tmp_path)
    file = tmp_path / PEOPLE
    flipped = file.read_text("utf-8").replace(id_of("other"), id_of("never")) + '{"half'
    file.write_text(flipped, "utf-8")
    rebuilt = lose_ledger(tmp_path)
    assert rebuilt.damaged == {PEOPLE: 2}
    assert rebuilt.kept["takedowns"] == 1
    assert "verdicts" not in rebuilt.kept


def test_a_ledger_lost_with_all_files_but_this_is_not_begun_anew(tmp_path: Path) -> None:
    with closing(Room(tmp_path / "data")) as room:
        room.come("secret", prose(9))
        room.flush()
        remove(room, "secret")
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file() and file.name != PEOPLE:
            file.unlink()
    config = tmp_path / "feeds.yml"
    config.write_text("data: data\nfeeds:\n  - https://f.example/feed\n", "utf-8")
    ran = newsfold("--config", config, "crawl")
    assert (ran.code, "store repair" in ran.err) == (1, True)
    assert newsfold("--config", config, "store", "repair", "--yes").code == 0
    assert damage(tmp_path / "data") == []


@pytest.mark.parametrize("left", [None, b"", b"{}\n"])
def test_verify_tells_a_file_that_is_not_what_the_ledger_says_and_repair_writes_it(
    tmp_path: Path, left: bytes | None
) -> None:
    fill(tmp_path)
    file = tmp_path / PEOPLE
    whole = file.read_bytes()
    file.unlink()
    if left is not None:
        file.write_bytes(left)
    ran = newsfold("--data", tmp_path, "--json", "store", "verify")
    assert [it["path"] for it in ran.json["problems"]] == [PEOPLE]
    assert newsfold("--data", tmp_path, "store", "repair").code == 0
    assert file.read_bytes() == whole
    assert newsfold("--data", tmp_path, "store", "verify").code == 0
