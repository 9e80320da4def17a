"""The one door for strings from outside: every title, name, link and text passes here.

Nothing after this door needs to think of lone surrogates (which no UTF-8 encoder takes),
NUL bytes (which end strings in C), escape sequences (which act on terminals) or invisible
characters (which make equal words unequal).
"""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

# Python's names for the encodings of the WHATWG Encoding Standard, section 4.2: no others are
# decoded, since some of Python's codecs are no character encodings at all.
WEB_ENCODINGS: Final = frozenset(
    {
        *("utf-8", "utf-16-le", "utf-16-be", "utf-16", "gb18030", "big5hkscs", "euc_jp"),
        *("iso2022_jp", "cp932", "cp949", "cp866", "koi8-r", "koi8-u", "mac-roman"),
        *("mac-cyrillic", "cp874", *(f"cp125{page}" for page in range(9))),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    }
)

_CREDENTIALS: Final = re.compile(r"^(https?://)[^/?#\\]*@", re.IGNORECASE)
_MAX_LINK: Final = 4096
_NEWLINES: Final = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Invisible marks. ZWNJ and ZWJ (U+200C, U+200D) are not among them: Persian, the Indic
# scripts and emoji spell with them (Unicode Standard, section 23.2).
_DROPPED: Final = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0 and C1 controls but tab and line feed
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directional marks (UAX #9)
    "\u200b\u2060-\u2064\u206a-\u206f\ufeff"  # zero width
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"  # noncharacters, annotation
    "\ud800-\udfff"  # lone surrogates
    "]"
)
_SPACES: Final = re.compile(r"\s+")
_SEPARATORS: Final = re.compile("[\x1c-\x1f]")  # spaces to Python, controls to Unicode
_LINK_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")


def clean_text(s: str) -> str:
    r"""Return ``s`` without what cannot be stored, shown or compared, in NFC.

    Line ends become ``\n``; tabs, line feeds and all other white space stay as they are.
    Idempotent, and never fails.

    Source: Unicode Standard Annex #15 (normalisation), section 23.2 and UAX #9 (format marks).
    """
    kept = _DROPPED.sub("", _NEWLINES.sub("\n", s))
    return unicodedata.normalize("NFC", kept)


def clean_line(s: str) -> str:
    """Return ``s`` cleaned as one line: runs of white space become one space, ends are cut."""
    if not _SEPARATORS.search(s):
        # Hardly any text has more to it than white space, and none of what is dropped is printable.
        line = " ".join(s.split())
        if line.isprintable():
            return line if line.isascii() else unicodedata.normalize("NFC", line)
    return _SPACES.sub(" ", clean_text(s)).strip()


def safe_link(url: str | None) -> str | None:
    """Return ``url`` if it is an absolute http(s) address with a host, else ``None``.

    Spaces around it, and tabs and line ends inside it, are removed as browsers do
    (WHATWG URL Standard, section 4.4), and so are a user name and password, which are never sent
    and not to be shown; the rest stays as it is.
    """
    if not url:
        return None
    link = _DROPPED.sub("", _LINK_CONTROLS.sub("", _NEWLINES.sub("", url))).strip()
    if len(link) > _MAX_LINK:
        return None
    try:
        parts = urlsplit(link)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:  # brackets that hold no IPv6 address, a port that is no number
        return None
    return _CREDENTIALS.sub(r"\1", link) if usable else None
