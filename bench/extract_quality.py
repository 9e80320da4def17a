"""Score extraction on a folder of labelled pages, beside plain trafilatura.

Usage: python bench/extract_quality.py [DIR]

DIR is in the form of ``../shared/corpus`` (the default). Ours goes through the product's own
path, ``ingest.articles.extract.extract_page``. One table on standard output.
"""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trafilatura
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from ingest.articles.extract import extract_page, warm_up
from ingest.types import Extracted, Page
from tests.corpus.scoring import (
    CORPUS,
    Labelled,
    authors_match,
    date_matches,
    labelled_pages,
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


def plain(page: Labelled, body: bytes, *, precise: bool = False) -> Found:
    """Extract by trafilatura alone, comments off, with its metadata."""
    found = trafilatura.bare_extraction(
        body, url=page.url, include_comments=False, with_metadata=True, favor_precision=precise
    )
    if found is None or isinstance(found, dict):
        return Found()
    published = datetime.fromisoformat(found.date).replace(tzinfo=UTC) if found.date else None
    authors = tuple(name.strip() for name in (found.author or "").split(";") if name.strip())
    return Found(text=found.text or "", title=found.title, authors=authors, published=published)


def precise(page: Labelled, body: bytes) -> Found:
    """Extract by trafilatura alone, favouring precision."""
    return plain(page, body, precise=True)


EXTRACTORS: dict[str, Callable[[Labelled, bytes], Found]] = {
    "newsfold": ours,
    "trafilatura, comments off": plain,
    "trafilatura, favor_precision": precise,
}


def share(hits: Sequence[bool]) -> str:
    """Return a share as it stands in the table."""
    return f"{sum(hits) / len(hits):.3f}" if hits else "-"


def measure(name: str, pages: Sequence[tuple[Labelled, bytes]]) -> list[str]:
    """Run one extractor over all pages; return its row."""
    start = time.perf_counter()
    found = [EXTRACTORS[name](page, body) for page, body in pages]
    seconds = time.perf_counter() - start
    each = [(page, result) for (page, _), result in zip(pages, found, strict=True)]
    text = mean([score_text(f.text, p.body) for p, f in each if p.body is not None])
    return [
        name,
        *(f"{figure:.4f}" for figure in (text.f1, text.precision, text.recall)),
        share([title_matches(f.title, p.title) for p, f in each if p.title]),
        share([date_matches(f.published, p.published) for p, f in each if p.published]),
        share([authors_match(f.authors, p.authors) for p, f in each if p.authors]),
        f"{len(pages) / seconds:.1f}",
    ]


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    folder = Path(arguments[0]) if arguments else CORPUS
    if not (folder / "labels.jsonl").exists():
        print(f"no labels.jsonl in {folder}", file=sys.stderr)
        return 2
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    warm_up()
    pages = [(page, page.html) for page in labelled_pages(folder)]
    table = Table(title=f"{len(pages)} pages of {folder.name}")
    table.add_column("extractor")
    for column in ("F1", "P", "R", "title", "date", "authors", "pages/s"):
        table.add_column(column, justify="right")
    for name in EXTRACTORS:
        table.add_row(*measure(name, pages))
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
