"""JSON-LD in pages: the one node that describes the article (schema.org ``Article``)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.urls import canonical_url

Node = Mapping[str, object]

_LARGEST: Final = 2_000_000
_MOST_NODES: Final = 2_000
_MOST_ITEMS: Final = 100
_LONGEST: Final = 5_000
_WRAPPING: Final = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>|;)\s*$"
)
_POSTINGS: Final = frozenset({"BlogPosting", "LiveBlogPosting", "SocialMediaPosting"})
_INTO: Final = ("@graph", "mainEntity", "mainEntityOfPage")


class JsonLd:
    """All JSON-LD nodes of a page, with references by ``@id`` resolved on demand."""

    def __init__(self, tree: HtmlElement) -> None:
        self._nodes = tuple(_nodes(tree))
        self._by_id = {
            key: node
            for node in self._nodes
            if isinstance(key := node.get("@id"), str) and len(node) > 1
        }

    def article(self, url: str) -> Node:
        """Return the node that describes the article at ``url``; empty when there is none.

        The one that names this address, else the first with a headline, else the first.
        """
        found = [node for node in self._nodes if is_article(node)]
        if len(found) == 1:
            return found[0]
        here = canonical_url(url)
        for node in found:
            if any(canonical_url(text) == here for text in _addresses(node)):
                return node
        return next((node for node in found if node.get("headline")), found[0] if found else {})

    def article_body(self) -> str:
        """Return the longest text that an article node gives as its body; empty if none does."""
        bodies = (node.get("articleBody") for node in self._nodes if is_article(node))
        return max((text for text in bodies if isinstance(text, str)), key=len, default="")

    @property
    def types(self) -> frozenset[str]:
        """The schema.org types of all nodes, without their addresses."""
        return frozenset(name for node in self._nodes for name in _types(node))

    @property
    def updates(self) -> int:
        """How many updates of a live ticker the nodes tell."""
        found = (node.get("liveBlogUpdate") for node in self.of_type("LiveBlogPosting"))
        return max((len(value) for value in found if isinstance(value, list)), default=0)

    def of_type(self, *names: str) -> Iterator[Node]:
        """Yield the nodes of any of the given types."""
        return (node for node in self._nodes if _types(node) & set(names))

    def resolve(self, value: object) -> object:
        """Return the node a bare reference stands for, anything else as it is."""
        if isinstance(value, Mapping) and isinstance(key := value.get("@id"), str):
            return self._by_id.get(key, value) if len(value) <= 2 else value  # noqa: PLR2004 - @type and @id
        return value

    def texts(self, value: object, *keys: str) -> tuple[str, ...]:
        """Return the strings in a value: itself, its items, or its nodes' first of ``keys``."""
        value = self.resolve(value)
        items = value if isinstance(value, list) else [value]
        return tuple(self._flat([self._named(item, keys) for item in items[:_MOST_ITEMS]]))

    def _named(self, item: object, keys: Sequence[str]) -> object:
        node = self.resolve(item)
        if not isinstance(node, Mapping):
            return node
        return next((found for key in keys if (found := node.get(key))), None)

    def _flat(self, values: Sequence[object]) -> Iterator[str]:
        # Names are strings or, against the vocabulary, lists of strings; deeper is nonsense.
        for value in values:
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and text.strip():
                    yield text[:_LONGEST]

    def text(self, value: object, *keys: str) -> str | None:
        """Return the first of ``texts``."""
        return next(iter(self.texts(value, *keys)), None)


def is_article(node: Node) -> bool:
    """Tell whether a node is of a schema.org type for articles."""
    return any(map(is_article_type, _types(node)))


def is_article_type(name: str) -> bool:
    """Tell whether the name of a schema.org type is that of an article."""
    return name.endswith("Article") or name in _POSTINGS


def _types(node: Node) -> set[str]:
    kind = node.get("@type")
    names = [kind] if isinstance(kind, str) else kind if isinstance(kind, list) else []
    return {name.rpartition("/")[2] for name in names if isinstance(name, str)}


def _addresses(node: Node) -> Iterator[str]:
    for key in ("url", "mainEntityOfPage", "@id"):
        value = node.get(key)
        if isinstance(value, Mapping):
            value = value.get("@id")
        if isinstance(value, str):
            yield value


def _nodes(tree: HtmlElement) -> Iterator[Node]:
    left = _MOST_NODES
    for script in tree.iter("script"):
        if "ld+json" not in script.get("type", "").lower():
            continue
        stack = [_load(script.text or "")]
        while stack and left:
            value = stack.pop()
            if isinstance(value, list):
                stack.extend(reversed(value))
            elif isinstance(value, dict):
                left -= 1
                yield value
                stack.extend(value[key] for key in _INTO if isinstance(value.get(key), dict | list))


def _load(text: str) -> object:
    if len(text) > _LARGEST:
        return None
    try:
        loaded: object = json.loads(_unwrapped(text), strict=False)
    except (ValueError, RecursionError):
        return None
    return loaded


def _unwrapped(text: str) -> str:
    bare = text.strip()
    # Most have nothing around them, and the pattern looks at every space within.
    if bare.startswith(("{", "[")) and bare.endswith(("}", "]")):
        return bare
    return _WRAPPING.sub("", _WRAPPING.sub("", text))
