"""``newsfold store repair``: files that cannot be believed into quarantine."""

import sys

import click

from ingest.cli import say
from ingest.cli.context import Context
from ingest.errors import UsageError
from storage.lake.lake import Lake
from storage.lake.repair import QUARANTINE, Plan


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def repair(context: Context, dry_run: bool, yes: bool) -> None:
    """Move files that are damaged, or that the ledger does not know, to quarantine/.

    Nothing is removed. Says which rows and articles are lost with them, and asks at a terminal.
    """
    data = context.data_folder()
    ledger = context.open_ledger()
    try:
        lake = Lake(data, ledger)
        plan = lake.plan_repair()
        if not context.as_json:
            _print(context, plan)
        done = bool(plan.findings) and not dry_run and _agreed(context, yes=yes)
        if done:
            plan = lake.repair()
    finally:
        ledger.close()
    if context.as_json:
        say.emit_json(_record(plan, done=done))
    elif done:
        say.note(context, f"{say.plural(len(plan.findings), 'file')} moved to {data / QUARANTINE}")


def _agreed(context: Context, *, yes: bool) -> bool:
    if yes:
        return True
    if context.as_json or not sys.stdin.isatty():
        raise UsageError("store repair asks before it changes anything: give --yes, or --dry-run")
    return click.confirm("Move them to quarantine/?", err=True)


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


def _record(plan: Plan, *, done: bool) -> dict[str, object]:
    return {
        "done": done,
        "files": [
            {
                "path": finding.path,
                "what": finding.what,
                "rows": finding.part.rows if finding.part else None,
            }
            for finding in plan.findings
        ],
        "lost_rows": plan.lost_rows,
        "lost_articles": [
            {"article_id": one.article_id, "url": one.url, "fetched_at": one.fetched_at}
            for one in plan.lost
        ],
    }
