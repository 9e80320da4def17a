"""Folders of labelled pages in the forms that are about, read into one.

Known are the form of ``../shared/corpus`` (``labels.jsonl``) and clones of
article-extraction-benchmark (``ground-truth.json``), fundus (its parsers' test data) and WCXB
(``dev/ground-truth``; its articles only).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.corpus.scoring import Labelled, labelled_pages

FUNDUS = Path("tests", "resources", "parser", "test_data")


def read_pages(folder: Path) -> list[Labelled]:
    """Return the labelled pages of a folder, whichever of the known forms it has.

    Raises:
        ValueError: It has none of them.
    """
    forms: Mapping[Path, Callable[[Path], Iterator[Labelled]]] = {
        Path("labels.jsonl"): labelled_pages,
        Path("ground-truth.json"): _aeb,
        FUNDUS: _fundus,
        Path("dev", "ground-truth"): _wcxb,
    }
    for mark, reader in forms.items():
        if (folder / mark).exists():
            return list(reader(folder))
    known = ", ".join(str(mark) for mark in forms)
    raise ValueError(f"{folder}: no labelled pages; expected one of {known} in it")


def _aeb(folder: Path) -> Iterator[Labelled]:
    for key, label in json.loads((folder / "ground-truth.json").read_text("utf-8")).items():
        yield _labelled(folder / "html" / f"{key}.html.gz", label["url"], body=label["articleBody"])


def _fundus(folder: Path) -> Iterator[Labelled]:
    for country in sorted(path for path in (folder / FUNDUS).iterdir() if path.is_dir()):
        facts = country / "meta.info"
        if not facts.exists():
            continue
        urls = json.loads(facts.read_text("utf-8"))
        for publisher in sorted(country.glob("*.json")):
            pages = sorted(country.glob(f"{publisher.stem}_*.html.gz"))
            labels = list(json.loads(publisher.read_text("utf-8")).values())
            # A label a version of the parser, a page a label, both in the order of time.
            if len(pages) != len(labels):
                continue
            for page, label in zip(pages, labels, strict=True):
                yield _labelled(
                    page,
                    urls[page.name]["url"],
                    country=country.name,
                    title=label.get("title"),
                    authors=label.get("authors"),
                    published=label.get("publishing_date"),
                    body=_fundus_body(label.get("body")),
                )


def _fundus_body(body: Mapping[str, Any] | None) -> str | None:
    if not body:
        return None
    blocks = list(body["summary"])
    for section in body["sections"]:
        blocks += [*section["headline"], *section["paragraphs"]]
    return "\n\n".join(blocks)


def _wcxb(folder: Path) -> Iterator[Labelled]:
    for file in sorted((folder / "dev" / "ground-truth").glob("*.json")):
        found = json.loads(file.read_text("utf-8"))
        label = found["ground_truth"]
        # One label tells no address, and a page is read as that of its address.
        if found["_internal"]["page_type"]["primary"] != "article" or "url" not in found:
            continue
        yield _labelled(
            folder / "dev" / "html" / f"{file.stem}.html.gz",
            found["url"],
            title=label.get("title"),
            authors=[label["author"]] if label.get("author") else None,
            published=label.get("publish_date"),
            body=label.get("main_content"),
        )


def _labelled(
    path: Path,
    url: str,
    *,
    body: str | None,
    country: str | None = None,
    title: str | None = None,
    authors: list[str] | None = None,
    published: str | None = None,
) -> Labelled:
    return Labelled(
        path=path,
        url=url,
        country=country,
        title=title,
        authors=tuple(authors) if authors else None,
        published=_date(published),
        body=body,
    )


def _date(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
