# ruff: noqa: RUF001 - typographic characters are meant

import pytest
from lxml import html

from ingest.articles.bylines import shown_authors
from ingest.articles.dates import date_at_end

LONG = "The council met again on Monday and made its points at length, as it does. " * 2
OUTLETS = frozenset({"examplegazette"})


@pytest.mark.parametrize(
    ("markup", "names"),
    [
        ("<li><strong>Autorin/Autor</strong> Ann Lee</li>", ("Ann Lee",)),
        ("<dl><dt>Author:</dt><dd>Ann Lee, Bo Ek</dd></dl>", ("Ann Lee", "Bo Ek")),
        ("<p><b>Автор</b>: Анна Ли</p>", ("Анна Ли",)),
        ("<p><b>Author</b> of the year</p>", ()),
        ("<p><b>Author</b>: Example Gazette</p>", ()),
        ("<div><span>Ann Lee &nbsp;|</span><span>05.04.2026 - update</span></div>", ("Ann Lee",)),
        ("<div><span>Harbour</span><span>2026-04-05</span></div>", ()),
        ("<p>Ann Lee wrote to us.</p><p>05.04.2026 was a Sunday.</p>", ()),
        ("<div><span>05.04.2026</span></div>", ()),
        ("<div><span>Ann Lee</span><span>12 people came</span></div>", ()),
        (f"<p><b>Ann Lee/Bo Ek</b></p><p>{LONG}</p>", ("Ann Lee", "Bo Ek")),
        (f"<p><b>Key Points</b></p><p>{LONG}</p>", ()),
        (f"<p>Ann Lee</p><p>{LONG}</p>", ()),
        (f"<p>{LONG}</p><p><b>Ann Lee</b></p><p>{LONG}</p>", ()),
        ("<p class='byline'>By Bo Ek</p><li><b>Author</b> Ann Lee</li>", ("Bo Ek",)),
    ],
)
def test_authors_are_read_where_a_page_shows_them(markup: str, names: tuple[str, ...]) -> None:
    tree = html.fromstring(f"<html><body>{markup}</body></html>")
    assert shown_authors(tree, OUTLETS) == names


@pytest.mark.parametrize(
    ("title", "day"),
    [
        ("Road closed | News | 28.04.2026", "2026-04-28"),
        ("Road closed – 3.4.2026 ", "2026-04-03"),
        ("What happened on 28.04.2026", None),
        ("Road closed | 32.04.2026", None),
        ("Road closed | 28.04.2026 | News", None),
        ("", None),
    ],
)
def test_a_day_behind_a_title_is_its_date(title: str, day: str | None) -> None:
    found = date_at_end(title)
    assert (found.at.date().isoformat() if found else None) == day
