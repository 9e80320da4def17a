"""What the demo shows: what came in, what was folded, revised and refused, and how to go on."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

import storage
from ingest.cli.output.changes import revision_diff
from ingest.cli.output.say import OUTCOME_STYLES
from ingest.demo.play import Played
from ingest.text import clean_line
from storage.model import Outcome
from storage.search import HIT_END, HIT_START

QUERY: Final = (
    "SELECT language, count(*) AS articles, sum(word_count) AS words\n"
    "FROM articles GROUP BY language ORDER BY articles DESC, language"
)
WORDS: Final = "ferry"

_NUMBERS: Final = 4
_TERMS: Final = (
    "Below each story's first article are its copies. Containment: the share of the shorter text"
    " that stands in the longer. Similarity: the share of both together that is the same.\n"
)

_SHORT: Final = {
    Outcome.NEW: "new",
    Outcome.REVISED: "rev.",
    Outcome.UNCHANGED: "same",
    Outcome.DUPLICATE: "copy",
    Outcome.SKIPPED: "skip",
    Outcome.FAILED: "fail",
    Outcome.PENDING: "wait",
}


def program(folder: Path) -> str:
    """Return how this very program is called on the demo's store."""
    name = "newsfold" if shutil.which("newsfold") else os.path.relpath(sys.argv[0])
    return f"{name} --config {os.path.relpath(folder / 'feeds.yml')}"


class Report:
    """Tells the demo's story on a console, section by section."""

    def __init__(self, console: Console, call: str, *, brief: bool = False) -> None:
        self._console = console
        self._call = call
        self._brief = brief

    def welcome(self) -> None:
        """Say what is about to happen."""
        if self._brief:
            return
        self._console.print(
            Panel(
                "Thirteen small news outlets have opened on loopback addresses of this machine: "
                "real HTTP servers, feeds in four formats, pages in six languages and four "
                "encodings, and most of what goes wrong on the web. Newsfold crawls them twice; "
                "between the crawls the newsroom publishes a second edition.",
                title="[bold]Newsfold demo[/]",
                box=box.ROUNDED,
                width=min(78, self._console.width),
            )
        )

    def crawling(self, edition: int, feeds: int) -> None:
        """Announce a crawl."""
        if not self._brief:
            self._console.print(f"\n[bold]Crawl {edition}[/] of {feeds} feeds …")

    def everything(self, played: Played) -> None:
        """Show all that came of it, and whether it is what it should be."""
        if self._brief:
            return
        self._section("What came in", _intake(played))
        self._section("What was folded into what, and why", *_stories(played))
        self._section("What was revised", *_revisions(played, self._console))
        self._section("What was refused, and why", _refusals(played))
        self._ask(played)
        self._section("Is it all true?", _verdict(played.differences))
        self._go_on(played)

    def _section(self, title: str, *parts: RenderableType) -> None:
        self._console.print()
        self._console.print(Rule(f"[bold]{title}[/]", align="left", style="dim"))
        for part in parts:
            self._console.print(part)

    def _ask(self, played: Played) -> None:
        with storage.open(played.config.data) as store:
            table = store.sql(QUERY)
            hits = store.search(WORDS, limit=3)
        answer = Table(box=box.SIMPLE_HEAD)
        for name in table.column_names:
            answer.add_column(name)
        for row in table.to_pylist():
            answer.add_row(*(str(value) for value in row.values()))
        found = Table.grid(padding=(0, 2))
        stored = {row["article_id"]: row for row in played.stored.articles}
        for hit in hits:
            found.add_row(_headline(stored[hit.article_id], "bold", _outlets(played)))
            found.add_row(_highlighted(hit.snippet))
        self._section(
            "Ask the stored Parquet",
            Text(f'$ {self._call} query "{" ".join(QUERY.split())}"', "green"),
            answer,
            Text(f"$ {self._call} search {WORDS}", "green"),
            found,
        )

    def _go_on(self, played: Played) -> None:
        duplicate = next(iter(played.stored.duplicates), None)
        revised = max(played.stored.revisions, key=lambda row: row["revision"], default=None)
        commands = [
            (f"{self._call} status", "feeds, backlog and store at a glance"),
            (f'{self._call} query "FROM stories WHERE copies > 1"', "SQL over all of it"),
            (f"{self._call} search 海", "full text, also without spaces between words"),
        ]
        if duplicate:
            commands.append((f"{self._call} why {duplicate['url']}", "why it was folded"))
        for one, other, _ in islice(_near_misses(played), 1):
            pair = f"{one['article_id']} {other['article_id']}"
            commands.append((f"{self._call} fold {pair}", "why two were not"))
        if revised:
            commands.append(
                (f"{self._call} show {revised['article_id']}", "one article with its revisions")
            )
        self._section("Go on from here")
        for command, what in commands:
            self._console.print(Text(f"  # {what}", "dim"))
            # Unwrapped, to be copied whole.
            self._console.print(Text(f"  {command}", "green"), soft_wrap=True)


