"""Measure what one core extracts, beside plain trafilatura, and a worker's memory over many pages.

Usage: python bench/extract_speed.py [DIR] [--rounds N] [--memory PAGES] [--json]

One run over the same labelled pages (``bench/extract_pages.py``): in alternating rounds, ours by
``extract_page`` (text, fields, language, fingerprint) and ``bare_extraction(include_comments=False,
with_metadata=True)``. Figures are of processor time; a round's ratio is of its own two halves, and
the median of the rounds is told. Then ``--memory`` pages (5,000) go through one warm process, and
its resident set is told at ten places.
"""

import argparse
import json
import logging
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

import trafilatura

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.extract_pages import read_pages
from ingest.articles.extract import extract_page, warm_up
from ingest.types import Page
from tests.corpus.scoring import CORPUS

PLACES = 10
MIB = 1024 * 1024


def ours(page: Page) -> None:
    """Extract by the product's own path."""
    extract_page(page, None)


def plain(page: Page) -> None:
    """Extract by trafilatura alone."""
    trafilatura.bare_extraction(page.body, url=page.url, include_comments=False, with_metadata=True)


def seconds(function: Callable[[Page], None], pages: Sequence[Page]) -> float:
    """Return the processor time of a function over pages."""
    start = time.process_time()
    for page in pages:
        function(page)
    return time.process_time() - start


def resident() -> float:
    """Return this process's resident set in MiB."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(pages: Sequence[Page], count: int) -> list[float]:
    """Return the resident set in MiB after each tenth of ``count`` pages."""
    found = []
    for number, page in enumerate(islice(cycle(pages), count), start=1):
        ours(page)
        if number % max(1, count // PLACES) == 0:
            found.append(round(resident(), 1))
    return found


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, default=5_000, metavar="PAGES")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        pages = [
            Page(url=page.url, body=page.html, content_type="text/html")
            for page in read_pages(chosen.folder)
        ]
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    warm_up()
    seconds(plain, pages[:10])
    rounds = []
    for number in range(chosen.rounds):
        pair = dict.fromkeys((ours, plain), 0.0)
        for function in (ours, plain) if number % 2 else (plain, ours):
            pair[function] = seconds(function, pages)
        rounds.append((pair[ours], pair[plain]))
    found = {
        "pages": len(pages),
        "rounds": len(rounds),
        "ours_ms": 1000 * statistics.median(mine for mine, _ in rounds) / len(pages),
        "plain_ms": 1000 * statistics.median(other for _, other in rounds) / len(pages),
        "ratio": statistics.median(other / mine for mine, other in rounds),
        "ratios": [round(other / mine, 3) for mine, other in rounds],
        "memory_mib": memory(pages, chosen.memory) if chosen.memory else [],
    }
    if chosen.json:
        print(json.dumps(found))
        return 0
    print(
        f"{found['pages']} pages, {found['rounds']} rounds: ours {found['ours_ms']:.1f} ms a page, "
        f"plain {found['plain_ms']:.1f} ms; {found['ratio']:.2f} times as fast "
        f"(rounds: {', '.join(map(str, found['ratios']))})"
    )
    if found["memory_mib"]:
        print(f"resident MiB over {chosen.memory} pages: {found['memory_mib']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
