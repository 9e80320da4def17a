"""``newsfold feeds check``."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ingest.articles.drift import Drift
from ingest.cli.arguments.feeds import select_feeds
from ingest.cli.context import Context
from ingest.cli.feeds.known import drifts_of, states_of
from ingest.cli.opening.prober import open_prober
from ingest.cli.output import say
from ingest.cli.output.documents import parsed_record, trouble
from ingest.config import Config
from ingest.probing.probe import Probe
from ingest.types import Fault, Feed


@click.command("check", short_help="Fetch feeds now, storing nothing, and say how they are.")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.pass_obj
def command(context: Context, feeds: tuple[str, ...]) -> None:
    """Fetch feeds now, storing nothing, and say how they are; exit 1 if any is broken.

    All of them, or those named by id, name, tag or URL. For a feed that is gone (404, 410) the
    one that its site announces now is offered.
    """
    config = context.load_config()
    chosen = select_feeds(config, feeds)
    sites = {feed_id: state.link for feed_id, state in states_of(context).items() if state.link}
    probes = asyncio.run(_check(context, config, chosen, sites))
    drifts = drifts_of(context)
    broken = sum(isinstance(probe.document, Fault) for probe in probes)
    pairs = list(zip(chosen, probes, strict=True))
    if context.as_json:
        say.emit_json([_record(feed, probe, drifts.get(feed.id)) for feed, probe in pairs])
    else:
        pairs.sort(key=lambda pair: not isinstance(pair[1].document, Fault))
        rows = [_row(feed, probe) for feed, probe in pairs]
        headings = ("state", "feed", "status", "format", "entries", "newest", "took", "trouble")
        right = ("status", "entries", "took")
        say.table(context, headings, rows, right=right, cut=("trouble",))
    for feed, probe in pairs:
        if advice := _advice(feed, probe):
            say.note(context, say.said(advice).plain)
        if drift := drifts.get(feed.id):
            told = f"extraction on {drift.host} has changed: {drift.what}; look at {drift.example}"
            say.note(context, say.said(f"{feed.id}: {told}").plain)
    say.note(context, f"{say.plural(len(probes), 'feed')}, {broken} broken")
    if broken:
        raise click.exceptions.Exit(1)


async def _check(
    context: Context, config: Config, feeds: tuple[Feed, ...], sites: Mapping[str, str]
) -> list[Probe]:
    bar = Progress(
        TextColumn("checking"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        console=context.err,
        transient=True,
        disable=not context.err.is_terminal or context.quiet,
    )
    with bar:
        task = bar.add_task("feeds", total=len(feeds))
        async with open_prober(context, config) as prober:
            return await prober.probe_all(feeds, sites=sites, done=lambda _: bar.advance(task))


def _row(feed: Feed, probe: Probe) -> tuple[Text | str, ...]:
    document = probe.document
    status, took = str(probe.status or ""), f"{probe.seconds:.1f} s"
    if isinstance(document, Fault):
        mark = Text("✗ broken", "red")
        words = f"its site announces {probe.offered}" if probe.offered else trouble(document)
        return (mark, Text(feed.id, "bold"), status, "", "", "", took, say.said(words))
    newest = f"{probe.newest:%Y-%m-%d %H:%M}" if probe.newest else ""
    mark = Text("✓ flawed", "yellow") if document.flaw else Text("✓ ok", "green")
    moved = f"moved for good to {probe.lasting_url}" if _moved_to(feed, probe) else None
    return (
        mark,
        Text(feed.id, "bold"),
        status,
        document.format,
        f"{len(document.entries):,}",
        newest,
        took,
        say.said(moved or document.flaw),
    )


def _moved_to(feed: Feed, probe: Probe) -> str | None:
    return None if probe.lasting_url == feed.url else probe.lasting_url


def _advice(feed: Feed, probe: Probe) -> str | None:
    """What to do about a feed that is somewhere else now."""
    if probe.offered:
        reason = f"answers {probe.status}; {probe.offered_by} announces {probe.offered}"
        return f"{feed.id} {reason}: `newsfold feeds move {feed.id} {probe.offered}`"
    moved = _moved_to(feed, probe)
    if moved:
        return f"{feed.id} moved for good: `newsfold feeds move {feed.id} {moved}`"
    return None


def _record(feed: Feed, probe: Probe, drift: Drift | None) -> dict[str, object]:
    record: dict[str, object] = {
        "id": feed.id,
        "url": feed.url,
        "ok": True,
        "status": probe.status,
        "seconds": round(probe.seconds, 3),
        "bytes": probe.bytes,
        "moved_to": _moved_to(feed, probe),
        "reason": None,
        "detail": None,
        "announced": [asdict(announced) for announced in probe.announced],
        "offered": probe.offered,
        "offered_by": probe.offered_by,
        "drift": asdict(drift) if drift else None,
    }
    if isinstance(probe.document, Fault):
        fault = {"ok": False, "reason": probe.document.reason, "detail": probe.document.detail}
        return record | fault | {"format": None, "entries": None, "newest": None, "flaw": None}
    return record | parsed_record(probe, probe.document)
