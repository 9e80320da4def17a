"""Run one peer over pages: ``python extract_peer.py NAME``, inside the peer's own environment.

Each line of standard input is a JSON object with ``path`` (gzip HTML) and ``url``; each line of
standard output one with ``text``, ``title``, ``authors`` and ``published``. Nothing of Newsfold is
imported, for the peers' environments do not have it.
"""

# ruff: noqa: PLC0415 - each peer is there in its own environment alone

import gzip
import json
import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

Found = dict[str, Any]


def _date(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if value else None


def readability(html: str, _url: str) -> Found:
    """readability-lxml, with its summary's text by lxml."""
    from lxml.html import fromstring
    from readability import Document

    document = Document(html)
    blocks = fromstring(document.summary()).iter("p", "li", "h2", "h3", "blockquote", "td", "pre")
    text = "\n".join(block.text_content() for block in blocks)
    return {"text": text, "title": document.title()}


def newspaper(html: str, url: str) -> Found:
    """newspaper4k."""
    from newspaper import Article

    article = Article(url, fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return {
        "text": article.text,
        "title": article.title,
        "authors": article.authors,
        "published": _date(article.publish_date),
    }


def newsplease(html: str, url: str) -> Found:
    """news-please."""
    from newsplease import NewsPlease

    article = NewsPlease.from_html(html, url=url, fetch_images=False)
    return {
        "text": article.maintext,
        "title": article.title,
        "authors": article.authors,
        "published": _date(article.date_publish),
    }


def goose(html: str, _url: str) -> Found:
    """goose3."""
    from goose3 import Goose

    with Goose({"enable_image_fetching": False}) as extractor:
        article = extractor.extract(raw_html=html)
    return {
        "text": article.cleaned_text,
        "title": article.title,
        "authors": article.authors,
        "published": article.publish_datetime_utc and _date(article.publish_datetime_utc),
    }


PEERS: dict[str, Callable[[str, str], Found]] = {
    "readability-lxml": readability,
    "newspaper4k": newspaper,
    "news-please": newsplease,
    "goose3": goose,
}


def _decode(body: bytes) -> str:
    declared = re.search(rb"charset=[\"']?([\w-]+)", body[:4096])
    for label in ("utf-8", declared[1].decode() if declared else "latin-1"):
        try:
            return body.decode(label)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")


def main(name: str) -> None:
    """Answer each line with a line."""
    for line in sys.stdin:
        page = json.loads(line)
        with gzip.open(page["path"]) as file:
            html = _decode(file.read())
        try:
            found = PEERS[name](html, page["url"])
        except Exception as error:  # noqa: BLE001 - a page the peer cannot take is an empty answer
            found = {"text": "", "error": repr(error)}
        print(json.dumps(found, default=str), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
