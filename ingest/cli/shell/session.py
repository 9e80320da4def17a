"""``newsfold query`` without a query, on a terminal: a small shell."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.cli.output.rows import paged, show
from ingest.cli.shell.completion import COMMANDS, SqlCompleter, names_of
from ingest.text import clean_text
from storage.answers.formats import Format
from storage.errors import StoreError
from storage.query.examples import EXAMPLES
from storage.query.session import statements
from storage.store import Store

_PROMPT, _MORE = "newsfold> ", "     ...> "
_QUIT = (".quit", ".exit")


class Shell:
    """Reads statements and commands one after the other, and shows what comes of each.

    An error is told and ends nothing.
    """

    def __init__(self, context: Context, store: Store, *, kind: Format, timeout: timedelta) -> None:
        self._context = context
        self._store = store
        self._kind = kind
        self._timeout = timeout
        self._timing = False
        self._names = names_of(store)
        self.completer = SqlCompleter(self._names)

    def run(self, session: PromptSession[str] | None = None) -> None:
        """Go on until Ctrl-D or ``.quit``. Ctrl-C drops what is typed, or breaks off a query."""
        session = session or session_of(self.completer)
        say.note(self._context, "End a query with ; and leave with Ctrl-D. Try .help")
        while True:
            try:
                text = session.prompt(_PROMPT).strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if text.rstrip(";").strip() in _QUIT:
                return
            try:
                self.do(text)
            except KeyboardInterrupt:
                click.echo("interrupted", err=True)
            except StoreError as error:
                click.echo(clean_text(str(error)), err=True)

    def do(self, text: str) -> None:
        """Do what was typed: a command, or statements.

        Raises:
            StoreError: a statement is refused or wrong.
        """
        if text.startswith("."):
            self._command(*text.rstrip(";").split())
            return
        for statement in statements(text):
            began = time.monotonic()
            show(self._context, self._store.sql(statement, timeout=self._timeout), self._kind)
            if self._timing:
                click.echo(f"{time.monotonic() - began:.3f} s", err=True)

    def _command(self, name: str, *words: str) -> None:
        ways: dict[str, Callable[..., None]] = {
            ".help": self._help,
            ".tables": lambda: click.echo("\n".join(self._names.columns)),
            ".schema": self._schema,
            ".examples": lambda: paged(examples(), height=self._context.records.height),
            ".format": self._format,
            ".timing": self._time,
        }
        try:
            ways[name](*words)
        except (KeyError, TypeError):
            known = ", ".join(COMMANDS)
            click.echo(f"there is no such command; there are {known}", err=True)

    def _help(self) -> None:
        for name, what in COMMANDS.items():
            click.echo(f"{name:<10} {what}")
        click.echo("\nAll else is SQL, up to a ;   Tab completes, the arrows go through history.")

    def _schema(self, view: str = "") -> None:
        if view not in self._names.columns:
            views = ", ".join(self._names.columns)
            click.echo(f"give a view: {views}", err=True)
            return
        query = f"SELECT column_name, column_type FROM (DESCRIBE {view})"  # noqa: S608 - a view's
        show(self._context, self._store.sql(query), Format.TABLE)

    def _format(self, name: str = "") -> None:
        kinds = [kind for kind in Format if kind is not Format.PARQUET]
        if name in kinds:
            self._kind = Format(name)
        else:
            click.echo(f"the format is {self._kind}; there are {', '.join(kinds)}", err=True)

    def _time(self) -> None:
        self._timing = not self._timing
        click.echo(f"timing is {'on' if self._timing else 'off'}", err=True)


def examples() -> str:
    """Return the examples as SQL with comments."""
    return "\n\n".join(f"-- {each.question}\n{each.sql};" for each in EXAMPLES) + "\n"


def session_of(completer: SqlCompleter) -> PromptSession[str]:
    """Return a reader of lines on this terminal: Enter ends what is whole, else begins a line."""
    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif _is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    return PromptSession(
        history=_history(),
        completer=completer,
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
        multiline=True,
        prompt_continuation=_MORE,
        key_bindings=keys,
    )


def _is_whole(text: str) -> bool:
    text = text.strip()
    return not text or text.startswith(".") or text.endswith(";")


def _history() -> History:
    """Return the history of a person's queries, by the XDG base directory specification."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    file = Path(state) / "newsfold" / "query-history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))
