"""What a poll comes to."""

from dataclasses import dataclass

from storage.model import FeedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A feed's state after a poll, and what is to be told of the poll beyond it.

    ``events`` are sentences. ``gap`` is set where entries may have come and gone since the poll
    before.
    """

    state: FeedState
    events: tuple[str, ...] = ()
    gap: bool = False
