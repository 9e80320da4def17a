# ruff: noqa: RUF001 - typographic characters are meant

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ingest.articles.document import decode, not_html, parse_html, utf8

RUSSIAN = "Совет города проголосовал за закрытие дороги. Жители довольны решением."
GERMAN = "Der Rat der Stadt beschloß die Schließung der Straße für Lärmgeplagte Anwohner."
JAPANESE = "市議会は火曜日に古い港の道路を閉鎖することを決めた。住民は喜んでいる。"
CHINESE = "市议会周二投票决定关闭旧港口道路，居民对此表示欢迎。"


def page_of(text: str, meta: str = "") -> str:
    return f"<html><head>{meta}<title>t</title></head><body><p>{text}</p></body></html>"


def meta_of(charset: str) -> str:
    return f'<meta charset="{charset}">'


@pytest.mark.parametrize(
    ("text", "codec", "header", "meta"),
    [
        (RUSSIAN, "cp1251", "text/html; charset=windows-1251", ""),
        (RUSSIAN, "cp1251", "text/html", meta_of("windows-1251")),
        (RUSSIAN, "koi8-r", "text/html; charset=KOI8-R", ""),
        (GERMAN, "latin-1", "text/html; charset=iso-8859-1", ""),
        (GERMAN, "latin-1", "", meta_of("iso-8859-1")),
        ("“Quoted” – it’s €5", "cp1252", "text/html; charset=iso-8859-1", ""),
        (JAPANESE, "cp932", "text/html; charset=Shift_JIS", ""),
        (JAPANESE, "cp932", "", meta_of("shift_jis")),
        (JAPANESE, "euc-jp", "text/html; charset=EUC-JP", ""),
        (JAPANESE, "euc-jp", "", meta_of("euc-jp")),
        (JAPANESE, "iso2022_jp", "text/html; charset=iso-2022-jp", ""),
        (CHINESE, "gb18030", "text/html; charset=GB18030", ""),
        (CHINESE, "gb18030", "", meta_of("gb2312")),
        (CHINESE, "utf-8", "text/html; charset=utf-8", ""),
        (RUSSIAN, "utf-8", "text/html; charset=iso-8859-1", ""),
        (RUSSIAN, "utf-8", "text/html", meta_of("windows-1251")),
        (CHINESE, "utf-8-sig", "text/html; charset=gb18030", ""),
        (GERMAN, "utf-16", "text/html", ""),
        (GERMAN, "utf-8", "text/html; charset=no-such-charset", ""),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(
    text: str, codec: str, header: str, meta: str
) -> None:
    body = page_of(text, meta).encode(codec)
    assert text in decode(body, header)


@pytest.mark.parametrize(
    ("text", "codec"), [(RUSSIAN, "cp1251"), (JAPANESE, "cp932"), (CHINESE, "gb18030")]
)
def test_an_undeclared_encoding_is_found_by_its_bytes(text: str, codec: str) -> None:
    assert text in decode(page_of(text * 8).encode(codec), "text/html")


def test_a_body_cut_within_a_character_keeps_its_encoding() -> None:
    body = page_of(RUSSIAN).partition("</p>")[0].encode()[:-1]
    assert RUSSIAN[:-3] in decode(body, "text/html")


def test_one_bad_byte_costs_one_character() -> None:
    body = page_of(RUSSIAN, meta_of("utf-8")).encode().replace("города".encode(), b"\xff", 1)
    assert "Совет \ufffd проголосовал" in decode(body, "text/html")


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "text/html; charset=x\x00"]))
def test_any_bytes_can_be_decoded_and_parsed(body: bytes, content_type: str) -> None:
    parse_html(decode(body, content_type))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"%PDF-1.7 ...", "text/html"),
        (b"\x89PNG\r\n\x1a\n", ""),
        (b'{"a": "<p>x</p>"}', "application/json"),
        (b'{"a": "<p>x</p>"}', ""),
        (b"<p>fine</p>", "image/svg+xml"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "application/rss+xml"),
        (b"just words", "text/plain"),
        (b"", ""),
        (b"", "text/plain"),
    ],
)
def test_what_is_no_html_is_said_to_be_none(body: bytes, content_type: str) -> None:
    assert not_html(body, content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<!DOCTYPE html><p>x", ""),
        (b"<p>x", "text/html"),
        (b"\xef\xbb\xbf <html>", "text/plain"),
        (b"<?xml version='1.0'?><html xmlns='x'><body/></html>", "application/xhtml+xml"),
        (b"<html><body>", "application/octet-stream"),
        (b"words alone", "text/html; charset=utf-8"),
    ],
)
def test_html_is_taken_for_html(body: bytes, content_type: str) -> None:
    assert not_html(body, content_type) is None


@pytest.mark.parametrize(
    ("markup", "head", "body"),
    [
        ("<title>T</title><article><p>x</p></article>", "<title>T</title>", "<article><p>x</p>"),
        ("<head><title>T</title></head><main>x</main>", "<title>T</title>", "<main>x</main>"),
        (
            "<title>T</title><header>top</header>words<article>x</article>after<p>end",
            "<title>T</title>",
            "<header>top</header>words<article>x</article>after<p>end</p>",
        ),
        (
            "<head><x-y>a</x-y><meta name=m></head><body>Text<p>x</p></body>",
            '<meta name="m">',
            "<x-y>a</x-y>Text<p>x</p>",
        ),
        ("<head><title>T</title></head><body><p>x</p></body>", "<title>T</title>", "<p>x</p>"),
    ],
    ids=["no tags", "no body tag", "text between", "unknown in the head", "whole"],
)
def test_what_is_no_metadata_stands_in_the_body(markup: str, head: str, body: str) -> None:
    tree = parse_html(f"<!doctype html>{markup}")
    assert tree is not None
    found = [etree.tostring(part, encoding="unicode", method="html") for part in tree]
    assert found[0] == f"<head>{head}</head>"
    assert found[1].startswith(f"<body>{body}")


@given(
    st.one_of(
        st.binary(),
        st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text().map(lambda text: text.encode("utf-8-sig", "replace")[:-1]),
        st.text(alphabet="ä€𝄞x").map(lambda text: text.encode("utf-16")),
    ),
    st.sampled_from(["", "text/html; charset=iso-2022-jp", "text/html; charset=windows-1251"]),
)
def test_a_page_in_utf_8_is_what_is_decoded_of_it(body: bytes, content_type: str) -> None:
    assert utf8(body, content_type) == decode(body, content_type).encode("utf-8", "replace")


def test_a_page_that_is_utf_8_is_not_written_anew() -> None:
    body = page_of(RUSSIAN).encode()
    assert utf8(body, "text/html; charset=windows-1251") is body
