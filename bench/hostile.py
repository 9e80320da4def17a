"""Take every hostile document and server there is through the product's own path.

Usage: python bench/hostile.py [--suites DIR]

DIR (or NEWSFOLD_HOSTILE) holds checkouts of suites that others made, by their repositories'
names: kurtmckee/feedparser, nst/JSONTestSuite, minimaxir/big-list-of-naughty-strings. What is
absent is skipped, and said so. One table on standard output; the exit code is 1 if anything hung,
crashed, raised, came out other than it must, or cost another feed an entry.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from ingest.config import WorkerSettings
from ingest.types import Fault
from ingest.workers.pool import Workers
from tests.fetch.test_hostile import HOSTILE, meet
from tests.hostile import cases, naughty, pages, suites
from tests.hostile.case import Case
from tests.hostile.way import Score, Way, count_with_feedparser


async def run(folder: Path | None) -> tuple[list[Score], list[str]]:
    """Take all of it along; returns the scores, and what was absent."""
    settings = WorkerSettings()
    scores: list[Score] = []
    absent: list[str] = []
    with tempfile.TemporaryDirectory() as data, Workers(settings) as workers:
        way = Way(workers, settings, Path(data))

        async def feeds(name: str, documents: Sequence[Case], *, killing: bool = False) -> Score:
            scores.append(await way.feeds(name, documents, killing=killing))
            said(scores[-1])
            return scores[-1]

        async def suite(name: str, read: Callable[[Path], list[Case]], kept: str) -> None:
            if folder is None or not (folder / kept).is_dir():
                absent.append(f"{name}: absent, skipped (no {kept} in --suites)")
                return
            documents = read(folder)
            score = await feeds(name, documents)
            if read is suites.feedparser_files:
                await compare(workers, score, documents)

        strings = [
            case for number, s in enumerate(naughty.STRINGS) for case in suites.nasty(number, s)
        ]
        await feeds("hand-made feeds", (*cases.MENDED, *cases.BROKEN))
        await feeds("hand-made strings, in every field", strings)
        await feeds("hand-made feeds, heavy", cases.HEAVY, killing=True)
        for score in (
            way.pages("hand-made pages", pages.QUICK),
            way.pages("hand-made pages, heavy", pages.HEAVY, killing=True),
            servers(),
        ):
            scores.append(await score)
            said(scores[-1])
        await suite("feedparser's own files", suites.feedparser_files, suites.FEEDPARSER)
        await suite("JSONTestSuite", suites.json_files, suites.JSON_SUITE)
        await suite("Big List of Naughty Strings", suites.big_list, suites.NAUGHTY)
        if suites.CORPUS_FEEDS.is_dir():
            await feeds("feeds of real outlets", suites.corpus_feeds())
        else:
            absent.append("feeds of real outlets: absent, skipped")
        scores.append(way.settle())
    return scores, absent


async def compare(workers: Workers, score: Score, documents: Sequence[Case]) -> None:
    """Count documents of which feedparser by itself finds more entries than we saved."""
    for document in documents:
        alone = await count_with_feedparser(workers, document.body)
        if alone > score.by_document.get(document.name, 0):
            score.fewer += 1
            score.remarks.append(
                f"{document.name}: feedparser alone finds {alone} entries, "
                f"we saved {score.by_document.get(document.name, 0)}"
            )


async def servers() -> Score:
    """Meet every hostile server with the real fetcher."""
    score = Score(name="hostile servers")
    began = time.monotonic()
    for name, (behaviour, reason) in HOSTILE.items():
        score.documents += 1
        try:
            result, seconds = await meet(behaviour)
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is counted and told
            score.exceptions += 1
            score.faults.append(f"{name}: {type(bug).__name__}: {bug}")
            continue
        score.refused += isinstance(result, Fault)
        score.hangs += seconds > 10  # noqa: PLR2004 - its deadline is far below a second
        if not isinstance(result, Fault) or result.reason is not reason:
            score.surprise(name, f"wanted {reason}, got {result}")
    score.seconds = time.monotonic() - began
    return score


def said(score: Score) -> None:
    """Tell on stderr how far it is."""
    print(f"{score.name}: {score.documents} in {score.seconds:.0f} s", file=sys.stderr)


def main() -> int:
    """Run it all, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--suites", type=Path, default=suites.folder_of_suites())
    scores, absent = asyncio.run(run(parser.parse_args().suites))
    table = Table(title="Hostile documents and servers, on the product's own path")
    table.add_column("suite", no_wrap=True)
    for heading in ("documents", "read", "refused", "killed", "entries", "hangs", "exceptions",
                    "unexpected", "others' lost", "fewer", "seconds"):  # fmt: skip
        table.add_column(heading, justify="right")
    for s in scores:
        counts = (s.documents, s.read, s.refused, s.killed, s.entries, s.hangs, s.exceptions)
        cells = [*map(str, counts), str(s.unexpected), str(s.lost), str(s.fewer)]
        table.add_row(s.name, *cells, f"{s.seconds:.1f}")
    console = Console(width=170, markup=False)
    console.print(table)
    console.print("killed: a worker was ended at its limits, and the fault recorded")
    console.print("fewer: fewer entries saved than feedparser finds by itself")
    for line in (*absent, *(r for s in scores for r in s.remarks[:20])):
        console.print(line)
    bad = [fault for score in scores for fault in score.faults]
    for fault in bad[:50]:
        console.print(repr(fault), style="red")
    return 1 if bad or any(score.lost for score in scores) else 0


if __name__ == "__main__":
    sys.exit(main())
