"""Selectors as people write them in site rules, CSS or XPath, as XPath."""

import re
from typing import Final

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

_XPATH: Final = re.compile(r"\(*(?:/|\.{1,2}/|(?:descendant|ancestor|self|child)[\w-]*::)")
_LONGEST: Final = 1_000
_NAME: Final = re.compile(r"[a-z][a-z0-9]*", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?", re.ASCII)


def parse_selector(value: object) -> str:
    """Return the XPath of a selector.

    What begins with ``/``, ``./``, ``(`` before one of these, or an axis is XPath; all else CSS.

    Raises:
        ValueError: it is neither, in words for people.

    >>> parse_selector("//time/@datetime")
    '//time/@datetime'
    >>> parse_selector("main > article")
    '//main/article'
    """
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST:
        raise ValueError("no selector")
    text = value.strip()
    if _XPATH.match(text):
        return _checked(text)
    try:
        path = HTMLTranslator().css_to_xpath(text, prefix="//")
    except SelectorError as error:
        raise ValueError(f"not CSS ({error})") from None
    return _checked(path)


def parse_host(value: object) -> str:
    """Return a host name in lower case, without ``www.``.

    Raises:
        ValueError: it is none.
    """
    name = value.lower().removeprefix("www.") if isinstance(value, str) else ""
    if not _HOST.fullmatch(name):
        raise ValueError("no host")
    return name


def _checked(path: str) -> str:
    try:
        # What parses can still name a function or a prefix that there is none of.
        computed = not isinstance(etree.XPath(path)(_sample(path)), list)
    except etree.XPathError as error:
        raise ValueError(f"not XPath ({error})") from None
    if computed:
        raise ValueError("an XPath that selects nothing but computes a value")
    return path


def _sample(path: str) -> etree._Element:
    """Return a document with an element of each name in a path, so that its conditions are met."""
    root = etree.Element("html")
    for name in sorted(set(_NAME.findall(path))):
        etree.SubElement(root, name)
    return root
