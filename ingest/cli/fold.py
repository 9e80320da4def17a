"""``newsfold fold``: what the fold makes of any two articles, and why."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial

import click
from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.opening.prober import open_prober
from ingest.cli.output import evidence, say
from ingest.clock import system_clock
from ingest.config import Config, DedupSettings
from ingest.dedup.passages import quotes
from ingest.errors import UsageError
from ingest.inspection.comparison import Account, Comparison, Side, Verdict, compare, record
from ingest.inspection.overrule import Overruled, by_configuration, by_word
from ingest.inspection.sides import Sides
from ingest.settle import fold_rules
from ingest.types import Extracted, Fault, Fetched, Page
from storage.errors import StoreError
from storage.ledger.base import Ledger
from storage.model import StoredArticle
from storage.store import Store

_MARGIN = 2
_VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.EXACT: ("a copy: the same text", "cyan"),
    Verdict.NEAR: ("a copy: nearly the same text", "cyan"),
    Verdict.CONTAINED: ("a copy: the one text contains the other", "cyan"),
    Verdict.REVISION: ("a revision: a newer text of the same site", "yellow"),
    Verdict.RELATED: ("no copy, but related", "magenta"),
    Verdict.UNLIKE: ("no copy", "green"),
    Verdict.JOINED: ("a copy: a person said so", "cyan"),
    Verdict.APART: ("no copy: a person said so", "green"),
    Verdict.UNFOLDED: ("not folded: the configuration says so", "green"),
}


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.pass_obj
def command(context: Context, a: str, b: str) -> None:
    """Say whether two articles are copies of each other, by which rule, with every number.

    Each of A and B is a file (text or HTML), the id or URL of a stored article, or the URL of a
    page, which is fetched and not stored.
    """
    config = context.known_config()
    dedup = config.dedup if config else DedupSettings()
    rules = fold_rules(dedup)
    with ExitStack() as stack:
        sides = Sides(
            store=_store(context, config, stack),
            rules=rules,
            window=dedup.window,
            now=system_clock(),
            fetch=lambda url: asyncio.run(_fetch(context, config, url)),
            extract=lambda page: asyncio.run(_extract(context, config, page)),
        )
        one, other = sides.find(a), sides.find(b)
        if one.article.article_id == other.article.article_id:
            raise UsageError(f"{a} and {b} are the same article, {one.article.canonical_url}")
        found = compare(one, other, rules, partial(_overruled, config, sides.ledger))
    if context.as_json:
        say.emit_json(record(found))
    else:
        _tell(context, found)


def _overruled(
    config: Config | None, ledger: Ledger | None, here: StoredArticle, there: StoredArticle
) -> Overruled | None:
    """Return what decides before the texts are asked, if anything does."""
    if ledger is not None and (said := by_word(ledger.stories, here, there)):
        return said
    if config is None:
        return None
    unfolded = [feed.id for feed in config.feeds if not feed.fold]
    return by_configuration(here, there, folds=config.dedup.enabled, unfolded=unfolded)


def _store(
    context: Context, config: Config | None, stack: ExitStack
) -> tuple[Store, Ledger] | None:
    """Open the store, if there is one."""
    if config is None and context.data is None:
        return None
    try:
        ledger = context.open_ledger()
    except StoreError:
        return None
    stack.callback(ledger.close)
    return stack.enter_context(context.open_store()), ledger


async def _fetch(
    context: Context, config: Config | None, url: str
) -> tuple[Fetched, Extracted] | Fault:
    async with open_prober(context, config) as prober:
        return await prober.article(url)


async def _extract(context: Context, config: Config | None, page: Page) -> Extracted | Fault:
    async with open_prober(context, config) as prober:
        return await prober.extract(page)


def _tell(context: Context, found: Comparison) -> None:
    words, style = _VERDICTS[found.verdict]
    say.flowing(context, Text(words, f"bold {style}"))
    if found.overruled:
        why = {"rule": found.rule, **found.overruled.evidence}
        evidence.print_lines(context, evidence.lines(why))
        by_text, _ = _VERDICTS[found.by_text]
        say.flowing(context, Text(f"By their texts alone: {by_text}", "dim"))
    shown = {k: v for k, v in found.evidence.items() if k.startswith(("rule", "containment"))}
    evidence.print_lines(context, evidence.lines(shown))
    if not found.is_found:
        said = "The two share no band: in a crawl the index does not find the one for the other."
        say.flowing(context, Text(said, "dim"))
    for label, side in (("here", found.here), ("there", found.there)):
        say.heading(context, label.title())
        _side(context, side)
    say.heading(context, "Numbers")
    say.pairs(context, _numbers(found.account, found.evidence))
    say.heading(context, "Passages")
    told: dict[str, object] = {
        "passages": list(found.account.passages),
        "passages_shared": found.account.passages_shared,
        "only_here": list(found.account.only_here),
    }
    evidence.print_lines(context, evidence.lines(told, found.account.only_there))


def _side(context: Context, side: Side) -> None:
    article = side.article
    say.flowing(context, say.said(article.title or "(no title)"))
    say.unbroken(context, say.said(article.canonical_url, "dim"))
    date = f", published {say.when(article.published_at)}" if article.published_at else ""
    words = say.plural(article.word_count, "word")
    kept = "" if side.text is not None else "; its text is not kept"
    say.flowing(context, Text(f"from the {side.origin.value}, {words}{date}{kept}", "dim"))
    if side.residue:
        told = {"left_out": len(side.residue), "left_out_quotes": quotes(side.residue)}
        evidence.print_lines(context, evidence.lines(told), indent=_MARGIN)


def _numbers(
    account: Account, needed: Mapping[str, object]
) -> Iterator[tuple[str, Text | str | None]]:
    def limit(name: str) -> str:
        wanted = needed.get(f"{name}_needed")
        return f" (needed {wanted})" if wanted is not None else ""

    yield "containment", f"{account.containment}{limit('containment')}"
    yield "similarity", f"{account.similarity}"
    yield "shingles", "{} here, {} there".format(*account.shingles)
    ours, theirs = account.leads
    yield "lead", f"{ours} of that here is there, {theirs} of that there is here{limit('lead')}"
    agreed = "none on one side" if account.numbers is None else f"{account.numbers} agree"
    yield "numbers", f"{agreed}{limit('numbers')}"
    yield "only here", say.said(", ".join(account.numbers_only_here))
    yield "only there", say.said(", ".join(account.numbers_only_there))
    yield "bands shared", f"{account.bands} of the text, {account.lead_bands} of its lead"
