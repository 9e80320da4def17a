"""``newsfold extract``: one page, its article, and with ``--explain`` what each stage did."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.text import Text

from ingest.app import open_tryout
from ingest.articles.account import Change, Step
from ingest.articles.extract import Examination
from ingest.articles.urls import host_of
from ingest.cli.context import Context
from ingest.cli.opening.folder import asked
from ingest.cli.output import say
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings, WorkerSettings
from ingest.errors import NewsfoldError, UsageError
from ingest.reading.memory import known_site
from ingest.text import safe_link
from ingest.types import Extracted, Fault, FullText, Page, Site
from storage.ledger.base import Ledger
from storage.sites import Remembered

T = TypeVar("T")

_MARKS = {
    Change.REMOVED: ("-", "red"),
    Change.ADDED: ("+", "green"),
    Change.CHOSEN: ("=", "cyan"),
    Change.MISSED: ("!", "yellow"),
}
_UNKNOWN = "http://localhost/"


@click.command()
@click.argument("source", metavar="URL|FILE")
@click.option(
    "--url", metavar="URL", help=f"The address that the page in FILE is from; else {_UNKNOWN}"
)
@click.option("--explain", is_flag=True, help="Show what each stage did.")
@click.pass_obj
def command(context: Context, source: str, url: str | None, explain: bool) -> None:
    """Extract the article of one page, storing nothing; exit 1 if there is none.

    Takes a URL, which is fetched as in a crawl, or a file. The site rules of the configuration
    hold, and what the store has learned of the site, if there is one.
    """
    config = context.known_config()
    link = safe_link(source)
    if link is not None and url is not None:
        raise UsageError("--url names the address of a page in a file: leave it out")
    given = _local(source, url) if link is None else link
    found, site = asyncio.run(_extract(context, config, given))
    result = found.result
    if context.as_json:
        say.emit_json(_record(found, site))
    else:
        if explain:
            _explain(context, found.steps, site)
        if isinstance(result, Extracted):
            _show(context, result, explain=explain)
    if isinstance(result, Fault):
        raise NewsfoldError(f"{source}: {result.reason}: {result.detail}")
    if not result.text:
        raise NewsfoldError(f"{source}: no article text was found")


async def _extract(
    context: Context, config: Config | None, given: Page | str
) -> tuple[Examination, Site]:
    fetch, workers = FetchSettings(), WorkerSettings()
    if config is not None:
        fetch, workers = config.fetch, config.workers
    holds = _ask(context, config, lambda ledger: ledger.held_hosts(system_clock())) or {}
    async with open_tryout(fetch, workers, clock=system_clock, holds=holds) as tryout:
        page = await tryout.fetch(given) if isinstance(given, str) else given
        if isinstance(page, Fault):
            return Examination(result=page), Site()
        host = host_of(page.url)
        rules = config.sites if config else ()
        known = _ask(
            context, config, lambda ledger: ledger.sites.recall(host, "", at=system_clock())
        )
        site = known_site(host, known or Remembered(), rules, FullText.PAGE)
        markdown = config is not None and config.extract.markdown
        return await tryout.examine(page, site, with_markdown=markdown), site


def _local(source: str, url: str | None) -> Page:
    """Return the page in a file, as if it were from an address."""
    address = _UNKNOWN if url is None else safe_link(url)
    if address is None:
        raise UsageError(f'"{url}" is not an http or https URL')
    path = Path(source)
    if not path.is_file():
        raise UsageError(f"{source}: neither an http or https URL nor a file")
    return Page(url=address, body=path.read_bytes(), content_type="text/html")


def _ask(context: Context, config: Config | None, question: Callable[[Ledger], T]) -> T | None:
    """Return what the ledger answers, if there is a store to look for one in."""
    return None if config is None and context.data is None else asked(context, question)


def _explain(context: Context, steps: Sequence[Step], site: Site) -> None:
    rules = f"the rules of {site.rules.host}" if site.rules else "no rules"
    known = say.plural(len(site.repeated), "block")
    say.heading(context, "What was known")
    say.flowing(context, Text(f"{rules}; {known} repeated on the site's pages"))
    say.heading(context, "What was done")
    if not steps:
        say.flowing(context, Text("nothing but to look for the body", "dim"))
    for step in steps:
        mark, style = _MARKS[step.change]
        label = Text(f"{mark} {step.stage:<10} ", style)
        line = Text.assemble((f"{step.rule}: ", "bold"), say.said(step.text or "(without text)"))
        say.flowing(context, line, label=label)


def _show(context: Context, article: Extracted, *, explain: bool) -> None:
    if explain:
        say.heading(context, "What came of it")

    def got(name: str, value: str | None) -> str | None:
        source = article.sources.get(name)
        return f"{value}  ({source})" if value and source and explain else value

    say.flowing(context, say.said(article.title or "(no title)", "bold"))
    say.unbroken(context, say.said(article.canonical_url, "blue"))
    context.records.print()
    say.pairs(
        context,
        [
            ("title", got("title", article.title) if explain else None),
            ("authors", got("authors", ", ".join(article.authors))),
            ("published", got("published_at", _time(article.published_at))),
            ("modified", got("modified_at", _time(article.modified_at))),
            ("language", article.language),
            ("tags", got("tags", ", ".join(article.tags))),
            ("image", got("image_url", article.image_url) if explain else None),
            ("words", f"{article.word_count:,}"),
        ],
    )
    if article.text:
        context.records.print()
        say.paragraphs(context, article.text)


def _time(at: datetime | None) -> str | None:
    return None if at is None else say.when(at)


def _record(found: Examination, site: Site) -> dict[str, object]:
    result = found.result
    record: dict[str, object] = {
        "site": {
            "repeated": len(site.repeated),
            "rules": asdict(site.rules) if site.rules else None,
        },
        "steps": [asdict(step) for step in found.steps],
        "reason": None,
        "detail": None,
        "article": None,
    }
    if isinstance(result, Fault):
        return record | {"reason": result.reason, "detail": result.detail}
    hidden = {"fingerprint", "lesson", "amp_of"}
    values = {name: value for name, value in asdict(result).items() if name not in hidden}
    return record | {"article": values}
