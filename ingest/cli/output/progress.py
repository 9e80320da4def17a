"""How a run is shown while it goes on: a live display on a terminal, plain log lines elsewhere."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from ingest.cli.context import Context
from ingest.observe import Tally
from ingest.text import clean_line
from ingest.types import Feed
from storage.model import EntryState, FeedState, Outcome, OutcomeChange, Poll

log = logging.getLogger("ingest.run")

# Outcomes that are asked after: their detail is told at once.
_TOLD = frozenset({Outcome.SKIPPED, Outcome.FAILED, Outcome.PENDING})


class Lines:
    """One log line a poll and one an entry that was settled; counts nothing."""

    def passed_over(self, feed: Feed, state: FeedState) -> None:
        """Log why the feed is not asked."""
        until = f" until {state.held_until:%Y-%m-%d %H:%M} UTC" if state.held_until else ""
        retired = "retired (410 Gone); name it to ask once more"
        log.info("%s: %s", feed.id, retired if state.retired else f"on hold{until}")

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        """Log the poll."""
        del unchanged, waiting
        if poll.ok:
            log.info(
                "%s: %s, %d entries, %d new, %d changed, %.1f s",
                feed.id,
                poll.reason,
                poll.entries,
                poll.new,
                poll.changed,
                poll.seconds,
            )
        else:
            log.warning("%s: %s: %s", feed.id, poll.reason, clean_line(poll.detail or ""))

    def settled(self, change: OutcomeChange) -> None:
        """Log the outcome."""
        told = clean_line(change.detail or "") if change.outcome in _TOLD else ""
        log.info(
            "%s %s: %s%s",
            change.outcome,
            change.reason,
            clean_line(change.url or change.guid),
            f" ({told})" if told else "",
        )

    def slowed(self, host: str, delay: timedelta) -> None:
        """Log why the host takes its time."""
        log.info("%s", _slow(host, delay))

    def polling(self, feed: Feed) -> None:
        """Log nothing yet."""

    def taken(self, entries: Sequence[EntryState]) -> None:
        """Log nothing yet."""


class LoggedTally(Tally):
    """Counts a run and logs it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = Lines()

    def passed_over(self, feed: Feed, state: FeedState) -> None:
        """Count and log the feed."""
        super().passed_over(feed, state)
        self._lines.passed_over(feed, state)

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        """Count and log the poll."""
        super().polled(feed, poll, unchanged, waiting)
        self._lines.polled(feed, poll, unchanged, waiting)

    def slowed(self, host: str, delay: timedelta) -> None:
        """Log why the host takes its time."""
        self._lines.slowed(host, delay)

    def settled(self, change: OutcomeChange) -> None:
        """Count and log the outcome."""
        super().settled(change)
        self._lines.settled(change)


def _slow(host: str, delay: timedelta) -> str:
    return (
        f"{clean_line(host)}: its robots.txt asks for {delay.total_seconds():g} s between requests"
    )


class Rate(ProgressColumn):
    """How many a second, lately."""

    def render(self, task: Task) -> Text:
        """Return the rate of one bar."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", "dim")


class Bars(Tally):
    """Two bars, feeds and pages, with what came of them so far and the rate."""

    def __init__(self, console: Console, *, total: int) -> None:
        super().__init__()
        self.display = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            Rate(),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._console = console
        self._feeds = self.display.add_task("feeds", total=total, said="")
        self._pages = self.display.add_task("pages", total=0, said="")
        self._taken = 0

    def passed_over(self, feed: Feed, state: FeedState) -> None:
        """Advance the feeds' bar past it."""
        super().passed_over(feed, state)
        self.display.update(self._feeds, advance=1)

    def polled(
        self, feed: Feed, poll: Poll, unchanged: Sequence[str], waiting: Collection[str]
    ) -> None:
        """Advance the feeds' bar; a failed feed is told above it."""
        super().polled(feed, poll, unchanged, waiting)
        failed = self.feeds["failed"]
        self.display.update(self._feeds, advance=1, said=f"[red]{failed} failed" if failed else "")
        if not poll.ok:
            told = f"{feed.name}: {clean_line(poll.detail or poll.reason)}"
            self._console.print(Text.assemble(("✗ ", "red"), told))

    def slowed(self, host: str, delay: timedelta) -> None:
        """Say above the bars why they move slowly."""
        self._console.print(Text.assemble(("‖ ", "yellow"), _slow(host, delay)))

    def taken(self, entries: Sequence[EntryState]) -> None:
        """Lengthen the pages' bar."""
        super().taken(entries)
        self._taken += len(entries)
        self.display.update(self._pages, total=self._taken)

    def settled(self, change: OutcomeChange) -> None:
        """Advance the pages' bar."""
        super().settled(change)
        new, folded = self.settlements[Outcome.NEW], self.settlements[Outcome.DUPLICATE]
        failed = self.settlements[Outcome.FAILED] + self.settlements[Outcome.PENDING]
        self.display.update(
            self._pages,
            completed=self.settlements.total(),
            said=f"[green]{new} new[/] · [cyan]{folded} folded[/] · [red]{failed} failed[/]",
        )


@contextmanager
def watching(context: Context, *, total: int, lines: bool = True) -> Iterator[Tally]:
    """Show a run in the way that fits where stderr goes; yields the run's observer.

    Without ``lines`` nothing is logged where there is no terminal to draw on.
    """
    if context.err.is_terminal and not context.quiet and not context.verbose:
        bars = Bars(context.err, total=total)
        with bars.display:
            yield bars
    elif context.quiet or not lines:
        yield Tally()
    else:
        log.setLevel(logging.INFO)
        yield LoggedTally()
