"""From a feed document's bytes to text: which character encoding, and what if it is a lie."""

import re
from dataclasses import dataclass
from typing import Final

from w3lib.encoding import http_content_type_encoding, read_bom, resolve_encoding, to_unicode

from ingest.text import WEB_ENCODINGS

_DECLARATION: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
_XML_UTF16: Final = {b"<\x00?\x00": "utf-16-le", b"\x00<\x00?": "utf-16-be"}
_HEAD: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A document as text. ``flaw`` is set where its declared encoding did not hold."""

    text: str
    flaw: str | None = None


def decode(body: bytes, content_type: str) -> Decoded:
    """Decode a feed document; never fails.

    A byte order mark decides, then the Content-Type header, then the XML declaration, then
    UTF-8 (RFC 7303 section 3.2; RFC 8259 section 8.1 for JSON). One departure: bytes that are
    valid UTF-8 are read as UTF-8 if either label says so, because servers add a charset of
    their own to documents they did not write, and other text is never valid UTF-8 by chance.
    """
    bom, mark = read_bom(body)
    if bom is not None and mark is not None:
        return _strictly(body[len(mark) :], bom) or Decoded(
            text=to_unicode(body[len(mark) :], bom), flaw=f"bytes that are not {bom}"
        )
    sniffed = _XML_UTF16.get(body[:4])
    labels = [sniffed] if sniffed else _labels(body, content_type)
    if "utf-8" in labels or not labels:
        labels = ["utf-8", *(label for label in labels if label != "utf-8")]
    for label in labels:
        if decoded := _strictly(body, label):
            return decoded
    # Windows-1252 is what unlabelled bytes most often are, and it has a meaning for nearly all.
    last = labels[0] if labels[0] != "utf-8" or _mostly_utf8(body) else "cp1252"
    return Decoded(text=to_unicode(body, last), flaw=f"bytes that are not {labels[0]}")


def _labels(body: bytes, content_type: str) -> list[str]:
    declared = _DECLARATION.match(body[:_HEAD])
    found = (
        http_content_type_encoding(content_type),
        resolve_encoding(declared[1].decode("ascii")) if declared else None,
    )
    # UTF-16 has a zero byte in every markup character: without any, the label is wrong.
    wrong = {"utf-16", "utf-16-le", "utf-16-be"} if b"\x00" not in body[:_HEAD] else set()
    return [label for label in dict.fromkeys(found) if label in WEB_ENCODINGS - wrong and label]


def _strictly(body: bytes, label: str) -> Decoded | None:
    try:
        return Decoded(text=body.decode(label))
    except UnicodeDecodeError:
        return None


def _mostly_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8 with a few broken ones, rather than another encoding."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return broken * 2 < sum(character > "\x7f" for character in text)
