"""When and how a feed is asked again: pure functions of its state, what came back, and the time.

Each says its reasons; ``docs/explanation/polling.md`` has the policy with its numbers and sources.

* ``asking``: which address, and on which condition.
* ``rhythm``: the interval that the feed's own entries suggest.
* ``gaps``: whether a poll may have missed entries.
* ``wishes``: what the server and the document ask for.
* ``plan``: the moment that comes of all that, within bounds, and why.
* ``moves``: permanent redirects, and when they are believed.
* ``success`` and ``faults``: the feed's next state; ``learn`` chooses between them.
"""

from ingest.feeds.cadence.asking import Request, body_hash, is_same_body, request_for
from ingest.feeds.cadence.faults import after_fault, weight
from ingest.feeds.cadence.learn import learn, learn_push
from ingest.feeds.cadence.learnt import Learnt
from ingest.feeds.cadence.success import after_success

__all__ = [
    "Learnt",
    "Request",
    "after_fault",
    "after_success",
    "body_hash",
    "is_same_body",
    "learn",
    "learn_push",
    "request_for",
    "weight",
]
