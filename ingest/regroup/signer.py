"""Texts signed and entries packed as a crawl does, for a store that mends its ledger."""

from collections.abc import Iterable

from ingest.articles.urls import canonical_url
from ingest.articles.wrappers import unwrapped
from ingest.dedup.passages import version
from ingest.dedup.signature import SCHEME, fingerprint
from ingest.feeds.diff import pack
from ingest.types import ParsedEntry
from storage.model import EntryState, Fingerprint
from storage.repair.signer import Signer


def _sign(text: str, site: str, title: str | None) -> Fingerprint:
    return fingerprint(text, site=site, title=title)


def _aliases(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonical_url(unwrapped(url)) for url in urls))


def _payload(entry: EntryState) -> bytes:
    return pack(ParsedEntry(guid=entry.guid, link=entry.url, title=entry.title))


SIGNER = Signer(scheme=SCHEME, sign=_sign, version=version, aliases=_aliases, payload=_payload)
