"""Which faults are final, which are our own refusals, and which deserve another try."""

from datetime import timedelta

from ingest.config import RetrySettings
from ingest.settle.finding import Postponed, Refused
from ingest.text import clean_line
from ingest.types import Fault
from storage.model import Outcome, Reason

# Not errors: a rule says that this page is not to be had, or is no article.
REFUSALS = frozenset(
    {
        Reason.ROBOTS_DISALLOWED,
        Reason.ADDRESS_REFUSED,
        Reason.NOT_HTML,
        Reason.NOT_AN_ARTICLE,
        Reason.BAD_URL,
    }
)

# Faults that the same request may well not meet again.
PASSING = frozenset(
    {
        Reason.DNS_FAILED,
        Reason.CONNECT_FAILED,
        Reason.TLS_FAILED,
        Reason.DEADLINE,
        Reason.PROTOCOL_ERROR,
        Reason.TRUNCATED,
        Reason.HTTP_SERVER_ERROR,
        Reason.HTTP_TOO_MANY_REQUESTS,
        Reason.ROBOTS_UNREACHABLE,
        Reason.ON_HOLD,
        Reason.INTERNAL_ERROR,
    }
)

# The server's own wish, or a rule about the whole host: not this page's fault.
ASKED_TO_WAIT = frozenset(
    {Reason.ON_HOLD, Reason.HTTP_TOO_MANY_REQUESTS, Reason.ROBOTS_UNREACHABLE}
)

# Tries of a page whose host asks for patience; with the waits doubled, these take days.
PATIENCE = 12

LONGEST_WAIT = timedelta(days=1)
MOST_DOUBLINGS = 16
NONE = timedelta()


def judge(fault: Fault, *, attempts: int, retry: RetrySettings) -> Refused | Postponed:
    """Say what a fault means for an entry that has had ``attempts`` tries before this one.

    The wait doubles with each try up to a day, and is no shorter than the server asked for.
    """
    if fault.reason in REFUSALS:
        return Refused(outcome=Outcome.SKIPPED, reason=fault.reason, detail=fault.detail)
    tries = attempts + 1
    patience = max(retry.attempts, PATIENCE if fault.reason in ASKED_TO_WAIT else 0)
    if fault.reason in PASSING and tries < patience:
        wait = max(retry.backoff * 2 ** min(attempts, MOST_DOUBLINGS), fault.retry_after or NONE)
        return Postponed(reason=fault.reason, detail=fault.detail, wait=min(wait, LONGEST_WAIT))
    detail = fault.detail if tries == 1 else f"{fault.detail} (given up after {tries} tries)"
    return Refused(outcome=Outcome.FAILED, reason=fault.reason, detail=detail)


def internal_error(bug: Exception) -> Fault:
    """Return the fault that a mistake of ours is told as."""
    return Fault(reason=Reason.INTERNAL_ERROR, detail=clean_line(f"{type(bug).__name__}: {bug}"))
