"""Every command and every option is in the reference, or these fail."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ingest.cli.root import newsfold
from storage.answers.formats import Format
from tests.cli.runner import newsfold as run

DOCS = Path(__file__).parents[2] / "docs" / "reference"
REFERENCE = (DOCS / "command-line.md").read_text(encoding="utf-8")
JSON = (DOCS / "json.md").read_text(encoding="utf-8")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from leaves(child, (*path, name))


COMMANDS = tuple(leaves(newsfold))


def command_of(path: tuple[str, ...]) -> click.Command:
    command: click.Command = newsfold
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


def section(path: tuple[str, ...]) -> str:
    start = re.search(rf"^## newsfold {' '.join(path)}\b.*$", REFERENCE, re.MULTILINE)
    assert start is not None, f"{' '.join(path)} is not in command-line.md"
    return REFERENCE[start.start() :].split("\n## ", maxsplit=1)[0]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_and_its_options_are_documented(path: tuple[str, ...]) -> None:
    words = section(path)
    for parameter in command_of(path).params:
        if isinstance(parameter, click.Option):
            for name in parameter.opts:
                assert f"`{name}" in words, f"{' '.join(path)} {name} is not in command-line.md"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_explains_itself(path: tuple[str, ...]) -> None:
    ran = run(*path, "--help")
    assert ran.code == 0
    assert "Usage: newsfold" in ran.out
    for parameter in command_of(path).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(path)} {parameter.opts[0]} says nothing"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_stands_in_a_module_of_its_name_or_its_groups(path: tuple[str, ...]) -> None:
    written = inspect.unwrap(command_of(path).callback or run)
    module = written.__module__.rstrip("_")
    assert ".".join(("ingest", "cli", *path)) in {module, f"{module}.{path[-1]}"}


def test_the_global_options_are_documented() -> None:
    words = REFERENCE.split("## Options for every command")[1].split("\n## ")[0]
    for parameter in newsfold.params:
        for name in parameter.opts:
            assert f"`{name}" in words, f"{name} is not in command-line.md"


def test_nothing_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^## newsfold ([a-z ]+?)(?: [A-Z\[].*)?$", REFERENCE, re.MULTILINE)
    assert sorted(documented) == sorted(" ".join(path) for path in COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_json_output_is_documented(path: tuple[str, ...]) -> None:
    if path in {("demo",), ("daemon",)}:  # they show and they serve; they have no result
        return
    headings = re.findall(r"^## (.+)$", JSON, re.MULTILINE)
    assert " ".join(path) in {name for heading in headings for name in heading.split(", ")}


def test_every_format_is_documented() -> None:
    for kind in Format:
        assert f"`{kind}`" in section(("query",))