def _intake(played: Played) -> Table:
    """Return a table of feeds: how each crawl's poll went, and its entries by outcome."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
    table.add_column("feed", style="bold", overflow="ellipsis", no_wrap=True, max_width=18)
    for crawl in range(1, len(played.tallies) + 1):
        table.add_column(f"crawl {crawl}", no_wrap=True)
    for outcome, style in OUTCOME_STYLES.items():
        table.add_column(_SHORT[outcome], justify="right", min_width=4, header_style=style)
    outcomes: dict[str, Counter[str]] = {}
    for entry in played.stored.entries:
        outcomes.setdefault(entry["feed_id"], Counter())[entry["outcome"]] += 1
    polls: dict[str, list[Text]] = {}
    for poll in played.stored.polls:
        style = "" if poll["ok"] else "red"
        polls.setdefault(poll["feed_id"], []).append(Text(_words(poll["reason"]), style))
    for feed in played.config.feeds:
        counts = outcomes.get(feed.id, Counter())
        table.add_row(
            feed.name,
            *polls.get(feed.id, []),
            *(
                Text(
                    str(counts[outcome]) if counts[outcome] else "·",
                    style if counts[outcome] else "dim",
                )
                for outcome, style in OUTCOME_STYLES.items()
            ),
        )
    return table


def _stories(played: Played) -> Iterable[RenderableType]:
    outlets = _outlets(played)
    firsts = {row["article_id"]: row for row in played.stored.articles}
    evidence = {row["article_id"]: row for row in played.stored.outcomes if row["article_id"]}
    copies: dict[str, list[Mapping[str, Any]]] = {}
    for row in played.stored.duplicates:
        copies.setdefault(row["duplicate_of"], []).append(row)
    if copies:
        yield Text(_TERMS, "dim")
    for first, folded in copies.items():
        tree = Tree(_headline(firsts[first], "bold green", outlets))
        for row in folded:
            why = json.loads(evidence[row["article_id"]]["evidence"])
            line = _headline(row, "cyan", outlets)
            line.append(f"\n{_fold_numbers(row, why)}", "dim")
            tree.add(line)
        yield tree
    if not copies:
        yield Text("Nothing was folded.", "red")
    for one, other, why in _near_misses(played):
        yield Text("\nAlike, and rightly not folded:", "bold")
        yield _headline(one, "green", outlets)
        yield _headline(other, "green", outlets)
        its, own = (
            ", ".join(why.get(f"numbers_only_{side}", ())[:_NUMBERS]) for side in ("there", "here")
        )
        yield Text(
            f"containment {why['containment']:.2f} (needed {why['containment_needed']:.2f}), but of"
            f" the numbers they state {why['numbers']:.0%} agree (needed"
            f" {why['numbers_needed']:.0%}): the one alone has {its} …, the other {own} …;"
            " one template, two reports",
            "dim",
        )


def _near_misses(
    played: Played,
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    """Yield pairs of articles that differ in their numbers alone, the earlier first, and why."""
    firsts = {row["article_id"]: row for row in played.stored.articles}
    for row in played.stored.outcomes:
        why = json.loads(row["evidence"])
        if why.get("rule") == "numbers differ" and why.get("nearest_id") in firsts:
            yield firsts[why["nearest_id"]], firsts[row["article_id"]], why


def _fold_numbers(row: Mapping[str, Any], why: Mapping[str, Any]) -> str:
    """Return why a copy is one; of one that is cut, what it has of the longer text's lead."""
    told = f"{row['match']}: {why.get('rule', '')}"
    if "containment_needed" in why:
        told += f"; containment {row['containment']:.2f} (needed {why['containment_needed']:.2f})"
        told += f", similarity {row['similarity']:.2f}"
    if "passages_shared" in why:
        told += f";\n{why['passages_shared']} of {why['passages'][0]} passages word for word"
    if "lead_needed" in why:
        here, there = why["shingles"]
        kind = "a lead-only copy: " if 2 * here < there else ""
        needed = f"(needed {why['lead_needed']:.0%})"
        told += f";\n{kind}{why['lead']:.0%} of the longer one's lead stands in it {needed}"
    return told


