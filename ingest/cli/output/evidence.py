"""How what a decision rests on is told: numbers with their thresholds, and short quotations."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.output import say

_NEEDED = "_needed"
_ID = "_id"
_TIME = "_at"
_LONG_LABEL = 24
_INDENT = 2
_NAMES = {"of": "compared with", "nearest": "nearest to it"}
# Told in words of their own.
_WORDED = frozenset(
    {"rule", "passages", "passages_shared", "only_here", "left_out", "left_out_quotes"}
)


def lines(evidence: Mapping[str, object], only_there: Sequence[str] = ()) -> Iterator[Text]:
    """Yield what there is of it: the rule with its numbers, the passages, what was left out.

    Args:
        evidence: As it stands in a row of ``outcomes``.
        only_there: Quotations of what only the other text has.
    """
    numbers = "; ".join(_numbers(evidence))
    if numbers:
        yield say.said(numbers, "dim")
    shared = evidence.get("passages_shared")
    match evidence.get("passages"):
        case [here, there]:
            said = f"passages: {here} here, {there} there, {shared} the same"
            yield Text(said if shared is not None else said.rpartition(",")[0], "dim")
    yield from quoted("only here", _strings(evidence.get("only_here")))
    yield from quoted("only there", only_there)
    left_out = evidence.get("left_out")
    if isinstance(left_out, int):
        count = say.plural(left_out, "passage")
        were = "was" if left_out == 1 else "were"
        said = f"{count} that this site prints under other headlines {were} left out"
        yield from quoted(said, _strings(evidence.get("left_out_quotes")))


def quoted(label: str, passages: Sequence[str]) -> Iterator[Text]:
    """Yield each passage in quotation marks: the first behind the label, or below a long one."""
    above = len(label) > _LONG_LABEL
    if above and passages:
        yield Text(f"{label}:", "dim")
    indent = " " * (_INDENT if above else len(label) + 2)
    for number, passage in enumerate(passages):
        before = indent if above or number else f"{label}: "
        yield Text.assemble((before, "dim"), say.said(f'"{passage}"'))


def print_lines(context: Context, found: Iterator[Text], *, indent: int = 0) -> None:
    """Print each line, wrapped where a person reads it."""
    for line in found:
        text = line.plain
        spaces = len(text) - len(text.lstrip(" "))
        say.flowing(context, line[spaces:], indent=indent + spaces)


def _numbers(evidence: Mapping[str, object]) -> Iterator[str]:
    """Yield each number with the one it had to reach: ``containment 0.93 (needed 0.6)``."""
    if rule := evidence.get("rule"):
        yield f"rule: {rule}"
    for name, value in evidence.items():
        if name in _WORDED or name.endswith((_NEEDED, _ID)):
            continue
        needed = evidence.get(name + _NEEDED)
        limit = f" (needed {needed})" if needed is not None else ""
        is_time = name.endswith(_TIME) and isinstance(value, str)
        shown = say.when(datetime.fromisoformat(str(value))) if is_time else _plain(value)
        yield f"{_NAMES.get(name) or name.replace('_', ' ')} {shown}{limit}"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def repeats(told: Mapping[str, Any] | None) -> Iterator[Text]:
    """Yield what was left out of a text because its site repeats it, or was not and why."""
    if told is None:
        return
    blocks = f"{say.plural(told['blocks'], 'block')} {told['rule']}"
    kept = f"kept, since they are most of the text: {blocks}"
    label = kept if told["kept"] else f"left out of the text: {blocks}"
    yield from quoted(label, told["quotations"])
    if more := told["blocks"] - len(told["quotations"]):
        yield Text(f"{' ' * _INDENT}and {more} more", "dim")
