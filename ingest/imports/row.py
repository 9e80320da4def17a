"""One row of somebody's articles as an extracted article, cleaned as a page's is. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final

from ingest.articles.document import parse_html
from ingest.articles.language import count_words, detect_language
from ingest.articles.names import author_names
from ingest.articles.paragraphs import joined, paragraphs
from ingest.articles.urls import canonical_url, same_site, site_of
from ingest.dedup.signature import fingerprint
from ingest.feeds.dates import parse_date
from ingest.text import clean_line, clean_text, safe_link
from ingest.types import Extracted
from storage.model import TextSource

EXTRACTOR: Final = "import"

# Addresses of ours for texts without a page.
_OWN: Final = "urn:newsfold:"
_LONGEST_SUMMARY: Final = 2_000
_LONGEST_UNREAD: Final = 200
_MOST_LABELS: Final = 50
_MOST_EXTRA: Final = 64 * 1024
_BLANK: Final = re.compile(r"\n\s*\n")
_MARKUP: Final = re.compile(r"\s*<[a-zA-Z!].*>\s*", re.DOTALL)
# What ``storage.answers.formats`` puts before a cell that a spreadsheet would take for a formula.
_FORMULA: Final = re.compile(r"'(?=[=+\-@\t\r])")
_ORDER: Final = ("summary", "sections", "headline", "paragraphs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row whose names were understood; its values are as they came, its ``url`` is usable."""

    url: str
    values: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """What tells the row from others: its address and what it says, 32 hex digits."""
        said = [self.url, *(flat(self.values.get(name)) for name in ("title", "text"))]
        return sha256("\x00".join(said).encode("utf-8", "replace")).hexdigest()[:32]

    @property
    def title(self) -> str | None:
        """The title, cleaned."""
        return clean_line(flat(self.values.get("title"))) or None


