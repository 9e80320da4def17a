import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feeds.charset import decode

DECLARED = '<?xml version="1.0" encoding="{}"?><a>Grüße, €5</a>'


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        ("<a>Grüße</a>".encode(), "", "Grüße"),
        ("<a>Grüße</a>".encode("cp1252"), "text/xml; charset=iso-8859-1", "Grüße"),
        (DECLARED.format("windows-1252").encode("cp1252"), "text/xml", "Grüße, €5"),
        (DECLARED.format("iso-8859-1").encode("cp1252"), "", "Grüße, €5"),
        (DECLARED.format("utf-8").encode(), "text/xml; charset=iso-8859-1", "Grüße, €5"),
        (DECLARED.format("iso-8859-1").encode(), "text/xml; charset=utf-8", "Grüße, €5"),
        (codecs.BOM_UTF8 + DECLARED.format("cp1252").encode(), "", "Grüße, €5"),
        (codecs.BOM_UTF16_LE + "<a>日本</a>".encode("utf-16-le"), "", "日本"),
        ('<?xml version="1.0"?><a>日本</a>'.encode("utf-16-be"), "", "日本"),
        ("<?xml version='1.0' encoding='Shift_JIS'?><a>日本</a>".encode("cp932"), "", "日本"),
        ("<?xml version='1.0' encoding='EUC-KR'?><a>한국</a>".encode("cp949"), "", "한국"),
        ("<?xml version='1.0' encoding='gb2312'?><a>中国</a>".encode("gb18030"), "", "中国"),
        ("<?xml version='1.0' encoding='koi8-r'?><a>мир</a>".encode("koi8-r"), "", "мир"),
        (b"<?xml version='1.0' encoding='rot13'?><a>words</a>", "", "words"),
        ("<?xml version='1.0' encoding='no-such'?><a>Grüße</a>".encode(), "", "Grüße"),
        (b"<a>words</a>", "text/xml; charset=unicode_escape", "words"),
    ],
)
def test_the_encoding_is_found(body: bytes, content_type: str, words: str) -> None:
    decoded = decode(body, content_type)
    assert words in decoded.text
    assert decoded.flaw is None


def test_unlabelled_bytes_that_are_not_utf_8_are_windows_1252_and_say_so() -> None:
    decoded = decode("<a>Grüße “zu” Haus</a>".encode("cp1252"), "text/xml")
    assert "Grüße “zu” Haus" in decoded.text
    assert decoded.flaw == "bytes that are not utf-8"


def test_one_broken_byte_does_not_change_the_encoding_of_the_rest() -> None:
    decoded = decode("<a>Grüße aus Köln, Über".encode() + b"\xff</a>", "text/xml; charset=utf-8")
    assert "Grüße aus Köln, Über" in decoded.text
    assert decoded.flaw is not None


@given(st.binary(max_size=200), st.text(max_size=40))
def test_decoding_never_fails(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type).text, str)
