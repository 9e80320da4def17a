"""trafilatura's patterns for what it discards, asked once of all elements that are alike.

They are XPath expressions that look at nothing but an element's own name and attributes, by regular
expressions: a call to Python or two for each element of each page. A page's elements have
few names and classes, and a site's pages mostly the same; so the answers are kept.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from lxml.etree import XPath, _Element

MOST: Final = 20_000
"""How many answers are kept; then all are forgotten, so that a process does not grow."""

LONGEST: Final = 1_000
"""Characters of attributes: of an element with more no answer is kept, since it may be large."""

_NAMESPACES: Final = {"re": "http://exslt.org/regular-expressions"}
_VALUE: Final = re.compile(r"'[^']*'")
_OWN: Final = re.compile(
    r"\s*\.//\*\[(?:[\s()\[\],|=']|self::\w+|@[\w-]+|\b(?:or|and|not|re:test|contains|translate|starts-with)\b)+"
)
_FIRST: Final = re.compile(r"\s*\(?\s*(\.//\*\[.*\])\s*\)?\s*\[1\]\s*", re.DOTALL)
_NAME: Final = re.compile(r"@([\w-]+)")
_TAGS: Final = re.compile(r"\s*self::\*\[((?:[\s(]|\bor\b|self::\w+)+)\]\[")
_TAG: Final = re.compile(r"self::(\w+)")


class AskedOnce:
    """Patterns as one, called with a tree as each of them is: returns what any of them finds.

    Args:
        patterns: Those for which ``looks_at_itself`` holds.
    """

    def __init__(self, patterns: Sequence[XPath]) -> None:
        paths = [pattern.path.replace(".//*", "self::*", 1) for pattern in patterns]
        self._any = XPath("|".join(paths), namespaces=_NAMESPACES)
        self._names = frozenset(name for path in paths for name in _NAME.findall(path))
        self._tags = _tags(paths)
        self._answers: dict[tuple[object, ...], bool] = {}

    def __call__(self, tree: _Element) -> list[_Element]:
        """Return the elements in a tree that any of the patterns is for, in document order."""
        return list(self._found(tree))

    def _found(self, tree: _Element) -> Iterator[_Element]:
        answers, names = self._answers, self._names
        for element in tree.iterdescendants(*self._tags):
            attributes = element.items()
            if not attributes:
                continue
            # In their order: of two attributes a pattern names together, the first counts.
            like = (element.tag, *(each for each in attributes if each[0] in names))
            answer = answers.get(like)
            if answer is None:
                answer = bool(self._any(element))
                if sum(len(value) for _, value in attributes) <= LONGEST:
                    if len(answers) >= MOST:
                        answers.clear()
                    answers[like] = answer
            if answer:
                yield element


class FirstAskedOnce(AskedOnce):
    """A pattern for the first element of its kind, called as the pattern is: returns one or none.

    Args:
        pattern: What ``first_of_its_kind`` returns.
    """

    def __init__(self, pattern: XPath) -> None:
        super().__init__([pattern])

    def __call__(self, tree: _Element) -> list[_Element]:
        """Return the first element in a tree that the pattern is for."""
        return list(islice(self._found(tree), 1))


def first_of_its_kind(pattern: XPath) -> XPath | None:
    """Return what a pattern looks for the first of, if that looks at itself; else ``None``.

    Either the first of all, ``(.//*[…])[1]``, or of each parent's children, ``.//*[…][1]``: of what
    they find the first is the same.
    """
    found = _FIRST.fullmatch(pattern.path)
    kind = None if found is None else XPath(found[1], namespaces=_NAMESPACES)
    return kind if kind is not None and looks_at_itself(kind) else None


def looks_at_itself(pattern: XPath) -> bool:
    """Whether a pattern finds elements by their own names and attributes alone."""
    return _OWN.fullmatch(_VALUE.sub("''", pattern.path)) is not None


def asked_once(patterns: Sequence[XPath]) -> list[XPath] | list[AskedOnce]:
    """Return what finds the same as patterns do; themselves where they look at more."""
    if not all(map(looks_at_itself, patterns)):
        return list(patterns)
    return [AskedOnce(patterns)]


def first_asked_once(patterns: Sequence[XPath]) -> list[XPath | FirstAskedOnce]:
    """Return what finds the same first elements as each of the patterns does."""
    kinds = ((pattern, first_of_its_kind(pattern)) for pattern in patterns)
    return [pattern if kind is None else FirstAskedOnce(kind) for pattern, kind in kinds]


def _tags(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of all the elements that paths are for; ``*`` where one does not say."""
    named = [_TAGS.match(path) for path in paths]
    if not all(named):
        return ("*",)
    return tuple({tag for found in named if found for tag in _TAG.findall(found[1])})
