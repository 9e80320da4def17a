"""From values to what a database keeps, and back without loss. No database is known here."""

import hashlib
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import uuid4

import msgspec

from storage.errors import StoreError
from storage.model import Article, Duplicate, OutcomeChange, Poll, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHECKSUM_BYTES = 8

_KINDS: Mapping[str, type[Row]] = MappingProxyType(
    {"articles": Article, "duplicates": Duplicate, "polls": Poll, "outcomes": OutcomeChange}
)
_ENCODER = msgspec.msgpack.Encoder()
_DECODERS = {table: msgspec.msgpack.Decoder(kind) for table, kind in _KINDS.items()}


def micros(time: datetime) -> int:
    """Return a time as microseconds since 1970, UTC. Exact."""
    return (time - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """Return the UTC time that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def new_id(at: datetime) -> str:
    """Return an id that no other process makes and that sorts by ``at``. Fit for a file's name."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:8]}"


def pack_bands(bands: tuple[int, ...]) -> bytes:
    """Return signed 64-bit integers as bytes, little endian."""
    return struct.pack(f"<{len(bands)}q", *bands)


def unpack_bands(packed: bytes) -> tuple[int, ...]:
    """Return what ``pack_bands`` was given."""
    return struct.unpack(f"<{len(packed) // 8}q", packed)


def key_of(name: str) -> int:
    """Return a signed 64-bit hash of a story's id or of a content hash."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def pack_row(table: str, row: Row) -> tuple[bytes, bytes]:
    """Return a row as MessagePack, and the checksum of that."""
    body = _ENCODER.encode(row)
    return body, _checksum(table, body)


def unpack_row(table: str, body: bytes, checksum: bytes) -> Row:
    """Return a row of ``table`` as it was packed.

    Raises:
        StoreError: it is not what was packed. SQLite itself does not see flipped bits.
    """
    if _checksum(table, body) != checksum:
        raise StoreError(f"a journal row of {table} is damaged: its checksum does not match")
    return _DECODERS[table].decode(body)


def _checksum(table: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES, person=table.encode()).digest()
