"""trafilatura's patterns for what it discards, asked once of all elements that are alike.

They are XPath expressions that look at nothing but an element's own name and attributes, by regular
expressions: a call to Python or two for each element of each page. A page's elements have
few names and classes, and a site's pages mostly the same; so the answers are kept.
"""

import re
from collections.abc import Sequence
from typing import Final

from lxml import etree
from lxml.etree import XPath, _Element

MOST: Final = 20_000
"""How many answers are kept; then all are forgotten, so that a process does not grow."""

_NAMESPACES: Final = {"re": "http://exslt.org/regular-expressions"}
_VALUE: Final = re.compile(r"'[^']*'")
_OWN: Final = re.compile(
    r"\s*\.//\*\[(?:[\s()\[\],|=']|self::\w+|@[\w-]+|\b(?:or|and|re:test|contains|translate|starts-with)\b)+"
)
_NAME: Final = re.compile(r"@([\w-]+)")


class AskedOnce:
    """Patterns as one, called with a tree as each of them is: returns what any of them finds.

    Args:
        patterns: Those for which ``looks_at_itself`` holds.
    """

    def __init__(self, patterns: Sequence[XPath]) -> None:
        paths = [pattern.path.replace(".//*", "self::*", 1) for pattern in patterns]
        self._any = XPath("|".join(paths), namespaces=_NAMESPACES)
        self._names = frozenset(name for path in paths for name in _NAME.findall(path))
        self._answers: dict[tuple[object, ...], bool] = {}

    def __call__(self, tree: _Element) -> list[_Element]:
        """Return the elements in a tree that any of the patterns is for, in document order."""
        answers, names = self._answers, self._names
        found = []
        for element in tree.iterdescendants(etree.Element):
            attributes = element.items()
            if not attributes:
                continue
            # In their order: of two attributes a pattern names together, the first counts.
            like = (element.tag, *(each for each in attributes if each[0] in names))
            answer = answers.get(like)
            if answer is None:
                if len(answers) >= MOST:
                    answers.clear()
                answer = answers[like] = bool(self._any(element))
            if answer:
                found.append(element)
        return found


def looks_at_itself(pattern: XPath) -> bool:
    """Whether a pattern finds elements by their own names and attributes alone."""
    return _OWN.fullmatch(_VALUE.sub("''", pattern.path)) is not None


def asked_once(patterns: Sequence[XPath]) -> list[XPath] | list[AskedOnce]:
    """Return what finds the same as patterns do; themselves where they look at more."""
    if not all(map(looks_at_itself, patterns)):
        return list(patterns)
    return [AskedOnce(patterns)]
