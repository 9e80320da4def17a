"""``newsfold search``: ranked full-text search."""

import re
from collections.abc import Sequence

import click
from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.output import say
from storage.search import HIT_END, HIT_START, SearchHit

_MARKS = re.compile(f"[{HIT_START}{HIT_END}]")
_HIT_STYLE = "bold yellow"


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Most articles to show.",
)
@click.option("--since", metavar="DAY", help="Only what was published on this day or later.")
@click.option("--until", metavar="DAY", help="Only what was published before this day.")
@click.option("--feed", metavar="ID", help="Only what this feed brought.")
@click.option("--site", metavar="SITE", help="Only what is on this site.")
@click.option("--language", metavar="CODE", help="Only what is in this language.")
@click.pass_obj
def command(
    context: Context, /, *, words: tuple[str, ...], limit: int, **narrowing: str | None
) -> None:
    """Find the articles that have all the words, best first.

    'harbour ferr*' finds beginnings, '"night ferry"' words in a row, title:ferry titles; what
    stands after a minus must not be there: newsfold search -- ferry -night. The options may stand
    among the words too: newsfold search ferry since:2026-11-01
    """
    filters = [f"{name}:{value}" for name, value in narrowing.items() if value is not None]
    with context.open_store() as store:
        hits = store.search(" ".join([*words, *filters]), limit=limit)
    if context.as_json:
        say.emit_json([_record(rank, hit) for rank, hit in enumerate(hits, start=1)])
    else:
        _print(context, hits)
    if not hits:
        say.note(context, "nothing found")


def _print(context: Context, hits: Sequence[SearchHit]) -> None:
    indent = len(str(len(hits))) + 2
    for rank, hit in enumerate(hits, start=1):
        if rank > 1:
            context.records.print()
        title = say.said(hit.title or "(no title)", "bold")
        say.flowing(context, Text.assemble((f"{rank}.", "dim"), " ", title))
        day = f" · {hit.published_at:%Y-%m-%d}" if hit.published_at else ""
        about = Text.assemble(say.said(hit.site, "green"), day, (f" · {hit.article_id}", "dim"))
        say.flowing(context, about, indent=indent)
        say.flowing(context, highlighted(hit.snippet), indent=indent)
        say.unbroken(context, say.said(hit.url, "dim"), indent=indent)


def highlighted(snippet: str) -> Text:
    """Return a snippet with its hits marked by style alone."""
    text = Text()
    for number, piece in enumerate(_MARKS.split(snippet)):
        # Pieces alternate: outside a hit, inside one. A space at an end must not be lost.
        text.append(say.said(f"|{piece}|").plain[1:-1], _HIT_STYLE if number % 2 else "")
    return text


def _record(rank: int, hit: SearchHit) -> dict[str, object]:
    plain, hits = "", []
    for number, piece in enumerate(_MARKS.split(hit.snippet)):
        if number % 2:
            hits.append([len(plain), len(plain) + len(piece)])
        plain += piece
    return {
        "rank": rank,
        "article_id": hit.article_id,
        "title": hit.title,
        "site": hit.site,
        "url": hit.url,
        "published_at": hit.published_at,
        "score": hit.score,
        "snippet": plain,
        "hits": hits,
    }
