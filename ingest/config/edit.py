"""Adds, moves and removes feeds in ``feeds.yml``, leaving every other line of it as it is.

Feeds in block style (one ``-`` a feed) are edited by line, where the YAML parser says they
stand, so that comments and layout stay byte for byte. Other styles go through ruamel.yaml's
round trip, which keeps the comments.
"""

import io
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ingest.config.feed_ids import made_id, same_address
from ingest.config.load import load
from ingest.config.quantities import format_duration
from ingest.errors import UsageError
from ingest.types import Feed, FullText

_PLAIN = re.compile(r"\w[\w -]*")


def add_feed(path: Path, feed: Feed) -> None:
    """Append ``feed`` to the file at ``path``, which is made if it is not there.

    Raises:
        ConfigError: The file has mistakes; it is left as it is.
        UsageError: A feed with that id or that address stands there already.
    """
    add_feeds(path, [feed])


def add_feeds(path: Path, feeds: Sequence[Feed]) -> None:
    """Append ``feeds`` to the file at ``path``, all or none, as ``add_feed`` does."""
    if not feeds:
        return
    text = _read(path) if path.exists() else ""
    there = _There(load(path).feeds if path.exists() else ())
    for feed in feeds:
        there.refuse_double(path, feed)
        there.add(feed)
    _write(path, _with_feeds(text, [_mapping(feed) for feed in feeds]))


def as_file(feeds: Sequence[Feed]) -> str:
    """Return a configuration that has these feeds and nothing else in it."""
    return _with_feeds("", [_mapping(feed) for feed in feeds]) if feeds else "feeds: []\n"


def move_feed(path: Path, feed_id: str, url: str) -> Feed:
    """Give the feed ``feed_id`` in the file at ``path`` another address and return it.

    Its id stays, and is written down if it was made from the old address.

    Raises:
        ConfigError: The file is missing or has mistakes; it is left as it is.
        UsageError: No feed has that id, or another one has that address.
    """
    configured = load(path).feeds
    index = _index_of(path, configured, feed_id)
    moved = replace(configured[index], url=url)
    _There(feed for feed in configured if feed.id != feed_id).refuse_double(path, moved)
    _write(path, _with_address(_read(path), index, feed_id, url))
    return moved


def remove_feed(path: Path, feed_id: str) -> Feed:
    """Take the feed ``feed_id`` out of the file at ``path`` and return it.

    Raises:
        ConfigError: The file is missing or has mistakes; it is left as it is.
        UsageError: No feed has that id.
    """
    configured = load(path).feeds
    index = _index_of(path, configured, feed_id)
    _write(path, _without_feed(_read(path), index))
    return configured[index]


def _index_of(path: Path, feeds: Sequence[Feed], feed_id: str) -> int:
    index = next((i for i, feed in enumerate(feeds) if feed.id == feed_id), None)
    if index is None:
        raise UsageError(f"{path}: no feed has the id {feed_id}")
    return index


