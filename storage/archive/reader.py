"""What the archive holds, read back: whole records alone, also of a file that is being written."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from warcio.archiveiterator import ArchiveIterator
from warcio.limitreader import LimitReader

from storage.archive.members import whole_length
from storage.archive.writer import FOLDER, OPEN

_MOST_BODY: Final = 64 * 1024 * 1024
_MOST_ABOUT: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A capture as it stands in a file: ``length`` bytes from ``offset`` on."""

    url: str
    at: datetime
    status: int
    content_type: str
    body: bytes
    about: Mapping[str, Any] = field(default_factory=dict)
    offset: int
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A file cannot be read beyond so many bytes."""

    file: Path
    offset: int


def archive_files(root: Path) -> list[Path]:
    """Return the archive's files under a data folder, oldest first."""
    found = [*(root / FOLDER).glob("dt=*/*.warc.gz"), *(root / FOLDER).glob(f"dt=*/*{OPEN}")]
    return sorted(found, key=lambda file: (file.parent.name, file.name))


def captures(file: Path, *, bodies: bool = True) -> Iterator[Kept | Damage]:
    """Yield a file's captures in order, and last where it is damaged.

    Half a record at the end of a file that is being written is no damage. Without ``bodies`` they
    are left empty.
    """
    length = whole_length(file)
    with file.open("rb") as raw:
        records = ArchiveIterator(LimitReader(raw, length))
        open_one: Kept | None = None
        record_id = None
        for record in records:
            headers = record.rec_headers
            kind = record.rec_type
            if kind == "response":
                begun = _response(record, bodies=bodies)
            elif kind == "metadata" and headers.get_header("WARC-Concurrent-To") == record_id:
                about = _about(record.content_stream().read(_MOST_ABOUT))
                open_one = replace(open_one, about=about) if open_one else None
            span = (records.get_record_offset(), records.get_record_length())
            if kind == "response":
                if open_one is not None:
                    yield open_one
                record_id = headers.get_header("WARC-Record-ID")
                open_one = replace(begun, offset=span[0], length=span[1])
            elif open_one is not None and headers.get_header("WARC-Concurrent-To") == record_id:
                open_one = replace(open_one, length=sum(span) - open_one.offset)
        if open_one is not None:
            yield open_one
    if not file.name.endswith(OPEN) and length < file.stat().st_size:
        yield Damage(file=file, offset=length)


def _response(record: Any, *, bodies: bool) -> Kept:  # noqa: ANN401 - warcio has no types
    http = record.http_headers
    return Kept(
        url=record.rec_headers.get_header("WARC-Target-URI") or "",
        at=datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")).astimezone(UTC),
        status=int(http.get_statuscode()),
        content_type=http.get_header("content-type") or "",
        body=record.content_stream().read(_MOST_BODY) if bodies else b"",
        offset=0,
    )


def _about(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
