"""One request and its answer: what is sent, what is read, and what is refused unread."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

import httpcore
import httpx

from ingest.clock import Clock
from ingest.fetch.decode import GZIP_MAGIC, BoundedBody, gunzipped
from ingest.fetch.faults import TROUBLES, TroubleError, fault_of_status, root_cause
from ingest.fetch.redirects import KEEP_METHOD, REDIRECTS, redirect_target
from ingest.fetch.transport import ended_early
from ingest.text import clean_line
from ingest.types import Fault, Validators
from storage.model import Reason

NOT_MODIFIED = 304
_LONGEST_WORDS = 200
# Of these a second one has no meaning; all others are lists (RFC 9110 section 5.3).
_SINGLE = frozenset(
    {"age", "content-length", "content-type", "date", "etag", "expires", "last-modified"}
    | {"location", "retry-after"}
)
# RFC 9110 section 5.5: visible characters and obs-text, with blanks between them.
_FIELD_VALUE = re.compile(rb"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is wanted of an address, whichever hop answers in the end.

    ``wanted`` are the statuses whose body is read, up to ``limit`` bytes: a longer one is a
    fault, or with ``cut`` read so far and no further. With ``opens_gzip``, a body that is itself a
    gzip file (``sitemap.xml.gz``, whatever type it is sent as) is opened, within the same limit.
    A ``form`` is sent by POST, and only on to where a redirect keeps it one (RFC 9110 sections
    15.4.8 and 15.4.9).
    """

    headers: tuple[tuple[bytes, bytes], ...]
    wanted: frozenset[int]
    limit: int
    max_redirects: int
    cut: bool = False
    opens_gzip: bool = False
    obeys_robots: bool = False
    form: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer of a status that was wanted, or a 304 to a conditional request.

    ``sent`` are the headers of the request.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    wire_bytes: int
    conditional: bool = False
    sent: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """A redirect, its body unread."""

    status: int
    url: httpx.URL


class Exchange:
    """Sends requests over a transport and reads their answers."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, *, clock: Clock, connect_timeout: timedelta
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._extensions = {"timeout": {"connect": connect_timeout.total_seconds()}}

    async def __call__(
        self, errand: Errand, url: httpx.URL, validators: Validators
    ) -> Answer | Onward | Fault:
        """Send one request and read what it is answered.

        Args:
            errand: What is wanted.
            url: The address of this hop.
            validators: What makes the request conditional at this hop.

        Returns:
            The answer, where it leads on to, or the fault that its status stands for.

        Raises:
            TroubleError: The answer cannot be had or is refused; so also for all ``TROUBLES``.
        """
        conditions = _conditions(validators)
        request = httpx.Request(
            "GET" if errand.form is None else "POST",
            url,
            headers=[*errand.headers, *conditions],
            content=errand.form,
            extensions=self._extensions,
        )
        response = await self._transport.handle_async_request(request)
        try:
            headers = _headers(response)
            status = response.status_code
            if status in (REDIRECTS if errand.form is None else KEEP_METHOD):
                locations = [v for k, v in response.headers.raw if k.lower() == b"location"]
                return Onward(status=status, url=redirect_target(url, status, locations))
            if status in errand.wanted:
                answer = await _read(response, headers, errand)
                return replace(answer, conditional=bool(conditions), sent=_sent(request))
            if status == NOT_MODIFIED and conditions:
                # Read to its end, which is here, so that the connection can be used again; raw, or
                # a Content-Encoding that promises something would have httpx unpack nothing.
                async for _ in response.aiter_raw():
                    pass
                return Answer(
                    status=status, headers=headers, body=b"", wire_bytes=0, conditional=True
                )
            fault = fault_of_status(status, headers, self._clock())
            if errand.form is None or not (said := await _said(response, headers, errand)):
                return fault
            return replace(fault, detail=f"{fault.detail}: {said}")
        finally:
            await response.aclose()


async def _read(response: httpx.Response, headers: dict[str, str], errand: Errand) -> Answer:
    announced = int(headers.get("content-length", "0"))
    if announced > errand.limit and not errand.cut:
        raise TroubleError(
            Reason.TOO_LARGE, f"announces {announced} bytes, of at most {errand.limit}"
        )
    body = BoundedBody(headers.get("content-encoding", ""), limit=errand.limit, cut=errand.cut)
    try:
        async for chunk in response.aiter_raw():
            body.feed(chunk)
            if body.full:
                break
    except httpcore.ReadError as error:
        raise TroubleError(
            Reason.TRUNCATED, f"broke after {body.wire_bytes} bytes: {root_cause(error)}"
        ) from error
    except httpcore.RemoteProtocolError as error:
        if ended_early(response):
            raise TroubleError(Reason.TRUNCATED, str(error)) from error
        raise
    whole = body.finish()
    if errand.opens_gzip and whole.startswith(GZIP_MAGIC):
        whole = gunzipped(whole, limit=errand.limit)
    return Answer(
        status=response.status_code,
        headers=headers,
        body=whole,
        wire_bytes=body.wire_bytes,
    )


async def _said(response: httpx.Response, headers: dict[str, str], errand: Errand) -> str:
    """Return how a refusal explains itself, if it does so in plain text."""
    if not headers.get("content-type", "").lower().startswith("text/plain"):
        return ""
    try:
        answer = await _read(response, headers, errand)
    except TROUBLES:
        return ""
    return clean_line(answer.body.decode("utf-8", "replace"))[:_LONGEST_WORDS]


def _sent(request: httpx.Request) -> tuple[tuple[str, str], ...]:
    return tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw)


def _headers(response: httpx.Response) -> dict[str, str]:
    """Return the headers by lower-case name; latin-1, which keeps every byte as it was."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name not in _SINGLE:
            headers[name] += f", {value}"
    return headers


def _conditions(validators: Validators) -> list[tuple[bytes, bytes]]:
    """Return the headers of a conditional request (RFC 9110 section 13.1).

    A validator that no server can have sent is left out rather than sent mangled.
    """
    conditions = []
    for name, value in (
        (b"If-None-Match", validators.etag),
        (b"If-Modified-Since", validators.last_modified),
    ):
        try:
            raw = (value or "").encode("latin-1")
        except UnicodeEncodeError:
            continue
        if _FIELD_VALUE.fullmatch(raw):
            conditions.append((name, raw))
    return conditions
