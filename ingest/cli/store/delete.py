"""``newsfold store delete``: articles taken down."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click
from rich.text import Text

from ingest.articles.urls import canonical_url
from ingest.cli.arguments.articles import article_named
from ingest.cli.context import Context
from ingest.cli.opening.folder import opened
from ingest.cli.output import say
from ingest.dedup.signature import SCHEME
from ingest.errors import NewsfoldError
from ingest.regroup.takedown import Gone, Purged, Removal
from storage.lake.lake import Lake
from storage.lake.rewrite import Day
from storage.search import SearchIndex

_MARGIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    gone: tuple[Gone, ...]
    left: tuple[Day, ...]
    purged: tuple[str, ...]


@click.command("delete")
@click.argument("articles", metavar="ARTICLE…", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(context: Context, articles: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Take articles down: remove them from every file and index, for good.

    Each is named by an id or a URL. What is taken down is remembered by hashes and not stored
    again, whatever feed brings it. Copies of it are articles of their own and stay.
    """
    with _opened(context) as removal:
        ids = list(dict.fromkeys(_ids(removal, articles)))
        if not context.as_json:
            _announce(context, removal, ids)
        is_wanted = not dry_run and _agreed(ids, yes=yes)
        done = _carry_out(removal, ids) if is_wanted else None
    if context.as_json:
        say.emit_json(_record(ids, done))
    elif done is None:
        say.note(context, "nothing was changed")
    else:
        _sum_up(context, done)
    if done is not None and done.left:
        raise click.exceptions.Exit(1)


@contextmanager
def _opened(context: Context) -> Iterator[Removal]:
    data = context.data_folder()
    with opened(context, kind="delete") as at:
        yield Removal(
            ledger=at.ledger,
            store=at.store,
            lake=Lake(data, at.ledger, scheme=SCHEME),
            search=SearchIndex(data / "state"),
            run_id=at.run_id,
            at=at.at,
        )


def _ids(removal: Removal, articles: Sequence[str]) -> Iterator[str]:
    """Yield the ids of the articles that are named; none for one that is gone already."""
    for name in articles:
        if removal.ledger.takedowns.find([name, canonical_url(name)], article_id=name) is not None:
            continue
        article_id = article_named(removal.store, name)
        if removal.ledger.article(article_id) is None:
            raise NewsfoldError(f"{name}: the ledger does not know it; see `newsfold store verify`")
        yield article_id


def _announce(context: Context, removal: Removal, ids: Sequence[str]) -> None:
    for article in removal.ledger.stories.articles(ids):
        say.flowing(context, say.said(article.title or "(no title)", "bold"))
        say.unbroken(context, say.said(article.canonical_url, "blue"), indent=_MARGIN)
        copies = len(removal.ledger.stories.members(article.story_id)) - 1
        line = Text(f"{say.plural(article.revision + 1, 'revision')} · {article.article_id}", "dim")
        if copies and article.duplicate_of is None:
            line.append(f" · {say.plural(copies, 'copy', 'copies')} of it stay")
        say.flowing(context, line, indent=_MARGIN)


def _agreed(ids: Sequence[str], *, yes: bool) -> bool:
    if yes or not ids or not sys.stdin.isatty():
        return True
    what = say.plural(len(ids), "article")
    return click.confirm(f"Remove {what} for good? Nothing brings them back.", err=True)


def _carry_out(removal: Removal, ids: Sequence[str]) -> _Done:
    gone = tuple(removal.take_down(article_id) for article_id in ids)
    left, purged = [], []
    for it in removal.finish():
        if isinstance(it, Purged):
            purged.append(it.path)
        else:
            left.append(it)
    return _Done(gone=gone, left=tuple(left), purged=tuple(purged))


def _sum_up(context: Context, done: _Done) -> None:
    for gone in done.gone:
        if gone.heir is None:
            continue
        line = f"leads the story of {gone.article.article_id} now"
        if gone.reread:
            line += "; its text is not kept, its page is read at the next crawl"
        say.flowing(context, Text.assemble(say.said(gone.heir.canonical_url, "blue"), f": {line}"))
    for path in done.purged:
        told = Text.assemble("removed, since it may hold an article: ", say.said(path, "bold"))
        say.flowing(context, told)
    for day in done.left:
        where = say.said(f"{day.table}/dt={day.day}", "bold")
        words = ": could not be written anew; see `newsfold store verify`, then run this again"
        say.flowing(context, Text.assemble(where, words))
    said = f"{say.plural(len(done.gone), 'article')} taken down"
    if done.left:
        said += f", but {say.plural(len(done.left), 'folder')} still to be cleaned"
    say.note(context, said)


def _record(ids: Sequence[str], done: _Done | None) -> dict[str, object]:
    by_id = {gone.article.article_id: gone for gone in done.gone} if done else {}
    return {
        "done": done is not None and not done.left,
        "articles": [_article(key, by_id.get(key)) for key in ids],
        "quarantined": list(done.purged if done else ()),
        "left": [{"table": day.table, "day": day.day} for day in (done.left if done else ())],
    }


def _article(article_id: str, gone: Gone | None) -> dict[str, object]:
    heir = gone.heir if gone else None
    return {
        "article_id": article_id,
        "heir": heir.article_id if heir else None,
        "reread": gone.reread if gone else False,
    }
