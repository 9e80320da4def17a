"""Suites that others made, read from a folder where they were put: nothing of them is kept here."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.corpus.scoring import CORPUS
from tests.hostile import naughty
from tests.hostile.case import JSON, XML, Case, escaped, feed, story, within
from tests.hostile.cases import JSON_FIELDS, RSS_FIELDS

VARIABLE = "NEWSFOLD_HOSTILE"
FEEDPARSER = "feedparser"
JSON_SUITE = "JSONTestSuite"
NAUGHTY = "big-list-of-naughty-strings"
CORPUS_FEEDS = CORPUS / "feeds"


def folder_of_suites() -> Path | None:
    """Return the folder that the environment names, if it does."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def feedparser_files(folder: Path) -> list[Case]:
    """Every document that feedparser tests itself with."""
    files = sorted((folder / FEEDPARSER / "tests").glob("**/*"))
    return [
        Case(name=str(file.relative_to(folder)), body=file.read_bytes(), kind=kind, told=False)
        for file in files
        if (kind := {".xml": XML, ".json": JSON}.get(file.suffix, "")) and file.is_file()
    ]


def json_files(folder: Path) -> list[Case]:
    """Every document of the suite as it is, and as a field of a JSON Feed's item."""
    return [
        case
        for file in sorted((folder / JSON_SUITE).glob("test_*/*.json"))
        for case in _json_cases(file)
    ]


def _json_cases(file: Path) -> Iterator[Case]:
    body = file.read_bytes()
    yield Case(name=file.name, body=body, kind=JSON, told=False)
    head, tail = feed(story(title="@")).split(b'"@"')
    yield Case(name=f"{file.name} as a title", body=head + body + tail, kind=JSON, told=False)
    # What every parser must take, takes nothing away from the feed.
    if file.name.startswith("y_"):
        yield Case(name=f"{file.name} kept", body=head + body + tail, kind=JSON, entries=1)


def big_list(folder: Path) -> list[Case]:
    """Each naughty string in each field of an RSS and of a JSON Feed item."""
    strings = naughty.from_file(folder / NAUGHTY / "blns.json")
    return [case for number, string in enumerate(strings) for case in nasty(number, string)]


def nasty(number: int, string: str) -> Iterator[Case]:
    """One string in every field of an item, of RSS and of JSON Feed."""
    attribute = escaped(string).replace('"', "&quot;").replace("'", "&apos;")
    fields = "".join(form.format(attribute) for form in RSS_FIELDS)
    yield Case(name=f"string {number} in RSS", body=within(fields), entries=3)
    item = story(**dict.fromkeys(JSON_FIELDS, string), tags=[string], authors=[{"name": string}])
    document = feed(item, story(id="good"), title=string, language=string)
    # An item whose id is the good one's is told apart from it, and one without id has a digest.
    yield Case(name=f"string {number} in JSON", body=document, kind=JSON, entries=2)


def corpus_feeds() -> list[Case]:
    """Feeds of real outlets."""
    return [
        Case(name=file.name, body=file.read_bytes(), told=False)
        for file in sorted(CORPUS_FEEDS.glob("*"))
        if file.is_file()
    ]
