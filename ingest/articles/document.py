"""From a page's bytes to one parsed tree: sniffing, character encoding, HTML parsing."""

import codecs
import re

from charset_normalizer import from_bytes
from lxml import etree, html
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    to_unicode,
)

from ingest.text import WEB_ENCODINGS

_HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain"})
_VAGUE_TYPES = frozenset({"application/xml", "text/xml", "application/octet-stream"})
_SIGNATURES = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x00\x00\x01\x00",
    b"\xd0\xcf\x11\xe0",
    b"OggS",
    b"ID3",
    b"{",
    b"[",
)
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|article|main|section|div|p|h1|table|script)\b",
    re.IGNORECASE,
)
_XML_DECLARATION = re.compile(rb"\s*<\?xml[^>]*>")
# Every element is a plain ``HtmlElement``: lxml.html's own lookup, which has classes for forms and
# inputs too, is a Python call for each element that is touched.
_PLAIN_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)
# What stands in a head by the HTML Standard, section 13.2.6.4.4, and does not begin the body.
_METADATA = frozenset(
    {"base", "basefont", "bgsound", "link", "meta", "title"}
    | {"noscript", "noframes", "script", "style", "template"}
)
_SNIFFED = 1 << 16
_SAMPLE = 1 << 15


def not_html(body: bytes, content_type: str) -> str | None:
    """Say what a body is when it is not HTML.

    The declared type decides where it names something else than a document; a missing or
    vague one is checked against the bytes, as in the WHATWG MIME Sniffing standard, section 7.

    Args:
        body: The decoded body of the answer.
        content_type: The Content-Type header, or an empty string.

    Returns:
        A sentence for people, or ``None`` when the body may be read as HTML.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _HTML_TYPES and kind not in _VAGUE_TYPES:
        return f"the answer is {kind[:80]}, not HTML"
    encoding, bom = read_bom(body)
    start = body[len(bom or b"") : _SNIFFED].lstrip()
    if start.startswith(_SIGNATURES):
        return "the answer's bytes are not HTML"
    if encoding is not None or kind in {"text/html", "application/xhtml+xml"}:
        return None
    return None if _MARKUP.search(start) else "the answer holds no HTML markup"


def decode(body: bytes, content_type: str) -> str:
    """Decode a page by the first of these that fits.

    Byte order mark; valid UTF-8 with non-ASCII in it (which other encodings hardly ever are,
    so it outweighs a wrong header); the header's charset; the document's own declaration;
    detection by ``charset_normalizer``; the first declared encoding or UTF-8 with U+FFFD for
    what cannot be read. Labels mean what the WHATWG Encoding standard says, and those it does not
    have mean nothing: among Python's codecs are some that unpack, and no page is to name those.
    """
    encoding, bom = read_bom(body)
    if encoding is not None and bom is not None:
        return to_unicode(body[len(bom) :], encoding)
    declared = [
        label
        for label in (http_content_type_encoding(content_type), html_body_declared_encoding(body))
        if label in WEB_ENCODINGS
    ]
    tried = ["utf-8", *declared] if not body.isascii() else [*declared, "utf-8"]
    for label in tried:
        text = _strict(body, label)
        if text is not None:
            return text
    if not declared:
        best = from_bytes(body[:_SAMPLE]).best()
        if best is not None:
            return to_unicode(body, best.encoding)
    return to_unicode(body, declared[0] if declared else "utf-8")


def _strict(body: bytes, label: str) -> str | None:
    # Incremental and not final: a body cut within its last character is still in that encoding.
    try:
        return codecs.getincrementaldecoder(label)("strict").decode(body)
    except (UnicodeError, LookupError):
        return None


def utf8(body: bytes, content_type: str) -> bytes:
    """Return a page in UTF-8: encoded anew what ``decode`` reads, or itself where it is that.

    Most pages are, and to write a page anew takes a fifth of the time of its parsing.
    """
    if not body.isascii() and read_bom(body)[0] is None:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return body
    return decode(body, content_type).encode("utf-8", "replace")


def parse_html(markup: str | bytes) -> html.HtmlElement | None:
    """Parse HTML leniently, decoded or in UTF-8; ``None`` when there is no element in it."""
    if isinstance(markup, str):
        markup = markup.encode("utf-8", "replace")
    markup = markup.replace(b"\x00", b"")
    if declared := _XML_DECLARATION.match(markup):
        markup = markup[declared.end() :]
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False
    )
    parser.set_element_class_lookup(_PLAIN_ELEMENTS)
    try:
        tree = html.document_fromstring(markup, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        return None
    _begin_body(tree)
    return tree if len(tree) else None


def _begin_body(tree: html.HtmlElement) -> None:
    """Take what is no metadata out of the head and put it first in the body.

    libxml2 knows the elements of HTML 4: where a page has no body tag, an ``article``, ``main`` or
    ``header`` does not begin the body for it.
    """
    head = tree.find("head")
    strays = [] if head is None else [child for child in head if child.tag not in _METADATA]
    if not strays:
        return
    body = tree.find("body")
    if body is None:
        body = etree.SubElement(tree, "body")
    elif body.text:
        strays[-1].tail = (strays[-1].tail or "") + body.text
        body.text = None
    body[:0] = strays
