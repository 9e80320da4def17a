"""The ``meta`` elements of a page: names and values."""

from collections.abc import Iterator
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.dates import PageDate, parse_date

_LONGEST: Final = 5_000


class MetaTags:
    """The values of a page's ``meta`` elements by name, whichever attribute names them."""

    def __init__(self, tree: HtmlElement) -> None:
        self._values: dict[str, list[str]] = {}
        for meta in tree.iter("meta"):
            content = meta.get("content", "").strip()
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                key = meta.get(attribute, "").strip().lower()
                if key and content:
                    self._values.setdefault(key, []).append(content[:_LONGEST])

    def all(self, *names: str) -> list[str]:
        """Return the values of the first of these names that has any."""
        return next((self._values[name] for name in names if name in self._values), [])

    def first_of_each(self, *names: str) -> Iterator[str]:
        """Yield the first value of each of these names."""
        return (self._values[name][0] for name in names if name in self._values)

    def one(self, *names: str) -> str | None:
        """Return the first value of the first of these names that has any."""
        return next(iter(self.all(*names)), None)

    def date(self, *names: str) -> PageDate | None:
        """Return the first date that any of these names has."""
        values = (value for name in names for value in self._values.get(name, ()))
        return next((found for found in map(parse_date, values) if found), None)
