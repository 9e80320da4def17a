"""How links to what is near an article and no copy of it are told."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.output import say
from storage.model import Related, StoredArticle

_MARGIN = 2
_RULES: Mapping[str, str] = {
    "too_little_shared": "shares much of its text",
    "too_far_apart": "the same text, long before or after",
    "other_lead": "shares much of its text, and begins otherwise",
}

Link = tuple[StoredArticle, Related]


def lines(context: Context, links: Sequence[Link]) -> None:
    """Print each link: how the two are related, and to what."""
    for article, link in links:
        words = _RULES.get(link.rule, link.rule.replace("_", " "))
        numbers = f"containment {link.containment:.2f}"
        say.flowing(context, Text.assemble(("related", "magenta"), f" · {words} · {numbers}"))
        say.flowing(context, say.said(article.title or "(no title)"), indent=_MARGIN)
        say.unbroken(context, say.said(article.canonical_url, "dim"), indent=_MARGIN)


def record(article: StoredArticle, link: Related) -> dict[str, object]:
    """Return a link as JSON has it."""
    return {
        "article_id": article.article_id,
        "story_id": article.story_id,
        "url": article.canonical_url,
        "title": article.title,
        "rule": link.rule,
        "similarity": link.similarity,
        "containment": link.containment,
    }
