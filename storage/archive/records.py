"""A fetched page as WARC records (ISO 28500:2017, WARC 1.1), each a gzip member of its own.

A capture is a ``response``, the ``request`` that it answers and a ``metadata`` record with what
was known of the page, concurrent to each other and written side by side.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import Final
from urllib.parse import quote, urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

Headers = tuple[tuple[str, str], ...]

_PROTOCOL: Final = "HTTP/1.1"
# They tell of the body on its way, which is not kept: other archives keep them under this prefix.
_OF_THE_WAY: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_PREFIX: Final = "x-archive-orig-"
_NOT_PLAIN: Final = re.compile(r"[^\t\x20-\x7e]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One page as it was fetched.

    ``body`` is decoded: as it was before its Content-Encoding. ``sent`` and ``headers`` are those
    of the request and of the answer; ``about`` is what else is known of it, as JSON has it.
    """

    url: str
    at: datetime
    status: int
    body: bytes
    headers: Headers = ()
    sent: Headers = ()
    about: Mapping[str, object] = field(default_factory=dict)


def info(filename: str, software: str) -> bytes:
    """Return the ``warcinfo`` record that a file begins with."""
    stream = BytesIO()
    writer = WARCWriter(stream, gzip=True, warc_version="1.1")
    told = {"software": software, "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(filename, told))
    return stream.getvalue()


def packed(capture: Capture) -> bytes:
    """Return a capture's records as they stand in a file."""
    stream = BytesIO()
    writer = WARCWriter(stream, gzip=True, warc_version="1.1")
    date = capture.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    response = writer.create_warc_record(
        capture.url,
        "response",
        payload=BytesIO(capture.body),
        length=len(capture.body),
        warc_headers_dict={"WARC-Date": date},
        http_headers=StatusAndHeaders(
            f"{capture.status} {_phrase(capture.status)}",
            _of_body(capture.headers, len(capture.body)),
            protocol=_PROTOCOL,
        ),
    )
    with_it = {
        "WARC-Date": date,
        "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
    }
    parts = urlsplit(capture.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = writer.create_warc_record(
        capture.url,
        "request",
        warc_headers_dict=dict(with_it),
        http_headers=StatusAndHeaders(
            f"GET {_ascii(target)} {_PROTOCOL}", list(_safe(capture.sent)), is_http_request=True
        ),
    )
    about = json.dumps(capture.about, ensure_ascii=False).encode("utf-8", "replace")
    metadata = writer.create_warc_record(
        capture.url,
        "metadata",
        payload=BytesIO(about),
        length=len(about),
        warc_content_type="application/json",
        warc_headers_dict=dict(with_it),
    )
    for record in (response, request, metadata):
        writer.write_record(record)
    return stream.getvalue()


def _of_body(headers: Headers, length: int) -> list[tuple[str, str]]:
    """Return the answer's headers, true of the body that is kept."""
    kept = [
        (_PREFIX + name if name.lower() in _OF_THE_WAY else name, value)
        for name, value in _safe(headers)
    ]
    return [*kept, ("content-length", str(length))]


def _safe(headers: Headers) -> Iterable[tuple[str, str]]:
    return ((_ascii(name), _ascii(value)) for name, value in headers)


def _ascii(value: str) -> str:
    """Return a header's value with what is not ASCII, or ends a line, in percent-encoding."""
    return _NOT_PLAIN.sub(lambda found: quote(found[0], safe=""), value)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
