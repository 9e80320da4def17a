"""``newsfold why``: what happened to a URL, an id or a feed, when, and by which rule."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import assert_never

import click
from rich.text import Text

from ingest.cli.context import Context
from ingest.cli.output import evidence, related, say, subscriptions
from ingest.cli.output.feeds import next_of
from ingest.cli.output.verdicts import Said, record_said, said_of, tell_said
from ingest.clock import system_clock
from ingest.errors import ConfigError
from ingest.feeds.fills import filled_in
from ingest.inspection.explain import (
    Account,
    ArticleAccount,
    FeedAccount,
    TakenDown,
    Unknown,
    compared_in,
    explain,
)
from ingest.inspection.health import notes_on
from storage.model import EntryState, FeedState, Outcome, OutcomeChange, Poll, Reason, StoredArticle

_MARGIN = 2


@click.command()
@click.argument("what", metavar="URL|ID|FEED")
@click.pass_obj
def command(context: Context, what: str) -> None:
    """Say all that happened to a page, an article or a feed, and which rule decided.

    Takes a page's or feed's URL, in any of its forms, or an id. Exits 1 if it was never seen.
    """
    try:
        config = context.load_config()
    except ConfigError:
        if context.data is None:
            raise
        config = None
    ledger = context.open_ledger()
    try:
        with context.open_store() as store:
            account = explain(what, ledger=ledger, store=store, config=config)
        article = account.article if isinstance(account, ArticleAccount) else None
        said = said_of(ledger, article.article_id) if article else ()
    finally:
        ledger.close()
    now = system_clock()
    if context.as_json:
        say.emit_json(_record(what, account, said, now))
    else:
        _tell(context, what, account, now)
        tell_said(context, said)
    if isinstance(account, Unknown):
        raise click.exceptions.Exit(1)


def _tell(context: Context, what: str, account: Account, now: datetime) -> None:
    match account:
        case ArticleAccount():
            _tell_article(context, account, now)
        case FeedAccount():
            _tell_feed(context, account, now)
        case TakenDown(asked=asked, takedown=takedown):
            say.unbroken(context, say.said(asked[-1], "blue"))
            line = "taken down: removed from everything, and not stored again"
            stamp = Text(f"{say.when(takedown.taken_at)}  ", "dim")
            say.flowing(context, Text(line), label=stamp)
            if not takedown.is_done:
                say.note(context, "not all files are cleaned yet: the daemon goes on with it")
        case Unknown(asked=asked, hints=hints):
            canonical = f" (nor is {asked[-1]})" if asked[-1] != what else ""
            click.echo(say.said(f"newsfold: {what} was never seen{canonical}").plain, err=True)
            for hint in hints:
                say.note(context, "  " + say.said(hint).plain)
        case _:
            assert_never(account)


def _tell_article(context: Context, account: ArticleAccount, now: datetime) -> None:
    article = account.article
    title = article.title if article else next((e.title for e in account.entries if e.title), None)
    url = article.canonical_url if article else account.entries[0].url
    say.flowing(context, say.said(title or "(no title)", "bold"))
    say.unbroken(context, say.said(url or "(no address)", "blue"))
    if account.asked and article and article.canonical_url not in account.asked:
        say.unbroken(context, say.said(f"which {account.asked[0]} leads to", "dim"))
    context.records.print()
    if article is not None:
        _place(context, account, article)
        related.lines(context, account.related)
    for entry in account.entries:
        _standing(context, entry, now)
    say.heading(context, "What happened")
    for at, lines in sorted(_events(account), key=lambda event: event[0]):
        first, *rest = lines
        stamp = Text(f"{say.when(at)}  ", "dim")
        say.flowing(context, first, label=stamp)
        for line in rest:
            say.flowing(context, line, indent=len(stamp))


def _place(context: Context, account: ArticleAccount, article: StoredArticle) -> None:
    revision = f", revision {article.revision}" if article.revision else ""
    if article.duplicate_of is None:
        copies = say.plural(len(account.copies), "copy", "copies") if account.copies else "no copy"
        line = Text.assemble(
            "stored as article ", (article.article_id, "green"), f"{revision}; {copies} folded in"
        )
        say.flowing(context, line)
        for copy in account.copies:
            say.unbroken(context, say.said(copy.canonical_url, "dim"), indent=_MARGIN)
        return
    fold = account.fold
    kind = f"{fold.match.value} copy" if fold else "copy"
    indefinite = "an " if kind.startswith("e") else "a "
    line = Text.assemble(
        "folded as ", indefinite, (kind, "cyan"), f" ({article.article_id}{revision}) of"
    )
    say.flowing(context, line)
    original = account.original
    if original is not None:
        say.flowing(context, say.said(original.title), indent=_MARGIN)
        say.unbroken(context, say.said(original.canonical_url, "dim"), indent=_MARGIN)
    say.unbroken(context, Text(article.duplicate_of, "dim"), indent=_MARGIN)
    if fold:
        numbers = f"similarity {fold.similarity:.3f}, containment {fold.containment:.3f}"
        say.flowing(context, Text(numbers), indent=_MARGIN)


def _standing(context: Context, entry: EntryState, now: datetime) -> None:
    line = Text.assemble("entry of ", (entry.feed_id, "bold"), ": ", _outcome(entry.outcome))
    line.append(f" · {entry.reason}")
    if entry.outcome is Outcome.PENDING:
        tried = f", tried {say.plural(entry.attempts, 'time')}" if entry.attempts else ""
        line.append(f"{tried}, next try {say.ago(entry.due_at, now) if entry.due_at else 'now'}")
    say.flowing(context, line)


def _events(account: ArticleAccount) -> Iterator[tuple[datetime, list[Text]]]:
    for entry in account.entries:
        first = Text.assemble("first seen in the feed ", (entry.feed_id, "bold"))
        details = [say.said(f"guid {entry.guid}", "dim")]
        if entry.url and entry.url != entry.guid:
            details.append(say.said(entry.url, "dim"))
        yield entry.first_seen_at, [first, *details]
    begun: set[str] = set()
    compared = compared_in(account.article.article_id, account.history) if account.article else None
    last = compared[0] if compared else None
    for change in account.history:
        waits = change.reason is Reason.WAITING
        # That it began to wait is told by its first sight.
        if not waits or change.entry_id in begun:
            there = account.only_there if change is last else ()
            lines = _change(change, many=len(account.entries) > 1, only_there=there)
            yield change.changed_at, list(lines)
        begun.add(change.entry_id)


def _change(change: OutcomeChange, *, many: bool, only_there: Sequence[str]) -> Iterator[Text]:
    if change.reason is Reason.WAITING:
        yield Text.assemble("changed in the feed ", (change.feed_id, "bold"), ", to be read again")
        return
    line = Text.assemble(_outcome(change.outcome), f" · {change.reason}")
    if many:
        line.append(f" · {change.feed_id}", "dim")
    yield line
    if change.detail:
        yield say.said(change.detail)
    yield from evidence.repeats(json.loads(change.extra).get("repeats"))
    yield from evidence.lines(json.loads(change.evidence), only_there)


def _outcome(outcome: Outcome) -> Text:
    return Text(outcome.value, say.OUTCOME_STYLES[outcome])


def _tell_feed(context: Context, account: FeedAccount, now: datetime) -> None:
    state = account.state
    say.flowing(context, say.said(state.name, "bold"))
    say.unbroken(context, say.said(state.url, "blue"))
    context.records.print()
    counts = ", ".join(f"{count} {name}" for name, count in account.entries.items() if count)
    say.pairs(
        context,
        [
            ("id", state.feed_id),
            ("title", state.title),
            ("state", _health(state)),
            ("last poll", say.ago(state.polled_at, now)),
            ("last success", say.ago(state.ok_at, now)),
            ("last news", say.ago(state.new_at, now) if state.new_at else None),
            ("next poll", _next(state, now)),
            ("moving", _moving(state, now)),
            ("gaps", _gaps(state, now)),
            ("WebSub", _subscription(account, now)),
            ("entries", f"{sum(account.entries.values())}" + (f" ({counts})" if counts else "")),
        ],
    )
    for note in notes_on(state, now=now):
        say.flowing(context, say.said(note, "yellow"))
    if state.schedule and not state.retired:
        say.heading(context, "Why the next poll is then")
        for reason in state.schedule:
            say.flowing(context, say.said(reason), label=Text("· ", "dim"))
    if account.polls:
        say.heading(context, "Last polls")
        _polls(context, account.polls)


def _polls(context: Context, polls: Sequence[Poll]) -> None:
    rows = [
        (
            say.when(poll.polled_at),
            Text(poll.reason.value, "" if poll.ok else "red"),
            str(poll.status or ""),
            str(poll.entries),
            str(poll.new),
            str(poll.changed),
            f"{poll.seconds:.1f} s",
        )
        for poll in polls
    ]
    headings = ("when", "result", "status", "entries", "new", "changed", "took")
    right = ("status", "entries", "new", "changed", "took")
    say.table(context, headings, rows, right=right, cut=("result",))
    # Sentences, too long for a column.
    for poll in polls:
        if poll.detail:
            when = Text(f"{say.when(poll.polled_at)}  ", "dim")
            say.flowing(context, say.said(poll.detail), label=when)


def _health(state: FeedState) -> Text:
    if state.retired:
        return Text.assemble(
            ("retired: its server says that it is gone (410)", "red"),
            f"; `newsfold crawl {state.feed_id}` asks once more",
        )
    if state.ok is None:
        return Text("never polled", "dim")
    if state.ok:
        flaw = f", but flawed: {state.detail}" if state.detail else ""
        return Text.assemble(("ok", "green"), say.said(flaw))
    return Text.assemble((str(state.reason), "red"), ": ", say.said(state.detail))


def _moving(state: FeedState, now: datetime) -> Text | None:
    if state.moved_to is None:
        return None
    since = f", since {say.ago(state.moved_since, now)}" if state.moved_since else ""
    return say.said(f"it says for good to {state.moved_to}{since}; believed after 7 days")


def _gaps(state: FeedState, now: datetime) -> str | None:
    if not state.gaps:
        return None
    taken = filled_in(state)
    filled = (
        f"; {say.plural(taken, 'missed entry', 'missed entries')} were filled in" if taken else ""
    )
    return f"{state.gaps}, the last {say.ago(state.gap_at, now)}{filled}"


def _next(state: FeedState, now: datetime) -> str:
    held = state.held_until if state.is_held(now) else None
    hold = f"; its server asked to be left alone for {say.span(held - now)}" if held else ""
    return f"{next_of(state, now)}{hold}"


def _subscription(account: FeedAccount, now: datetime) -> Text | str | None:
    subscription = subscriptions.by_feed(account.subscriptions).get(account.state.feed_id)
    if subscription is None and account.state.hub:
        return say.said(f"not subscribed; the feed names the hub {account.state.hub}")
    return subscriptions.line(subscription, now)


def _record(what: str, account: Account, said: Said, now: datetime) -> dict[str, object]:
    match account:
        case ArticleAccount():
            return {"asked": what, "kind": "article"} | _article_record(account, said)
        case FeedAccount():
            return {
                "asked": what,
                "kind": "feed",
                "feed": asdict(account.state),
                "subscription": subscriptions.record(
                    subscriptions.by_feed(account.subscriptions).get(account.state.feed_id), now
                ),
                "entries": account.entries,
                "polls": [asdict(poll) for poll in account.polls],
            }
        case TakenDown(takedown=takedown):
            return {"asked": what, "kind": "taken_down"} | asdict(takedown)
        case Unknown():
            return {"asked": what, "kind": "unknown", "hints": list(account.hints)}
        case _:
            assert_never(account)


def _article_record(account: ArticleAccount, said: Said) -> dict[str, object]:
    fold = account.fold
    return {
        "article": _stored(account.article),
        "duplicate_of": _stored(account.original),
        "match": fold.match if fold else None,
        "similarity": fold.similarity if fold else None,
        "containment": fold.containment if fold else None,
        "copies": [_stored(copy) for copy in account.copies],
        "said": record_said(said),
        "related": [related.record(*link) for link in account.related],
        "only_there": list(account.only_there),
        "entries": [
            {name: value for name, value in asdict(entry).items() if name != "payload"}
            for entry in account.entries
        ],
        "history": [
            asdict(change)
            | {"evidence": json.loads(change.evidence), "extra": json.loads(change.extra)}
            for change in account.history
        ],
    }


def _stored(article: StoredArticle | None) -> dict[str, object] | None:
    if article is None:
        return None
    return {name: value for name, value in asdict(article).items() if name != "fingerprint"}