class _There:
    """The feeds that are there already."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._ids: set[str] = set()
        self._by_address: dict[str, str] = {}
        for feed in feeds:
            self.add(feed)

    def add(self, feed: Feed) -> None:
        self._ids.add(feed.id)
        self._by_address[same_address(feed.url)] = feed.id

    def refuse_double(self, path: Path, feed: Feed) -> None:
        if feed.id in self._ids:
            raise UsageError(f"{path}: a feed with the id {feed.id} is there already")
        if (other := self._by_address.get(same_address(feed.url))) is not None:
            raise UsageError(f"{path}: {feed.url} is there already, as {other}")


def _mapping(feed: Feed) -> dict[str, Any] | str:
    said: dict[str, Any] = {"url": feed.url}
    if feed.id != made_id(feed.url):
        said["id"] = feed.id
    if feed.name not in {"", feed.id}:
        said["name"] = feed.name
    if feed.tags:
        said["tags"] = list(feed.tags)
    if feed.interval is not None:
        said["interval"] = format_duration(feed.interval)
    if feed.full_text is not FullText.AUTO:
        said["full_text"] = feed.full_text.value
    return said if len(said) > 1 else feed.url


def _with_feeds(text: str, feeds: list[dict[str, Any] | str]) -> str:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    found = _feeds_node(text)
    if found is None:
        return "".join([*lines, "feeds:\n", *_block(feeds, indent=2)])
    key_line, node = found
    if _is_block(node):
        at, indent = _last_line(node.value[-1]) + 1, node.start_mark.column
    elif node.start_mark.index == node.end_mark.index:  # the key stands alone
        at, indent = key_line + 1, 2
    else:
        yaml = _round_trip()
        document = yaml.load(text)
        document["feeds"] = [*(document["feeds"] or ()), *feeds]
        return _dumped(yaml, document)
    return "".join([*lines[:at], *_block(feeds, indent=indent), *lines[at:]])


def _without_feed(text: str, index: int) -> str:
    found = _feeds_node(text)
    if found is not None and _is_block(found[1]):
        item = found[1].value[index]
        lines = text.splitlines(keepends=True)
        return "".join([*lines[: item.start_mark.line], *lines[_last_line(item) + 1 :]])
    yaml = _round_trip()
    document = yaml.load(text)
    del document["feeds"][index]
    return _dumped(yaml, document)


def _feeds_node(text: str) -> tuple[int, Node] | None:
    """Return the line of the key ``feeds`` (from 0) and its value."""
    root = YAML(typ="safe", pure=True).compose(text)
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if key.value == "feeds":
            return key.start_mark.line, value
    return None


def _is_block(feeds: Node) -> bool:
    """Whether each feed starts a line of its own (flow style and ``- - x`` do not)."""
    if not isinstance(feeds, SequenceNode) or feeds.flow_style or not feeds.value:
        return False
    starts = [item.start_mark.line for item in feeds.value]
    return len(set(starts)) == len(starts) and not any(item.anchor for item in feeds.value)


def _last_line(node: Node) -> int:
    """Return the last line of what ``node`` says, without the comments that follow it."""
    if isinstance(node, SequenceNode | MappingNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    first, end = int(node.start_mark.line), int(node.end_mark.line)
    return end - 1 if node.end_mark.column == 0 and end > first else end


def _with_address(text: str, index: int, feed_id: str, url: str) -> str:
    """Replace a feed's address where it stands, and write its id beneath it if it has none."""
    found = _feeds_node(text)
    place = _address_of(found[1].value[index]) if found and _is_block(found[1]) else None
    if place is None:
        yaml = _round_trip()
        document = yaml.load(text)
        feed = document["feeds"][index]
        document["feeds"][index] = feed if isinstance(feed, dict) else {}
        document["feeds"][index] |= {"url": url, "id": feed_id}
        return _dumped(yaml, document)
    before, after = text[: place.node.start_mark.index], text[place.node.end_mark.index :]
    same_line, _, rest = after.partition("\n")
    key = "url: " if place.is_bare else ""
    own_id = "" if place.has_id else f"{' ' * place.column}id: {feed_id}\n"
    written = _dumped(_round_trip(), {"url": url}).strip().removeprefix("url: ")
    return f"{before}{key}{written}{same_line}\n{own_id}{rest}"


class _Address(NamedTuple):
    """Where a feed's address stands: its node, the column of the feed's keys, and which it has."""

    node: Node
    column: int
    has_id: bool = False
    is_bare: bool = False


def _address_of(feed: Node) -> _Address | None:
    """Return where the address of a feed in block style stands; ``None`` in flow style."""
    if not isinstance(feed, MappingNode):
        return _Address(feed, feed.start_mark.column, is_bare=True)
    if feed.flow_style:
        return None
    keys = {key.value: (key, value) for key, value in feed.value}
    key, address = keys["url"]
    return _Address(address, key.start_mark.column, has_id="id" in keys)


def _block(feeds: list[dict[str, Any] | str], *, indent: int) -> list[str]:
    yaml = _round_trip()
    yaml.indent(mapping=2, sequence=2, offset=0)
    shown = [
        {**feed, "tags": _flow(yaml, feed["tags"])}
        if isinstance(feed, dict) and "tags" in feed
        else feed
        for feed in feeds
    ]
    return [" " * indent + line for line in _dumped(yaml, shown).splitlines(keepends=True)]


def _flow(yaml: YAML, values: list[str]) -> object:
    # The emitter leaves "?x" plain, which begins a key where it is read.
    sequence = yaml.seq(
        [it if _PLAIN.fullmatch(it) else DoubleQuotedScalarString(it) for it in values]
    )
    sequence.fa.set_flow_style()
    return sequence


def _round_trip() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: YAML, document: object) -> str:
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def _write(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` whole or not at all, keeping its permissions."""
    target = path.resolve()  # a link stays a link
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
