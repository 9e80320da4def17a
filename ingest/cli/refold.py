"""``newsfold refold``: today's rules over everything that is stored."""

import sys
from collections import Counter
from datetime import UTC, datetime

import click
from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.opening.folder import opened
from ingest.cli.output import evidence, say
from ingest.regroup.plan import Change, Kind, Step
from ingest.regroup.refold import Carried, Refold
from ingest.settle import circumstances

_MARGIN = 2

_WORDS = {
    Kind.MERGED: "its story becomes part of another",
    Kind.MOVED: "goes to another story",
    Kind.SPLIT: "becomes a story of its own",
    Kind.LEADS: "takes its story over",
    Kind.WAITS: "is to leave; its text is not kept, so its page is read again first",
}


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="Look only at what appeared since (UTC); what is older is taken as it stands.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before changing.")
@click.pass_obj
def command(context: Context, since: datetime | None, dry_run: bool, yes: bool) -> None:
    """Fold everything that is stored anew, by today's rules and what people said.

    Says what would change before it changes it, and asks if it is run at a terminal. May run
    beside a crawl, except where a newer version signs texts in another way.
    """
    config = context.load_config()
    with opened(context, kind="refold") as at:
        refold = Refold(
            ledger=at.ledger,
            store=at.store,
            run=circumstances(config, run_id=at.run_id),
            since=since.replace(tzinfo=UTC) if since else None,
        )
        with refold.drawing() as scratch:
            signs = refold.signs
            drawn = refold.draw(scratch)
            counts: Counter[str] = Counter()
            records = []
            for change in refold.changes(drawn, scratch):
                counts["stories"] += len(change.stories)
                counts.update(step.kind.value for step in change.steps if step.kind)
                if context.as_json:
                    records.append(_record(change))
                else:
                    _tell(context, change)
            carried = None
            if not dry_run and (counts or signs) and _agreed(yes=yes):
                carried = refold.carry_out(drawn, scratch, at=at.at)
    _sum_up(context, len(drawn.order), counts, carried, signs=signs)
    if context.as_json:
        say.emit_json(
            {
                "articles": len(drawn.order),
                "signs": signs,
                "counts": {kind: counts[kind] for kind in Kind},
                "changes": records,
                "done": carried is not None,
                "overtaken": carried.overtaken if carried else 0,
                "reread": carried.reread if carried else 0,
                "stuck": carried.stuck if carried else 0,
            }
        )
    if carried and carried.overtaken:
        raise click.exceptions.Exit(1)


def _agreed(*, yes: bool) -> bool:
    """Whether the changes may be made: asked of a person, taken for granted of a program."""
    if yes or not sys.stdin.isatty():
        return True
    return click.confirm("Change this?", err=True)


def _tell(context: Context, change: Change) -> None:
    for step in change.steps:
        if step.kind is None:
            continue
        stored = step.before
        say.flowing(context, say.said(stored.title or "(no title)", "bold"))
        say.unbroken(context, say.said(stored.canonical_url, "blue"), indent=_MARGIN)
        line = Text.assemble((step.kind.value, "cyan"), f": {_WORDS[step.kind]}")
        say.flowing(context, line, indent=_MARGIN)
        for line in evidence.lines(step.evidence):
            say.flowing(context, line, indent=_MARGIN)
        context.records.print()


def _sum_up(
    context: Context,
    articles: int,
    counts: Counter[str],
    carried: Carried | None,
    *,
    signs: bool,
) -> None:
    told = ", ".join(f"{counts[kind]} {kind}" for kind in Kind if counts[kind])
    line = f"{say.plural(articles, 'article')} looked at: {told or 'nothing changes'}"
    if signs:
        line += "; all signed anew" if carried else "; all would be signed anew"
    if carried:
        line += "; done"
        if carried.reread:
            line += f", {say.plural(carried.reread, 'page')} read again at the next crawl"
        if carried.stuck:
            line += f", {carried.stuck} without a page stay where they are"
        if carried.overtaken:
            changes = say.plural(carried.overtaken, "change")
            line += f", but a crawl overtook {changes}: run it again"
    elif told:
        line += "; nothing was changed"
    say.note(context, line)


def _record(change: Change) -> dict[str, object]:
    return {
        "stories": list(change.stories),
        "steps": [_step(step) for step in change.steps if step.kind],
    }


def _step(step: Step) -> dict[str, object]:
    after = step.move.stored if step.move else step.put
    return {
        "kind": step.kind,
        "article_id": step.before.article_id,
        "url": step.before.canonical_url,
        "title": step.before.title,
        "story_id": step.before.story_id,
        "to_story_id": after.story_id if after else None,
        "duplicate_of": after.duplicate_of if after else None,
        "reread": step.to_be_read is not None,
        "evidence": step.evidence,
    }
