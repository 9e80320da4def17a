"""What the store cannot do by itself: sign texts and pack entries as a crawl does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from storage.model import EntryState, Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """``scheme`` names how ``sign`` makes the fingerprint of a text on a site under a title.

    ``version`` names a text among those of its article, ``aliases`` are the forms of URLs by which
    an article is asked for, ``payload`` is what an entry waits with that is known by this alone.
    """

    scheme: str
    sign: Callable[[str, str, str | None], Fingerprint]
    version: Callable[[Fingerprint], str]
    aliases: Callable[[Iterable[str]], tuple[str, ...]]
    payload: Callable[[EntryState], bytes]