def _revisions(played: Played, console: Console) -> Iterable[RenderableType]:
    outlets = _outlets(played)
    revisions: dict[str, list[Mapping[str, Any]]] = {}
    for row in played.stored.revisions:
        revisions.setdefault(row["article_id"], []).append(row)
    for rows in revisions.values():
        for before, after in pairwise(rows):
            line = _headline(after, "yellow", outlets)
            line.append(f"  revision {before['revision']} → {after['revision']}", "dim")
            yield line
            changes = revision_diff(
                console, (before["title"], before["text"]), (after["title"], after["text"])
            )
            yield from (Padding(change, (0, 0, 0, 4)) for change in changes)


def _refusals(played: Played) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("what", "outcome", "why"):
        table.add_column(name, overflow="fold")
    outlets = _outlets(played)
    latest = {poll["feed_id"]: poll for poll in played.stored.polls}
    for feed_id, poll in latest.items():
        if not poll["ok"]:
            why = f"{_words(poll['reason'])}: {clean_line(poll['detail'] or '')}"
            table.add_row(f"the feed {outlets[feed_id]}", Text("failed", "red"), why)
    wanted = (Outcome.SKIPPED, Outcome.FAILED, Outcome.PENDING)
    for entry in sorted(played.stored.entries, key=lambda entry: str(entry["outcome"])):
        if entry["outcome"] in wanted:
            table.add_row(
                Text(clean_line(entry["title"] or entry["url"] or "")),
                Text(entry["outcome"], OUTCOME_STYLES[entry["outcome"]]),
                f"{_words(entry['reason'])}: {clean_line(entry['detail'] or '')}",
            )
    return table


def _verdict(differences: Sequence[str]) -> RenderableType:
    if not differences:
        return Text(
            "✓ Yes: every article, copy, revision and outcome is exactly what the newsroom's own"
            " list of truths says.",
            "bold green",
        )
    return Group(
        Text(
            f"✗ No: {len(differences)} differences from the newsroom's list of truths", "bold red"
        ),
        *(Text(f"  {difference}", "red") for difference in differences),
    )


def _outlets(played: Played) -> dict[str, str]:
    return {feed.id: feed.name for feed in played.config.feeds}


def _headline(row: Mapping[str, Any], style: str, outlets: Mapping[str, str]) -> Text:
    text = Text(clean_line(row["title"] or "(no title)"), style)
    return text.append(f"  {outlets[row['feed_id']]}", "dim")


def _highlighted(snippet: str) -> Text:
    text = Text(style="dim")
    for number, piece in enumerate(snippet.split(HIT_START)):
        hit, end, rest = piece.partition(HIT_END)
        if number and end:
            text.append(clean_line(hit), "bold yellow not dim")
            text.append(" ".join(rest.split("\n")))
        else:
            text.append(" ".join(piece.split("\n")))
    return text


def _words(reason: str) -> str:
    return reason.replace("_", " ")
