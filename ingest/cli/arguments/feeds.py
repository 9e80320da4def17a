"""Which feeds a person means by a word or an address on the command line."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from ingest.config import Config
from ingest.errors import UsageError
from ingest.types import Feed

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def select_feeds(config: Config, words: Sequence[str]) -> tuple[Feed, ...]:
    """Return the feeds named by id, name, tag or URL; all of them if there are no words.

    Raises:
        UsageError: a word names no feed; the message has the nearest that would.
    """
    if not words:
        return config.feeds
    chosen: dict[str, Feed] = {}
    for word in words:
        matches = [feed for feed in config.feeds if word in _names(feed)]
        if not matches:
            raise UsageError(_unknown(config, word))
        chosen.update((feed.id, feed) for feed in matches)
    return tuple(chosen.values())


def _names(feed: Feed) -> tuple[str, ...]:
    return (feed.id, feed.name, feed.url, *feed.tags)


def _unknown(config: Config, word: str) -> str:
    known = sorted({name for feed in config.feeds for name in _names(feed)})
    near = get_close_matches(word, known, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else "; `newsfold feeds list` shows them all"
    return f'no feed has the id, name, tag or URL "{word}"{hint}'


def address(url: str) -> str:
    """Return an address as a person gives it with its scheme; https if there is none."""
    return url if _SCHEME.match(url) else f"https://{url}"
