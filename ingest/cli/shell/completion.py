"""What may stand where in the shell: views, columns, SQL's words and functions, commands."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from storage.answers.formats import Format
from storage.store import Store

COMMANDS: Mapping[str, str] = {
    ".help": "what there is to type",
    ".tables": "list the views",
    ".schema": "the columns of a view: .schema articles",
    ".examples": "queries that work on any store",
    ".format": f"how rows are written: {', '.join(k for k in Format if k is not Format.PARQUET)}",
    ".timing": "say how long each query took, or stop saying it",
    ".quit": "leave; so does Ctrl-D",
}

_WORD = re.compile(r"(?:(\w+)\.)?(\w*)$")
_COLUMNS = (
    "SELECT table_name, list(column_name ORDER BY column_index) AS names FROM duckdb_columns()"
    " WHERE schema_name = 'main' AND NOT internal GROUP BY table_name ORDER BY table_name"
)
_KEYWORDS = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
_FUNCTIONS = (
    "SELECT DISTINCT function_name FROM duckdb_functions()"
    " WHERE regexp_matches(function_name, '^[a-z]') ORDER BY 1"
)
# Not reserved in DuckDB's grammar, and typed often.
_MORE = ("BETWEEN", "BY", "EXISTS", "FILTER", "IS", "OVER", "VALUES", "EXCLUDE", "REPLACE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All that has a name in a store's queries: the columns by view, keywords, functions."""

    columns: Mapping[str, Sequence[str]]
    keywords: Sequence[str]
    functions: Sequence[str]


def names_of(store: Store) -> Names:
    """Ask a store for the names."""
    columns = {row["table_name"]: row["names"] for row in store.sql(_COLUMNS).to_pylist()}
    keywords: list[str] = store.sql(_KEYWORDS)["keyword_name"].to_pylist()
    functions: list[str] = store.sql(_FUNCTIONS)["function_name"].to_pylist()
    return Names(
        columns=columns,
        keywords=sorted({*(word.upper() for word in keywords), *_MORE}),
        functions=functions,
    )


class SqlCompleter(Completer):
    """Completes the word before the cursor."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        """Yield what the word may become, the likeliest kind first."""
        del complete_event
        text = document.text_before_cursor
        if text.lstrip().startswith("."):
            yield from self._command(text.lstrip())
            return
        found = _WORD.search(text)
        assert found is not None
        qualifier, begun = found.groups()
        if qualifier is not None:
            yield from _matching(begun, self._of(qualifier, document.text), "column")
        elif begun:
            columns = self._columns(document.text)
            yield from _matching(begun, self._names.columns, "view")
            yield from _matching(begun, columns, "column")
            yield from _matching(begun, self._names.keywords, "")
            yield from _matching(begun, self._names.functions, "function")

    def _command(self, text: str) -> Iterator[Completion]:
        command, space, begun = text.partition(" ")
        if not space:
            for name, what in COMMANDS.items():
                if name.startswith(command):
                    yield Completion(name, -len(command), display_meta=what)
        elif command == ".schema":
            yield from _matching(begun, self._names.columns, "view")
        elif command == ".format":
            yield from _matching(begun, [k for k in Format if k is not Format.PARQUET], "")

    def _columns(self, text: str) -> list[str]:
        """Return the columns of the views that a query names; of all while it names none."""
        words = set(re.findall(r"\w+", text.lower()))
        views = [view for view in self._names.columns if view in words] or [*self._names.columns]
        return list(dict.fromkeys(name for view in views for name in self._names.columns[view]))

    def _of(self, qualifier: str, text: str) -> Sequence[str]:
        """Return the columns of a view by its name, or by its alias in the query."""
        if qualifier in self._names.columns:
            return self._names.columns[qualifier]
        views = "|".join(self._names.columns)
        alias = re.search(rf"\b({views})\s+(?:AS\s+)?{qualifier}\b", text, re.IGNORECASE)
        return self._names.columns[alias[1].lower()] if alias else ()


def _matching(begun: str, names: Iterable[str], kind: str) -> Iterator[Completion]:
    for name in names:
        if name.lower().startswith(begun.lower()):
            # SQL's words are completed in the case in which they were begun.
            shown = name.lower() if name.isupper() and begun.islower() else name
            yield Completion(str(shown), -len(begun), display_meta=kind)
