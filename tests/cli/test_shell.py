"""The shell is typed into, key by key, with a terminal that shows nothing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

import storage
from ingest.cli.context import Context
from ingest.cli.shell.completion import SqlCompleter, names_of
from ingest.cli.shell.session import Shell, session_of
from storage.answers.formats import Format
from storage.errors import QueryError
from tests.cli.conftest import Crawled

CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def shell(crawled: Crawled) -> Iterator[Shell]:
    context = Context(config_path=crawled.config, data=crawled.data)
    with storage.open(crawled.data) as store:
        yield Shell(context, store, kind=Format.CSV, timeout=timedelta(seconds=30))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PipeInput]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with create_pipe_input() as typed, create_app_session(input=typed, output=DummyOutput()):
        yield typed


def session(shell: Shell) -> PromptSession[str]:
    return session_of(shell.completer)


def test_a_statement_goes_on_until_its_semicolon(
    shell: Shell, keys: PipeInput, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keys.send_text(f"SELECT 40 + 2\rAS answer;\rSELECT 7 AS a; SELECT 8 AS b;\r{CTRL_D}")
    shell.run(session(shell))
    assert capsys.readouterr().out == "answer\n42\na\n7\nb\n8\n"
    history = tmp_path / "state" / "newsfold" / "query-history"
    assert "AS answer;" in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600


def test_an_error_and_ctrl_c_end_nothing(
    shell: Shell, keys: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.send_text("SELECT titel FROM articles;\r")
    keys.send_text("DROP TABLE x;\r")
    keys.send_text(f"SELECT half{CTRL_C}")
    keys.send_text("SELECT 1 AS one;\r.quit\r")
    shell.run(session(shell))
    told = capsys.readouterr()
    assert told.out == "one\n1\n"
    assert 'did you mean "title"?' in told.err
    assert "only SELECT" in told.err


def test_commands_do_what_they_say(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (".help", ".tables", ".schema stories", ".examples", ".format jsonl"):
        shell.do(command)
    shell.do(".timing")
    shell.do("SELECT 1 AS one;")
    told = capsys.readouterr()
    assert ".schema" in told.out
    assert "revisions" in told.out
    assert "first_published_at" in told.out
    assert "-- Who copies whom?" in told.out
    assert told.out.endswith('{"one":1}\n')
    assert told.err.splitlines()[-1].endswith(" s")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (".nonsense", "no such command"),
        (".tables of mine", "no such command"),
        (".schema nothing", "give a view"),
        (".format parquet", "the format is csv"),
    ],
)
def test_a_wrong_command_says_what_there_is(
    shell: Shell, capsys: pytest.CaptureFixture[str], command: str, told: str
) -> None:
    shell.do(command)
    assert told in capsys.readouterr().err


def test_a_refused_statement_is_an_error_of_the_query(shell: Shell) -> None:
    with pytest.raises(QueryError):
        shell.do("COPY articles TO 'x';")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("SELECT ti", "title"),
        ("SELECT * FROM sto", "stories"),
        ("sel", "select"),
        ("SEL", "SELECT"),
        ("SELECT strp", "strptime"),
        ("SELECT stories.cop", "copies"),
        ("SELECT * FROM stories s WHERE s.cop", "copies"),
        (".sch", ".schema"),
        (".schema sto", "stories"),
        (".format j", "jsonl"),
    ],
)
def test_what_was_begun_is_completed(crawled: Crawled, typed: str, offered: str) -> None:
    with storage.open(crawled.data) as store:
        completer = SqlCompleter(names_of(store))
    found = completer.get_completions(Document(typed), CompleteEvent())
    assert offered in [each.text for each in found]


def test_only_the_columns_of_the_views_in_the_query_are_offered(crawled: Crawled) -> None:
    with storage.open(crawled.data) as store:
        completer = SqlCompleter(names_of(store))
    document = Document("SELECT te FROM polls", cursor_position=len("SELECT te"))
    found = completer.get_completions(document, CompleteEvent())
    assert "text" not in [each.text for each in found]
