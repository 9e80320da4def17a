import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.text import clean_line, clean_text, safe_link

ANYTHING = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("plain words", "plain words"),
        ("a\x00b\x07c\x1b[31md\x9b", "abc[31md"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("sur\ud83drogate", "surrogate"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\ufeffzero\u200bwidth\u2060", "zerowidth"),
        ("\u202eevil\u202c \u2066x\u2069\u200f", "evil x"),
        ("cafe\u0301", "café"),
        ("क\u200cष", "क\u200cष"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\uffff\ufdd0", ""),
    ],
)
def test_what_cannot_be_stored_or_shown_is_dropped(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


@given(ANYTHING)
def test_cleaning_twice_is_cleaning_once_and_always_encodable(text: str) -> None:
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean.encode("utf-8").decode("utf-8") == clean


@given(ANYTHING)
def test_a_line_is_one_line_without_outer_spaces(text: str) -> None:
    cleaned = clean_line(text)
    assert cleaned == clean_line(cleaned)
    assert len(cleaned.splitlines()) <= 1
    assert cleaned == cleaned.strip()


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("  http://example.org/\n", "http://example.org/"),
        ("HTTPS://Example.org", "HTTPS://Example.org"),
        ("https://exa\tmple.org/", "https://example.org/"),
        ("https://пример.рф/новость", "https://пример.рф/новость"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("ftp://example.org/", None),
        ("//example.org/", None),
        ("/relative", None),
        ("https://", None),
        ("https:///path", None),
        ("http://[::1", None),
        ("http://example.org:port/", None),
        ("http://example.org:99999/", None),
        ("https://example.org/" + "a" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_only_absolute_web_addresses_are_links(url: str | None, link: str | None) -> None:
    assert safe_link(url) == link


@given(ANYTHING | ANYTHING.map("https://example.org/{}".format))
def test_a_safe_link_stays_itself(url: str) -> None:
    link = safe_link(url)
    assert link is None or safe_link(link) == link
