"""What goes from a page's tree before the body is looked for.

Each pruning is a function that changes the tree in place and returns a step for each element it
took out. They run before any extractor, so that none of them can take what they removed for text;
and the smaller tree is quicker to search. ``prune`` is for all candidates of the body, ``thin``
for the first one only: what it removes is hardly ever an article, and where it was, the body is
looked for again in the whole tree (``ingest.articles.body``).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from lxml.html import HtmlElement

from ingest.articles.account import Change, Stage, Step
from ingest.text import clean_line

Pruning = Callable[[HtmlElement], tuple[Step, ...]]

_TOLD: Final = 200  # characters of an element's text that its step keeps
_PIECES: Final = 40
_FORM_TEXT: Final = 600
_HIDDEN_TEXT: Final = 2_000
_TEASER: Final = 0.25
_HOLDERS: Final = frozenset({"html", "body", "main", "article"})
_MACHINERY: Final = (
    *("style", "template", "svg", "canvas", "object", "embed", "iframe", "noscript", "map"),
    *("picture", "source", "img", "video", "audio", "track", "wbr"),
    *("input", "label", "option", "legend"),
)
_FURNITURE: Final = ("nav", "footer", "aside", "button", "select", "dialog", "menu")

_COMMENT_HOLDERS: Final = ("div", "section", "aside", "details", "ol", "ul")
_FORM_HOLDERS: Final = ("div", "section", "form", "aside", "h2", "h3", "h4", "ol", "ul")

# Names that WordPress, Drupal, Disqus and their many descendants give their comment forms.
_FORM_NAME: Final = re.compile(
    r"(?:^|\s)(?:respond|reply-?title|comment-?respond|(?:wp-)?comments?[-_]?(?:reply-)?form"
    r"(?:[-_]wrapper|[-_]container)?|reply[-_]?form|disqus_thread)(?:\s|$)"
)
# What readers write below, and the next articles that scripts append.
_COMMENTS: Final = re.compile(
    r"^(?:comment(?!ary)|comol|disqus_thread|dsq-comments)|^\S* (?:comment(?!ary))"
    r"|\b(?:article|post)-comments|\bmvp-post-add-|\binfinite-?scroll"
)
_NAME_PARTS: Final = ("comment", "respond", "reply", "disqus", "comol", "post-add", "infinite")
_MAY_BE_HIDDEN: Final = (
    "//*[@hidden or (@style and (contains(@style, 'none') or contains(@style, 'hidden')))]"
)
_UNSEEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def prune(tree: HtmlElement, prunings: Iterable[Pruning]) -> tuple[Step, ...]:
    """Apply prunings to a tree in place, in order; return what they removed."""
    return tuple(step for pruning in prunings for step in pruning(tree))


def machinery(tree: HtmlElement) -> tuple[Step, ...]:
    """Remove scripts, styles, pictures and the parts of forms: no text of theirs is ever read.

    JSON-LD stays, for trafilatura looks there for what it cannot find in the markup.
    """
    for element in list(tree.iter(*_MACHINERY)):
        _drop(element)
    for script in list(tree.iter("script")):
        if "ld+json" not in script.get("type", ""):
            _drop(script)
    return ()


def furniture(tree: HtmlElement) -> tuple[Step, ...]:
    """Remove what HTML itself says stands beside the article: navigation, asides, footers.

    What holds most of the page's prose stays, whatever its name.
    """
    gone = [element for element in tree.iter(*_FURNITURE) if not _within_title(element)]
    long = [element for element in gone if _prose(element) > _HIDDEN_TEXT]
    if long:
        half = _prose(tree) / 2
        kept = {element for element in long if _prose(element) > half}
        gone = [element for element in gone if element not in kept]
    return _removed("furniture", gone)


def hidden(tree: HtmlElement) -> tuple[Step, ...]:
    """Remove what a reader never sees: by the ``hidden`` attribute or the element's own style.

    A hidden element that holds a long text stays: scripts show it later.
    """
    found = [
        element
        for element in tree.xpath(_MAY_BE_HIDDEN)
        if is_hidden(element) and element.tag not in _HOLDERS and _prose(element) <= _HIDDEN_TEXT
    ]
    return _removed("hidden", found)


def is_hidden(element: HtmlElement) -> bool:
    """Tell whether an element itself says that it is not to be seen."""
    return "hidden" in element.attrib or bool(_UNSEEN.search(element.get("style", "")))


def comment_forms(tree: HtmlElement) -> tuple[Step, ...]:
    """Remove comment forms, wherever they stand.

    A comment form is an element named as one, or a ``form`` with a ``textarea``. What holds
    the article itself (some systems wrap the whole page in one form) stays.
    """
    found = [element for element in _comment_forms(tree) if not _holds_article(element)]
    return _removed("comment form", found)


def comments(tree: HtmlElement) -> tuple[Step, ...]:
    """Remove readers' comments, and the articles that are appended to be read next."""
    found = [
        element
        for element in _named(tree, _COMMENT_HOLDERS, _COMMENTS)
        if element.find(".//h1") is None
    ]
    return _removed("comments", found)


