"""What strangers write must not act on the terminal of those who read it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from storage.model import OutcomeChange
from tests.cli.runner import newsfold
from tests.query.samples import article, duplicate, entry_commit, poll_commit

NASTY = "\x1b[31mred\x1b]0;title\x07 [bold]not bold[/bold] [/] :smile: \x9b2J\u202eback\rover"
SAFE = "[bold]not bold[/bold] [/] :smile:"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    ledger = SqliteLedger(folder / "state" / "ledger.db")
    first = replace(
        article("aaaaaaaa", title=NASTY, text=f"harbour {NASTY}\n{NASTY}"),
        authors=(NASTY,),
        tags=(NASTY,),
        site=f"s{NASTY}",
    )
    commit = poll_commit("aaaaaaaa")
    state = replace(commit.state, name=NASTY, title=NASTY, ok=False, detail=NASTY)
    pending = tuple(replace(entry, title=NASTY) for entry in commit.pending)
    poll = replace(commit.poll, ok=False, detail=NASTY)
    ledger.commit_poll(replace(commit, state=state, poll=poll, pending=pending))
    told = entry_commit(first)
    copy = replace(duplicate("bbbbbbbb", of="aaaaaaaa"), title=NASTY, site=NASTY)
    change: OutcomeChange = replace(
        told.change, detail=NASTY, evidence='{"rule": "\\u001b[31mred", "n": ["\\u009b2J"]}'
    )
    with ledger.writing() as writer:
        writer.commit(replace(told, change=change, rows=(*told.rows, copy)))
    run = ledger.begin_run(kind="test", at=datetime.now(UTC))
    ledger.end_run(run, at=datetime.now(UTC))
    ledger.close()
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("search", "harbour"),
        ("show", "aaaaaaaa"),
        ("why", "aaaaaaaa"),
        ("why", "feed"),
        ("status",),
        ("query", "SELECT title, text FROM articles"),
    ],
    ids=" ".join,
)
def test_no_escape_and_no_markup_of_theirs_is_obeyed(data: Path, command: tuple[str, ...]) -> None:
    plain = newsfold("--data", data, *command)
    assert plain.code == 0
    assert SAFE in plain.out
    for character in "\x1b\x07\x9b\u202e\r":
        assert character not in plain.out
    coloured = newsfold("--data", data, *command, env={"FORCE_COLOR": "1", "COLUMNS": "200"})
    assert "\x1b[31mred\x1b]" not in coloured.out
    for character in "\x07\x9b\u202e\r":
        assert character not in coloured.out


@pytest.mark.parametrize(
    "command", [("search", "harbour"), ("show", "aaaaaaaa"), ("why", "aaaaaaaa"), ("status",)]
)
def test_json_keeps_it_but_escaped(data: Path, command: tuple[str, ...]) -> None:
    ran = newsfold("--data", data, "--json", *command)
    assert ran.code == 0
    for character in "\x1b\x07\x9b\u202e\r":
        assert character not in ran.out


def test_what_is_asked_for_is_not_obeyed_either(data: Path) -> None:
    ran = newsfold("--data", data, "why", f"http://example.org/{NASTY}")
    assert ran.code == 1
    assert "\x1b" not in ran.err
    assert "\x1b" not in newsfold("--data", data, "show", NASTY).err
