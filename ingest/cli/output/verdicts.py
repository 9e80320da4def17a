"""What people said of an article, as it is told."""

from collections.abc import Sequence

from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.output import say
from storage.ledger.sqlite import SqliteLedger
from storage.model import StoredArticle
from storage.regroup import Verdict, Word

Said = Sequence[tuple[Verdict, StoredArticle]]
"""What was said of an article, each with the other article that it is about."""


def said_of(ledger: SqliteLedger, article_id: str) -> Said:
    """Return what people said of an article, the latest first."""
    verdicts = ledger.stories.verdicts([article_id])
    others = ledger.stories.articles([it.other_than(article_id) for it in verdicts])
    by_id = {other.article_id: other for other in others}
    # Of a ledger that was made anew some of the articles may be lost.
    return [(it, by_id[key]) for it in verdicts if (key := it.other_than(article_id)) in by_id]


def tell_said(context: Context, said: Said) -> None:
    """Print what people said of an article."""
    if not said:
        return
    say.heading(context, "What a person said")
    for verdict, other in said:
        words = "never of one story with" if verdict.word is Word.APART else "of one story with"
        line = Text.assemble((f"{say.when(verdict.said_at)}  ", "dim"), f"{words} ")
        line.append_text(say.said(other.title or "(no title)"))
        say.flowing(context, line)
        say.unbroken(context, say.said(other.canonical_url, "dim"), indent=2)


def record_said(said: Said) -> list[dict[str, object]]:
    """Return what people said of an article as JSON has it."""
    return [
        {
            "word": verdict.word,
            "article_id": other.article_id,
            "url": other.canonical_url,
            "said_at": verdict.said_at,
        }
        for verdict, other in said
    ]
