"""What goes wrong in a request, as ``Fault`` values.

Inside this room trouble travels as exceptions: httpcore's own, and ``TroubleError`` for what
our code finds. ``fault_from`` is the one place that turns them into values.
"""

import os
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpcore

from ingest.http_date import http_date
from ingest.types import Fault
from storage.model import Reason

SHORTEST_HOLD = timedelta(seconds=60)
LONGEST_HOLD = timedelta(hours=24)
# Enough for any time a server could mean; int() itself refuses thousands of digits.
_MOST_DIGITS = 9
_LONGEST_DETAIL = 300

_STATUS_REASONS: Mapping[int, Reason] = {
    401: Reason.HTTP_FORBIDDEN,
    402: Reason.HTTP_FORBIDDEN,
    403: Reason.HTTP_FORBIDDEN,
    404: Reason.HTTP_NOT_FOUND,
    410: Reason.HTTP_GONE,
    429: Reason.HTTP_TOO_MANY_REQUESTS,
    451: Reason.HTTP_FORBIDDEN,
}
_STATUSES_THAT_WAIT = (429, 503)


class TroubleError(Exception):
    """Something our own code found wrong with an address, a name or an answer."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


# Everything that the outside world can raise in a request. Other exceptions are bugs.
TROUBLES: tuple[type[Exception], ...] = (
    TroubleError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


def fault_from(trouble: Exception) -> Fault:
    """Name the fault that one of ``TROUBLES`` stands for."""
    detail = str(trouble) or type(trouble).__name__
    match trouble:
        case TroubleError():
            reason = trouble.reason
        case httpcore.ConnectTimeout():
            reason, detail = Reason.CONNECT_FAILED, "no connection within the time for connecting"
        case httpcore.TimeoutException():
            reason = Reason.DEADLINE
        case httpcore.ConnectError() | httpcore.ReadError() | httpcore.WriteError():
            reason, detail = Reason.CONNECT_FAILED, f"the connection broke: {root_cause(trouble)}"
        case httpcore.ProxyError():
            reason, detail = Reason.CONNECT_FAILED, f"the proxy refused: {detail}"
        case httpcore.LocalProtocolError() | httpcore.UnsupportedProtocol():
            reason, detail = Reason.BAD_URL, f"cannot be asked for over HTTP: {detail}"
        case _:
            reason = Reason.PROTOCOL_ERROR
    return Fault(reason=reason, detail=_tidy(detail))


def _tidy(text: str) -> str:
    """Make a message that quotes a server fit for a log line, a column and a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:_LONGEST_DETAIL])


def root_cause(trouble: BaseException) -> str:
    """Return the innermost cause's message; the layers above only say that something failed."""
    seen = {id(trouble)}
    cause = trouble
    while (deeper := cause.__cause__ or cause.__context__) is not None and id(deeper) not in seen:
        seen.add(id(deeper))
        cause = deeper
    # A kind of OSError whose number is not the system's.
    if isinstance(cause, ssl.SSLError):
        refused = getattr(cause, "verify_message", None)
        return str(refused or (cause.reason or "").replace("_", " ").lower() or cause)
    if isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
        return os.strerror(cause.errno)
    return str(cause) or str(trouble) or type(cause).__name__


def fault_of_status(status: int, headers: Mapping[str, str], now: datetime) -> Fault:
    """Name the fault of an answer whose status is not one that was wanted.

    Args:
        status: The HTTP status.
        headers: The answer's headers by lower-case name.
        now: The time of the answer, used where the server names none.

    Returns:
        The fault, with the server's ``Retry-After`` where it is defined (429 and 503).
    """
    reason = _STATUS_REASONS.get(status)
    if reason is None:
        match status // 100:
            case 4:
                reason = Reason.HTTP_CLIENT_ERROR
            case 5:
                reason = Reason.HTTP_SERVER_ERROR
            case _:
                reason = Reason.HTTP_UNEXPECTED
    wait = retry_after(headers, now) if status in _STATUSES_THAT_WAIT else None
    return Fault(
        reason=reason, detail=f"answered with status {status}", status=status, retry_after=wait
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read ``Retry-After`` (RFC 9110 section 10.2.3): seconds or a date.

    A date is taken relative to the server's own ``Date``, so that a wrong clock on either side
    does not matter.

    Args:
        headers: The answer's headers by lower-case name.
        now: Stands in for a missing ``Date``.

    Returns:
        The wish, between 60 seconds and 24 hours, or ``None`` if there is none to be read.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = int(text[-_MOST_DIGITS:]) if len(text) <= _MOST_DIGITS else 10**_MOST_DIGITS
        wish = timedelta(seconds=seconds)
    else:
        until = http_date(text)
        if until is None:
            return None
        wish = until - (http_date(headers.get("date")) or now)
    return min(max(wish, SHORTEST_HOLD), LONGEST_HOLD)
