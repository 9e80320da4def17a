"""``newsfold store repair``: what cannot be believed into quarantine, a ledger made anew."""

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from ingest.cli.context import Context
from ingest.cli.output import say
from ingest.clock import system_clock
from ingest.errors import UsageError
from ingest.regroup.signer import SIGNER
from storage.lake.lake import Lake
from storage.lake.repair import QUARANTINE, Plan
from storage.repair.mending import Lost, Mended
from storage.repair.rebuild import Rebuilt, damage
from storage.repair.store import compared, mended, rebuilding

_NOTHING = Plan(findings=(), lost=())
_MOST_NAMED = 20


@click.command("repair")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(context: Context, dry_run: bool, yes: bool) -> None:
    """Move what is damaged, or not known, to quarantine/; make a damaged ledger anew.

    Nothing is removed. Says which rows and articles are lost, and asks at a terminal.
    """
    data = context.data_folder()
    if not damage(data):
        context.open_ledger().close()  # tells if there is none
        _repair_files(context, data, dry_run=dry_run, yes=yes)
        return
    with rebuilding(data, SIGNER) as work:
        if not dry_run and work.finish():
            say.note(context, "the ledger that was made anew before is in place")
        whys = damage(data)
        rebuilt = work.build(at=system_clock()) if whys else None
        if rebuilt is not None and not context.as_json:
            _print_rebuilt(context, whys, rebuilt)
        done = rebuilt is not None and not dry_run and _agreed(context, yes=yes)
        if done and rebuilt is not None:
            work.put_in_place(rebuilt)
    if context.as_json:
        lost = rebuilt.mended.lost if rebuilt else ()
        say.emit_json(_record(_NOTHING, lost, whys, rebuilt, done=done))
    elif done:
        say.note(context, "the ledger is made anew")
        if (data / QUARANTINE).is_dir():
            say.note(context, f"what was moved away is in {data / QUARANTINE}")


def _repair_files(context: Context, data: Path, *, dry_run: bool, yes: bool) -> None:
    with closing(context.open_ledger()) as ledger:
        lake = Lake(data, ledger)
        plan = lake.plan_repair()
        differing = 0 if plan.findings else len(compared(data).article_ids)
        if not context.as_json:
            _print(context, plan)
            if differing:
                what = f"{say.plural(differing, 'article')} of the ledger to be put as stored"
                say.note(context, what)
        done = bool(plan.findings or differing) and not dry_run and _agreed(context, yes=yes)
        if done:
            plan = lake.repair()
        if not dry_run and lake.keep_people():
            say.note(context, "what people decided is written down anew, as the ledger has it")
    after = mended(data, SIGNER, at=system_clock()) if done else Mended(placed=0, lost=())
    named = {lost.article_id for lost in after.lost}
    lost = (*after.lost, *(_of_plan(plan, done=done, but=named)))
    if context.as_json:
        say.emit_json(_record(plan, lost, [], None, done=done))
    elif done:
        _print_lost(context, after.lost)
        moved = f"{say.plural(len(plan.findings), 'file')} moved to {data / QUARANTINE}"
        say.note(context, f"{moved}; {say.plural(after.placed, 'article')} put as stored")


def _of_plan(plan: Plan, *, done: bool, but: set[str | None]) -> list[Lost]:
    """Return the articles of which a newer revision is lost than is left, or, before, all."""
    return [
        Lost(
            article_id=one.article_id,
            url=one.url,
            seen_at=one.fetched_at,
            is_reread=False if done else None,
        )
        for one in plan.lost
        if one.article_id not in but
    ]


def _agreed(context: Context, *, yes: bool) -> bool:
    if yes:
        return True
    if context.as_json or not sys.stdin.isatty():
        raise UsageError("store repair asks before it changes anything: give --yes, or --dry-run")
    return click.confirm("Do that?", err=True)


def _print(context: Context, plan: Plan) -> None:
    for finding in plan.findings:
        rows = f" ({say.plural(finding.part.rows, 'row')})" if finding.part else ""
        say.flowing(context, say.said(f"{finding.path}{rows}: {finding.what}"))
    for article in plan.lost:
        day = f"{article.fetched_at:%Y-%m-%d}"
        said = f"lost with them: {day}  {article.article_id}  {article.url}"
        say.flowing(context, say.said(said), indent=2)
    found = say.plural(len(plan.findings), "file")
    say.note(context, f"{found} to be moved, with {say.plural(plan.lost_rows, 'row')}")


def _print_rebuilt(context: Context, whys: Sequence[str], rebuilt: Rebuilt) -> None:
    for why in whys[:_MOST_NAMED]:
        say.flowing(context, say.said(f"state/ledger.db: {why}"))
    for finding in rebuilt.findings:
        say.flowing(context, say.said(f"{finding.path}: {finding.what}"))
    for table, count in sorted(rebuilt.damaged.items()):
        said = f"{say.plural(count, 'row')} of {table} cannot be believed"
        say.flowing(context, say.said(said), indent=2)
    _print_lost(context, rebuilt.mended.lost)
    has = ", ".join(
        say.plural(count, *name)
        for count, name in (
            (rebuilt.articles, ("article",)),
            (rebuilt.entries, ("entry", "entries")),
            (rebuilt.feeds, ("feed",)),
            (rebuilt.waiting, ("row no file has yet", "rows no file has yet")),
        )
    )
    files = f"{say.plural(rebuilt.parts, 'file')} with {say.plural(rebuilt.rows, 'row')}"
    kept = say.plural(rebuilt.kept.total(), "row")
    say.note(context, f"a ledger made anew of {files}, and {kept} of the old one: {has}")


def _print_lost(context: Context, lost: Sequence[Lost]) -> None:
    for one in lost:
        what = "lost, its page is read at the next crawl" if one.is_reread else "lost"
        said = f"{what}: {one.seen_at:%Y-%m-%d}  {one.article_id or '-'}  {one.url or '-'}"
        say.flowing(context, say.said(said), indent=2)


def _record(
    plan: Plan,
    lost: Sequence[Lost],
    whys: Sequence[str],
    rebuilt: Rebuilt | None,
    *,
    done: bool,
) -> dict[str, object]:
    findings = rebuilt.findings if rebuilt else plan.findings
    return {
        "done": done,
        "files": [
            {
                "path": finding.path,
                "what": finding.what,
                "rows": finding.part.rows if finding.part else None,
            }
            for finding in findings
        ],
        "ledger": rebuilt
        and {
            "why": list(whys),
            "files": rebuilt.parts,
            "rows": rebuilt.rows,
            "articles": rebuilt.articles,
            "entries": rebuilt.entries,
            "feeds": rebuilt.feeds,
            "waiting": rebuilt.waiting,
            "kept": dict(rebuilt.kept),
            "damaged": dict(rebuilt.damaged),
        },
        "lost_rows": plan.lost_rows,
        "lost_articles": [
            {
                "article_id": one.article_id,
                "url": one.url,
                "fetched_at": one.seen_at,
                "reread": one.is_reread,
            }
            for one in lost
        ],
    }
