"""Score extraction on a folder of labelled pages, beside other extractors.

Usage: python bench/extract_quality.py [DIR] [--json] [--peers all|none|NAME,…]

DIR is a folder in the form of ``../shared/corpus`` (the default), or a clone of
article-extraction-benchmark, fundus or WCXB. Ours goes through the product's own path,
``ingest.articles.extract.extract_page``; a page it takes for no article counts as an empty text.
trafilatura and resiliparse run here, the other peers in environments of their own
(``bench/extract_peers.py``). A table, or with ``--json`` one object, on standard output.

Texts are scored as article-extraction-benchmark does (``tests/corpus/scoring.py``). A title is
right if nine tenths of it are, and its mean likeness stands beside that; a date if it is the same
minute, or day where no time is labelled; authors if all of them are the same.
"""

import argparse
import json
import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import trafilatura
from resiliparse.extract.html2text import extract_plain_text
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.extract_pages import read_pages
from bench.extract_peers import REQUIREMENTS, UnavailableError, run_peer
from ingest.articles.document import decode
from ingest.articles.extract import extract_page, warm_up
from ingest.types import Extracted, Page
from tests.corpus.scoring import (
    CORPUS,
    Labelled,
    authors_match,
    date_matches,
    mean,
    score_text,
    title_matches,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What an extractor returned for one page."""

    text: str = ""
    title: str | None = None
    authors: tuple[str, ...] = ()
    published: datetime | None = None


def ours(page: Labelled, body: bytes) -> Found:
    """Extract by the product's own path."""
    found = extract_page(Page(url=page.url, body=body, content_type="text/html"), None)
    if not isinstance(found, Extracted):
        return Found()
    return Found(
        text=found.text, title=found.title, authors=found.authors, published=found.published_at
    )


def plain(page: Labelled, body: bytes, **settings: bool) -> Found:
    """Extract by trafilatura alone with its metadata, comments off unless ``settings`` say so."""
    options = {"include_comments": False, "with_metadata": True, **settings}
    found = trafilatura.bare_extraction(body, url=page.url, **options)
    if found is None or isinstance(found, dict):
        return Found()
    authors = tuple(name.strip() for name in (found.author or "").split(";") if name.strip())
    return Found(
        text=found.text or "", title=found.title, authors=authors, published=_date(found.date)
    )


HERE: Mapping[str, Callable[[Labelled, bytes], Found]] = {
    "newsfold": ours,
    "trafilatura, as it comes": lambda page, body: plain(page, body, include_comments=True),
    "trafilatura, comments off": plain,
    "trafilatura, favor_precision": lambda page, body: plain(page, body, favor_precision=True),
    "resiliparse": lambda _page, body: Found(text=_alone(decode(body, "text/html"))),
}


def _alone(markup: str) -> str:
    return str(extract_plain_text(markup, main_content=True, alt_texts=False))


def _date(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def _found(answer: Mapping[str, Any]) -> Found:
    authors = answer.get("authors") or ()
    return Found(
        text=answer.get("text") or "",
        title=answer.get("title"),
        authors=tuple(str(name) for name in authors),
        published=_date(answer.get("published")),
    )


def extracted(name: str, pages: Sequence[Labelled]) -> list[Found]:
    """Return what an extractor finds in each page."""
    if name in HERE:
        return [HERE[name](page, page.html) for page in pages]
    return [_found(answer) for answer in run_peer(name, pages)]


def scores(pages: Sequence[Labelled], found: Sequence[Found]) -> dict[str, Any]:
    """Return the figures of one extractor; those of fields are ``None`` where none is labelled."""
    each = list(zip(pages, found, strict=True))
    bodies = [(page, score_text(f.text, page.body)) for page, f in each if page.body is not None]
    whole = mean([score for _, score in bodies])
    countries = defaultdict(list)
    for page, score in bodies:
        countries[page.country or "-"].append(score)
    titled = [(f.title or "", page.title) for page, f in each if page.title]
    return {
        "f1": whole.f1,
        "precision": whole.precision,
        "recall": whole.recall,
        "title": _share(title_matches(ours, theirs) for ours, theirs in titled),
        "title_likeness": _share(_likeness(ours, theirs) for ours, theirs in titled),
        "date": _share(date_matches(f.published, p.published) for p, f in each if p.published),
        "authors": _share(authors_match(f.authors, p.authors) for p, f in each if p.authors),
        "countries": {
            name: {"pages": len(some), "f1": mean(some).f1}
            for name, some in sorted(countries.items())
        },
    }


def _likeness(ours: str, theirs: str) -> float:
    return SequenceMatcher(None, ours.casefold(), theirs.casefold(), autojunk=False).ratio()


def _share(hits: Iterable[float]) -> float | None:
    values = [float(hit) for hit in hits]
    return sum(values) / len(values) if values else None


def _table(title: str, results: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = ("f1", "precision", "recall", "title", "title_likeness", "date", "authors")
    table = Table(title=title)
    table.add_column("extractor")
    for column in ("F1", "P", "R", "title", "~", "date", "authors"):
        table.add_column(column, justify="right")
    for name, figures in results.items():
        cells = (figures[column] for column in columns)
        table.add_row(name, *("-" if cell is None else f"{cell:.4f}" for cell in cells))
    return table


def _countries(results: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="F1 by country")
    table.add_column("country")
    table.add_column("pages", justify="right")
    for name in results:
        table.add_column(name, justify="right")
    for country, first in next(iter(results.values()))["countries"].items():
        cells = (figures["countries"][country]["f1"] for figures in results.values())
        table.add_row(country, str(first["pages"]), *(f"{cell:.3f}" for cell in cells))
    return table


def main(arguments: Sequence[str]) -> int:
    """Score and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS, metavar="DIR")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers", default="all", help="all, none, or names parted by commas")
    chosen = parser.parse_args(arguments)
    peers = {"all": tuple(REQUIREMENTS), "none": ()}.get(chosen.peers, chosen.peers.split(","))
    if unknown := [name for name in peers if name not in REQUIREMENTS]:
        parser.error(f"unknown peers {', '.join(unknown)}; known: {', '.join(REQUIREMENTS)}")
    try:
        pages = read_pages(chosen.folder)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    warm_up()
    results = {}
    for name in (*HERE, *peers):
        try:
            results[name] = scores(pages, extracted(name, pages))
        except UnavailableError as reason:
            print(reason, file=sys.stderr)
    if chosen.json:
        print(json.dumps({"folder": chosen.folder.name, "pages": len(pages), "results": results}))
        return 0
    console = Console(width=120)
    console.print(_table(f"{len(pages)} pages of {chosen.folder.name}", results))
    console.print(_countries({name: results[name] for name in list(HERE)[:3] if name in results}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
