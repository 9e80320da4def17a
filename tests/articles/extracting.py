"""A page extracted for a test."""

from ingest.articles.extract import extract_page
from ingest.types import Extracted, Page, ParsedEntry
from tests.articles.pages import page

URL = "https://news.example.com/2026/11/harbour-road/"


STORY = (
    "The council of Northbridge voted on Tuesday to close the old harbour road to lorries.",
    "Residents had asked for the measure for years, pointing to noise and to two accidents.",
    "Hauliers said the detour would add twenty minutes to each journey and asked for talks.",
    "The closure begins on 1 May and will be reviewed after a year, the mayor said.",
)


def article(body: str, head: str = "", *, title: str = "A page - Example Gazette") -> bytes:
    return page(f"<main><article>{body}</article></main>", title=title, head=head)


def found_in(
    body: bytes,
    *,
    url: str = URL,
    content_type: str = "text/html",
    entry: ParsedEntry | None = None,
) -> Extracted:
    found = extract_page(Page(url=url, body=body, content_type=content_type), entry)
    assert isinstance(found, Extracted)
    return found
