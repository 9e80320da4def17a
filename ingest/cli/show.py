"""``newsfold show``: one article, how its text changed, and the copies that were folded into it."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import pairwise

import click
from rich.text import Text

from ingest.cli.arguments.articles import article_named
from ingest.cli.context import Context
from ingest.cli.output import evidence, related, say
from ingest.cli.output.changes import revision_diff
from ingest.cli.output.diffs import compare
from ingest.cli.output.verdicts import Said, record_said, said_of, tell_said
from ingest.inspection.explain import compared_in, linked, only_there
from storage.errors import StoreError
from storage.model import Article, Duplicate
from storage.store import Store

_MARGIN = 2


@click.command()
@click.argument("article", metavar="ARTICLE")
@click.pass_obj
def command(context: Context, article: str) -> None:
    """Show an article, how its text changed, and its story's copies.

    ARTICLE is an id, the beginning of one, or a URL.
    """
    with context.open_store() as store:
        key = article_named(store, article)
        revisions = store.get(key)
        copies = store.copies(key)
        folded = next((copy for copy in copies if copy.article_id == key), None)
        original = store.get(folded.duplicate_of) if folded else []
        comparison = _comparison(context, store, key)
    others = [copy for copy in copies if copy is not folded]
    if context.as_json:
        say.emit_json(
            {
                "article_id": key,
                "duplicate": _record(folded) if folded else None,
                "evidence": comparison.evidence or None,
                "only_there": list(comparison.only_there),
                "revisions": [_record(revision) for revision in revisions],
                "changes": [_changes(old, new) for old, new in pairwise(revisions)],
                "copies": [_record(copy) for copy in others],
                "said": record_said(comparison.said),
                "related": [related.record(*link) for link in comparison.links],
            }
        )
        return
    newest = revisions[-1] if revisions else folded
    assert newest is not None, "an id that resolves has rows"
    _head(context, newest)
    if folded:
        _fold(context, folded, original[-1] if original else None, comparison)
    if newest.text:
        context.records.print()
        say.paragraphs(context, newest.text)
    _history(context, revisions)
    _copies(context, others, folded)
    if comparison.links:
        say.heading(context, "Related")
        related.lines(context, comparison.links)
    tell_said(context, comparison.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """What an article was last compared with came to, its links, and what was said of it."""

    evidence: Mapping[str, object] = field(default_factory=dict)
    only_there: tuple[str, ...] = ()
    links: tuple[related.Link, ...] = ()
    said: Said = ()


def _comparison(context: Context, store: Store, key: str) -> _Comparison:
    history = store.history(key)
    compared = compared_in(key, history)
    told = json.loads(compared[0].evidence) if compared else {}
    try:
        ledger = context.open_ledger()
    except StoreError:  # parts alone can be shown as well
        return _Comparison(evidence=told)
    with closing(ledger):
        article = ledger.article(key)
        return _Comparison(
            evidence=told,
            only_there=only_there(store, article, history) if article else (),
            links=tuple(linked(ledger, key)),
            said=said_of(ledger, key),
        )


def _record(row: Article | Duplicate) -> dict[str, object]:
    record = asdict(row)
    del record["signature"]  # bytes for machines, which `newsfold query` has
    return record


def _head(context: Context, row: Article | Duplicate) -> None:
    say.flowing(context, say.said(row.title or "(no title)", "bold"))
    say.unbroken(context, say.said(row.url, "blue"))
    context.records.print()
    words = say.plural(row.word_count, "word")
    say.pairs(
        context,
        [
            ("id", row.article_id),
            ("site", row.site),
            ("authors", ", ".join(row.authors)),
            ("published", say.when(row.published_at) if row.published_at else None),
            ("modified", say.when(row.modified_at) if row.modified_at else None),
            ("first seen", f"{say.when(row.first_seen_at)}, in the feed {row.feed_id}"),
            ("language", row.language),
            ("text", f"{words}, from the {row.text_source.value}"),
            ("tags", ", ".join(row.tags)),
            ("story", row.story_id if row.story_id != row.article_id else None),
        ],
    )


def _changes(old: Article, new: Article) -> dict[str, object]:
    """Return what a revision changed: the paragraphs that did, in pieces of one fate each."""
    paragraphs = compare(old.text, new.text)
    return {
        "revision": new.revision,
        "title_before": old.title if old.title != new.title else None,
        "unchanged": sum(paragraph.kept for paragraph in paragraphs),
        "paragraphs": [
            [{"kind": piece.kind.value, "text": piece.text} for piece in paragraph.pieces]
            for paragraph in paragraphs
            if not paragraph.kept
        ],
    }


def _fold(context: Context, copy: Duplicate, original: Article | None, found: _Comparison) -> None:
    say.heading(context, "Folded")
    text = Text.assemble((f"{copy.match.value} copy", "cyan"), f" · {_numbers(copy)}, of")
    say.flowing(context, text)
    if original is not None:
        say.flowing(context, say.said(original.title), indent=_MARGIN)
        say.unbroken(context, say.said(original.url, "dim"), indent=_MARGIN)
    say.unbroken(context, Text(copy.duplicate_of, "dim"), indent=_MARGIN)
    lines = evidence.lines(found.evidence, found.only_there)
    evidence.print_lines(context, lines, indent=_MARGIN)
    if copy.text is None:
        context.records.print()
        say.flowing(context, Text("Its own text is not kept (see dedup.keep_text).", "dim"))


def _numbers(copy: Duplicate) -> str:
    return f"similarity {copy.similarity:.2f}, containment {copy.containment:.2f}"


def _history(context: Context, revisions: Sequence[Article]) -> None:
    if len(revisions) < 2:  # noqa: PLR2004 - one revision has nothing to be compared with
        return
    say.heading(context, "Revisions")
    first = revisions[0]
    context.records.print(f"revision {first.revision} · {say.when(first.fetched_at)}")
    for old, new in pairwise(revisions):
        context.records.print(f"\nrevision {new.revision} · {say.when(new.fetched_at)}")
        for line in revision_diff(context.records, (old.title, old.text), (new.title, new.text)):
            say.flowing(context, line, indent=_MARGIN)


def _copies(context: Context, copies: Sequence[Duplicate], folded: Duplicate | None) -> None:
    if not copies:
        return
    say.heading(context, "Other copies of the story" if folded else "Copies folded into it")
    for number, copy in enumerate(copies):
        if number:
            context.records.print()
        say.flowing(context, say.said(copy.title or "(no title)"))
        day = f" · {copy.published_at:%Y-%m-%d %H:%M}" if copy.published_at else ""
        about = Text.assemble(say.said(copy.site, "green"), day, (f" · {copy.article_id}", "dim"))
        say.flowing(context, about, indent=_MARGIN)
        fold = Text.assemble((f"{copy.match.value} copy", "cyan"), f" · {_numbers(copy)}")
        say.flowing(context, fold, indent=_MARGIN)
        say.unbroken(context, say.said(copy.url, "dim"), indent=_MARGIN)