def read_row(record: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> Row | str:
    """Return a record by our names, or why it cannot be taken.

    Args:
        record: A row as it stands in its file.
        names: Where to look for each field: see ``ingest.imports.names``.
    """
    folded = {str(name).strip().casefold(): value for name, value in record.items()}
    values = {ours: _first(folded, theirs) for ours, theirs in names.items()}
    given = flat(values["url"] or values["canonical_url"]).strip()
    if not given:
        return f"it has no url; its fields: {', '.join(map(str, record))}"[:300]
    link = given if given.startswith(_OWN) else safe_link(given)
    if link is None:
        return clean_line(f'"{given}" is not an http or https URL')[:300]
    return Row(url=link, values={name: it for name, it in values.items() if it is not None})


def extract_row(row: Row, imported: Mapping[str, object], *, now: datetime) -> Extracted:
    """Return a row's article; its ``text`` is empty where it has none.

    Dates that cannot be read stand in ``extra`` under ``imported``, ``unread``, as they came.

    Args:
        row: The row.
        imported: Where it came from, for the article's ``extra``.
        now: The current time: no date lies far beyond it.
    """
    values = row.values
    text = _text(flat(values.get("text")))
    canonical = _canonical(row.url, values.get("canonical_url"))
    title = row.title
    outlets: frozenset[str] = frozenset()
    times = {name: moment(values.get(name), now=now) for name in ("published_at", "modified_at")}
    unread = {
        name: said
        for name, at in times.items()
        if at is None and (said := clean_line(flat(values.get(name)))[:_LONGEST_UNREAD])
    }
    labels = [clean_line(label) for label in _list(values.get("tags"), ",;")]
    return Extracted(
        canonical_url=canonical,
        text=text,
        fingerprint=fingerprint(text, site=site_of(canonical), title=title),
        title=title,
        authors=_authors(values.get("authors"), outlets),
        published_at=times["published_at"],
        modified_at=times["modified_at"],
        language=detect_language(text, [flat(values.get("language")) or None]),
        summary=clean_line(flat(values.get("summary")))[:_LONGEST_SUMMARY] or None,
        tags=tuple(dict.fromkeys(label for label in labels if label))[:_MOST_LABELS],
        image_url=safe_link(flat(values.get("image_url"))),
        word_count=count_words(text),
        text_source=_source(values.get("text_source")),
        extractor=clean_line(flat(values.get("extractor")))[:100] or EXTRACTOR,
        extra={
            **_extra(values.get("extra")),
            "imported": {**imported, "unread": unread} if unread else dict(imported),
        },
    )


def moment(value: object, *, now: datetime) -> datetime | None:
    """Return the time that a value states, in UTC; one without a zone is taken as UTC."""
    match value:
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return parse_date(aware.astimezone(UTC).isoformat(), now=now)
        case date():
            return parse_date(value.isoformat(), now=now)
        case bool():
            return None
        case int() | float():
            return parse_date(str(int(value)), now=now)
        case str():
            return parse_date(value, now=now)
        case _:
            return None


def flat(value: object) -> str:
    """Return a value as text; lists and objects by paragraphs, as fundus writes its bodies."""
    match value:
        case None | bool() | bytes():
            return ""
        case str():
            return _FORMULA.sub("", value, count=1) if value.startswith("'") else value
        case list() | tuple():
            return "\n\n".join(filter(None, map(flat, value)))
        case dict():
            known = [name for name in _ORDER if name in value]
            return "\n\n".join(filter(None, (flat(value[name]) for name in known or value)))
        case _:
            return str(value)


def _first(folded: Mapping[str, Any], names: Sequence[str]) -> Any:  # noqa: ANN401 - any value
    for name in names:
        value = folded.get(name)
        if value is None and "." in name:
            outer, _, inner = name.partition(".")
            nested = folded.get(outer)
            value = nested.get(inner) if isinstance(nested, dict) else None
        if value not in (None, "", []):
            return value
    return None


def _text(given: str) -> str:
    if _MARKUP.fullmatch(given):
        tree = parse_html(f"<div>{given}</div>")
        return "" if tree is None else joined(paragraphs(tree))
    clean = clean_text(given)
    blocks = _BLANK.split(clean) if _BLANK.search(clean.strip()) else clean.split("\n")
    lines = ("\n".join(filter(None, map(clean_line, block.split("\n")))) for block in blocks)
    return "\n\n".join(filter(None, lines))


def _canonical(url: str, claimed: object) -> str:
    claim = flat(claimed).strip()
    if claim == url or (claim and same_site(claim, url)):
        return canonical_url(claim)
    return canonical_url(url)


def _authors(value: object, outlets: frozenset[str]) -> tuple[str, ...]:
    listed = _list(value, "")
    if isinstance(value, list | tuple) or len(listed) > 1:
        return tuple(dict.fromkeys(filter(None, map(clean_line, listed))))[:_MOST_LABELS]
    return author_names(listed, outlets)


def _list(value: object, separators: str) -> list[str]:
    """Return the items of a list, of a list in JSON, or of a text that separates them."""
    match value:
        case list() | tuple() | dict():
            items = [value] if isinstance(value, dict) else value
            return [flat(item) for item in _names(items)]
        case str() if value.startswith("["):
            try:
                found = json.loads(value)
            except ValueError:
                return [value]
            return [flat(item) for item in _names(found)] if isinstance(found, list) else [value]
        case str() if separators:
            return re.split(f"[{separators}]", value)
        case None:
            return []
        case _:
            return [flat(value)]


def _names(items: Sequence[object]) -> Iterator[object]:
    """Yield each item, of an object (as schema.org has authors) its name."""
    for item in items:
        yield item.get("name") if isinstance(item, dict) else item


def _source(value: object) -> TextSource:
    return TextSource.FEED if value == TextSource.FEED else TextSource.PAGE


def _extra(value: object) -> dict[str, object]:
    if isinstance(value, str) and len(value) <= _MOST_EXTRA:
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