def teasers(tree: HtmlElement) -> tuple[Step, ...]:
    """Remove the small ``article`` elements beside or inside a large one: teasers of others."""
    articles = list(tree.iter("article"))
    if len(articles) < 2:  # noqa: PLR2004 - one beside another
        return ()
    sizes = [_prose(element) for element in articles]
    largest = max(sizes)
    main = articles[sizes.index(largest)]
    around = set(main.iterancestors())
    small = [
        element
        for element in articles
        if element is not main
        and element not in around
        and len(element.text_content()) < _TEASER * largest
    ]
    return _removed("teaser", small)


ALWAYS: Final[tuple[Pruning, ...]] = (machinery, comment_forms)
"""What no article needs, whichever extractor looks for it."""

THIN: Final[tuple[Pruning, ...]] = (furniture, hidden, comments, teasers)
"""What the first, quick look can do without."""


def _comment_forms(tree: HtmlElement) -> Iterator[HtmlElement]:
    for form in tree.iter("form"):
        if form.find(".//textarea") is not None:
            yield form
    yield from _named(tree, _FORM_HOLDERS, _FORM_NAME)


def _named(
    tree: HtmlElement, tags: Iterable[str], pattern: re.Pattern[str]
) -> Iterator[HtmlElement]:
    """Yield the elements that have an id or a class of a pattern's names, in lower case."""
    for element in tree.iter(*tags):
        own, kind = element.get("id") or "", element.get("class") or ""
        # Most have no such name, and a site's pages have mostly the same ones.
        telling = _is_telling(own) or _is_telling(kind)
        if telling and pattern.search(f"{own} {kind}".lower()):
            yield element


@lru_cache(maxsize=4096)
def _is_telling(name: str) -> bool:
    folded = name.lower()
    return any(part in folded for part in _NAME_PARTS)


def _holds_article(element: HtmlElement) -> bool:
    if element.tag in _HOLDERS or element.find(".//h1") is not None:
        return True
    if element.find(".//article") is not None:
        return True
    return _prose(element) > _FORM_TEXT


def _within_title(element: HtmlElement) -> bool:
    # An aside or a footer that holds the page's heading is no aside.
    return element.find(".//h1") is not None


def _prose(element: HtmlElement) -> int:
    return sum(len(paragraph.text_content()) for paragraph in element.iter("p"))


def _removed(rule: str, elements: Iterable[HtmlElement]) -> tuple[Step, ...]:
    steps = []
    for element in elements:
        if not _attached(element):
            continue
        text = clean_line(" ".join(islice(element.itertext(), _PIECES)))[:_TOLD]
        _drop(element)
        if text:
            steps.append(Step(stage=Stage.PRUNE, change=Change.REMOVED, rule=rule, text=text))
    return tuple(steps)


def _attached(element: HtmlElement) -> bool:
    # What stood in an element that is gone is gone with it.
    return any(above.tag == "html" for above in element.iterancestors())


def _drop(element: HtmlElement) -> None:
    if element.getparent() is not None:
        element.drop_tree()
