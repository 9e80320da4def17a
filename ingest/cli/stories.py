"""``newsfold stories``: the stories there are, and a person's word on them."""

import click
import msgspec
from rich.text import Text

from ingest.cli.arguments.articles import article_named
from ingest.cli.context import Context
from ingest.cli.opening.folder import Opened, opened
from ingest.cli.output import say
from ingest.cli.output.verdicts import record_said, said_of, tell_said
from ingest.regroup.people import Desk, Done
from storage.model import Duplicate, StoredArticle

_MARGIN = 2


@click.group()
def command() -> None:
    """List stories; split an article off, join two, take a word back."""


@command.command(name="list", short_help="List the stories that have copies.")
@click.option("--limit", type=click.IntRange(min=1), default=20, help="Most stories to list.")
@click.option("--said", is_flag=True, help="Only those of which a person said something.")
@click.pass_obj
def list_(context: Context, limit: int, said: bool) -> None:
    """List the stories that have copies, the latest first."""
    ledger = context.open_ledger()
    try:
        spoken = {key for it in ledger.stories.verdicts() for key in (it.article_id, it.other_id)}
        named = [it.story_id for it in ledger.stories.articles(sorted(spoken))]
    finally:
        ledger.close()
    query = f"""
        FROM stories WHERE {"story_id IN (SELECT unnest($stories))" if said else "copies > 1"}
        ORDER BY first_seen_at DESC, story_id LIMIT $limit"""
    given = {"limit": limit} | ({"stories": named} if said else {})
    with context.open_store() as store:
        found = store.sql(query, given).to_pylist()
    records = [story | {"said": story["story_id"] in named} for story in found]
    if context.as_json:
        say.emit_json(records)
        return
    for number, story in enumerate(records):
        if number:
            context.records.print()
        say.flowing(context, say.said(story["title"] or "(no title)", "bold"))
        copies = say.plural(story["copies"], "article")
        sites = say.plural(len(story["sites"]), "site")
        mark = " · a person said something of it" if story["said"] else ""
        about = Text.assemble(f"{copies}, {sites} · ", (story["article_id"], "green"), mark)
        say.flowing(context, about, indent=_MARGIN)
        say.unbroken(context, say.said(story["url"], "dim"), indent=_MARGIN)
    if not records:
        say.note(context, "no story has copies" if not said else "nobody said anything of a story")


@command.command(short_help="Show a story with its articles and what was said of it.")
@click.argument("article", metavar="ARTICLE")
@click.pass_obj
def show(context: Context, article: str) -> None:
    """Show the story of an article: all of it, with the numbers, and what was said of it."""
    ledger = context.open_ledger()
    try:
        with context.open_store() as store:
            key = article_named(store, article)
            query = "FROM duplicates WHERE article_id IN (SELECT unnest($1))"
            [asked] = ledger.stories.articles([key])
            members = ledger.stories.members(asked.story_id)
            ids = [it.article_id for it in members]
            rows = msgspec.convert(store.sql(query, [ids]).to_pylist(), list[Duplicate])
        said = {it: said_of(ledger, it) for it in ids}
    finally:
        ledger.close()
    folds = {row.article_id: row for row in rows}
    if context.as_json:
        say.emit_json(
            {
                "story_id": asked.story_id,
                "articles": [
                    _member(it, folds.get(it.article_id))
                    | {"said": record_said(said[it.article_id])}
                    for it in members
                ],
            }
        )
        return
    for number, member in enumerate(members):
        if number:
            context.records.print()
        _tell_member(context, member, folds.get(member.article_id))
        tell_said(context, said[member.article_id])


@command.command(short_help="Say that an article is not of its story.")
@click.argument("article", metavar="ARTICLE")
@click.pass_obj
def split(context: Context, article: str) -> None:
    """Set an article apart from the story it is in, for good: whatever the numbers say later.

    If the first of a story is split off, the next takes the story over. Where the text of one that
    is to stand by itself is not kept, its page is read again at the next crawl.
    """
    with opened(context, kind="stories") as at:
        done = _desk(at).split(article_named(at.store, article))
    _tell(context, done, "set apart from its story")


@command.command(short_help="Say that two articles are of one story.")
@click.argument("one", metavar="ARTICLE")
@click.argument("other", metavar="ARTICLE")
@click.pass_obj
def join(context: Context, one: str, other: str) -> None:
    """Make one story of the stories of two articles, whatever the numbers say."""
    with opened(context, kind="stories") as at:
        keys = [article_named(at.store, key) for key in (one, other)]
        done = _desk(at).join(*keys)
    _tell(context, done, "of one story now")


@command.command(short_help="Take back all that was said of an article.")
@click.argument("article", metavar="ARTICLE")
@click.pass_obj
def forget(context: Context, article: str) -> None:
    """Take back all that was said of an article.

    It stays where it is; `newsfold refold` puts it where the rules say.
    """
    with opened(context, kind="stories") as at:
        done = _desk(at).forget(article_named(at.store, article))
    _tell(context, done, "")


def _desk(at: Opened) -> Desk:
    return Desk(ledger=at.ledger, store=at.store, run_id=at.run_id, at=at.at)


def _tell(context: Context, done: Done, moved: str) -> None:
    if context.as_json:
        say.emit_json(
            {
                "moved": [_member(it, None) for it in done.moved],
                "reread": [_member(it, None) for it in done.reread],
                "stuck": [_member(it, None) for it in done.stuck],
                "verdicts": list(done.verdicts),
            }
        )
        return
    for stored in done.moved:
        place = "leads its story" if stored.duplicate_of is None else moved
        say.flowing(context, Text.assemble(say.said(stored.canonical_url, "blue"), f": {place}"))
    for stored in done.reread:
        line = "its text is not kept; its page is read again at the next crawl, then it leaves"
        say.flowing(context, Text.assemble(say.said(stored.canonical_url, "blue"), f": {line}"))
    for stored in done.stuck:
        line = "its text is not kept and it has no page: it stays"
        say.flowing(context, Text.assemble(say.said(stored.canonical_url, "blue"), f": {line}"))
    if not (done.moved or done.reread or done.stuck):
        words = say.plural(len(done.verdicts), "word")
        say.flowing(context, Text(f"{words} taken back; `newsfold refold` decides by the rules"))


def _member(stored: StoredArticle, fold: Duplicate | None) -> dict[str, object]:
    return {
        "article_id": stored.article_id,
        "story_id": stored.story_id,
        "duplicate_of": stored.duplicate_of,
        "url": stored.canonical_url,
        "site": stored.site,
        "title": stored.title,
        "published_at": stored.published_at,
        "first_seen_at": stored.first_seen_at,
        "match": fold.match if fold else None,
        "similarity": fold.similarity if fold else None,
        "containment": fold.containment if fold else None,
        "misplaced": stored.misplaced,
    }


def _tell_member(context: Context, stored: StoredArticle, fold: Duplicate | None) -> None:
    say.flowing(context, say.said(stored.title or "(no title)", "bold"))
    say.unbroken(context, say.said(stored.canonical_url, "blue"), indent=_MARGIN)
    if stored.duplicate_of is None:
        line = Text("the story's first")
    elif fold is None:
        line = Text("copy")
    else:
        numbers = f"similarity {fold.similarity:.2f}, containment {fold.containment:.2f}"
        line = Text.assemble((f"{fold.match.value} copy", "cyan"), f" · {numbers}")
    line.append(f" · {stored.article_id}", "dim")
    say.flowing(context, line, indent=_MARGIN)
    if stored.misplaced:
        say.flowing(context, Text("leaves when its page has been read again"), indent=_MARGIN)
