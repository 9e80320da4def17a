"""What stands around a feed's root element: the prolog, junk before it, and illegal characters."""

import html
import re
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

MAX_JUNK: Final = 4096

_BLANK: Final = "\x00\ufeff \t\r\n\x0b\x0c\x85\xa0\u200b\u2028\u2029"
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_FEED_ROOT: Final = re.compile(r"<(?:[\w.-]+:)?(?:rss|rdf|feed|channel)[\s>]", re.IGNORECASE)
_FEED_NAMES: Final = frozenset({"rss", "rdf", "feed", "channel"})
_ENTITY: Final = re.compile(r"<!ENTITY", re.IGNORECASE)

_NAMED: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
# A CDATA section or comment (which scrubbing leaves as they are; without an end they run to the
# document's, or each of many would be searched through anew), a reference or
# ampersand, or a bracket that opens no markup.
_MENDABLE: Final = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)"
    r"|&(?:#(?P<decimal>\d+);?|#[xX](?P<hex>[0-9A-Fa-f]+);?|(?P<name>[A-Za-z][A-Za-z0-9]*);)?"
    r"|<(?![\w/!?])",
    re.DOTALL,
)
# Everything outside the production Char of XML 1.0, section 2.2.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAX_DIGITS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document from its root element on. ``root`` is its local name in lower case."""

    text: str
    root: str
    netscape: bool = False
    flaw: str | None = None

    @property
    def is_feed(self) -> bool:
        """Whether the root element is that of an RSS, RDF or Atom feed."""
        return self.root in _FEED_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A document that is not to be parsed, and why."""

    why: str


def open_envelope(text: str) -> Document | Refused:
    """Cut everything before the root element away.

    White space before the root costs nothing however long it is. Other junk there may take
    4 KiB. A document type that declares entities is refused: expansion is an attack, and
    feeds need none (the same choice as the Python ``defusedxml`` package makes).
    """
    position, junk, netscape = 0, 0, False
    text = text.lstrip(_BLANK)
    while True:
        start = text.find("<", position)
        if start < 0:
            return Refused(why="no element in it")
        junk += len(text[position:start].strip(_BLANK))
        if junk > MAX_JUNK:
            return Refused(why=f"more than {MAX_JUNK} characters before the root element")
        end = _end_of_markup(text, start)
        if isinstance(end, Refused):
            return end
        if end == start:
            break
        junk += end == start + 1  # a bracket that opens nothing
        netscape |= "netscape" in text[start : min(end, start + MAX_JUNK)].lower()
        position = end
    return _at_root(text, start, netscape=netscape, junk=junk > 0)


def _at_root(text: str, start: int, *, netscape: bool, junk: bool) -> Document | Refused:
    root = _ROOT.match(text, start)
    name = root[2].lower() if root else ""
    if name not in _FEED_NAMES | {"html"}:
        # A warning some script printed before the feed may hold elements of its own.
        inner = _FEED_ROOT.search(text, start, start + MAX_JUNK)
        root = _ROOT.match(text, inner.start()) if inner else None
        if root:
            name, start, junk = root[2].lower(), root.start(), True
    return Document(
        text=text[start:],
        root=name,
        netscape=netscape,
        flaw="text before the root element" if junk else None,
    )


def _end_of_markup(text: str, start: int) -> int | Refused:
    """The position after a declaration, comment or instruction; ``start`` if it is none."""
    if text.startswith("<!--", start):
        end = text.find("-->", start + 4)
        return end + 3 if end >= 0 else Refused(why="a comment without an end")
    if text.startswith("<?", start):
        end = text.find(">", start)
        return end + 1 if end >= 0 else Refused(why="an instruction without an end")
    if text[start : start + 9].upper() == "<!DOCTYPE":
        return _end_of_doctype(text, start)
    if not _ROOT.match(text, start):
        return start + 1
    return start


def _end_of_doctype(text: str, start: int) -> int | Refused:
    close = text.find(">", start)
    if close < 0:
        return Refused(why="a document type without an end")
    subset = text.find("[", start, close)
    if subset < 0:
        return close + 1
    end = text.find("]", subset)
    if end < 0 or _ENTITY.search(text, subset, end):
        return Refused(why="its document type declares entities")
    # An entity's value may itself hold the bracket, so what follows must be the end indeed.
    if not (after := re.compile(r"\]\s*>").match(text, end)):
        return Refused(why="its document type cannot be read")
    return after.end()


def ill_formed(text: str) -> str | None:
    """Return what makes ``text`` no well-formed XML (with namespaces), or ``None``."""
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        return str(error)
    return None


def scrub(text: str) -> str:
    """Mend what most often makes a feed ill-formed, leaving its words as they are.

    Characters XML does not have are dropped, written out or as references; HTML's named
    characters become themselves; ampersands that mean themselves are escaped.
    """
    return _MENDABLE.sub(_mended, _ILLEGAL.sub("", text))


def _mended(found: re.Match[str]) -> str:
    whole, name = found[0], found["name"]
    if whole.startswith("<"):
        return "&lt;" if whole == "<" else whole
    if name:
        return whole if name in _NAMED else _named(whole)
    digits, base = (found["hex"], 16) if found["hex"] else (found["decimal"], 10)
    if not digits:
        return "&amp;"
    digits = digits.lstrip("0")
    code = int(digits, base) if 0 < len(digits) <= _MAX_DIGITS else 0
    legal = 0 < code <= 0x10FFFF and not _ILLEGAL.match(chr(code))  # noqa: PLR2004 - Unicode's end
    return f"&#{code};" if legal else ""


def _named(reference: str) -> str:
    character = html.unescape(reference)
    if character == reference:
        return f"&amp;{reference[1:]}"
    return html.escape(character, quote=True)
