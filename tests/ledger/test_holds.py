from datetime import timedelta

from storage.ledger.base import Ledger
from tests.ledger.values import HOUR, NOON


def test_a_hold_is_kept_until_it_is_over(ledger: Ledger) -> None:
    ledger.hold_host("a.example", NOON + HOUR, at=NOON)
    ledger.hold_host("b.example:8080", NOON + 2 * HOUR, at=NOON)
    both = {"a.example": NOON + HOUR, "b.example:8080": NOON + 2 * HOUR}
    assert ledger.held_hosts(NOON) == both
    assert ledger.held_hosts(NOON + HOUR) == {"b.example:8080": NOON + 2 * HOUR}
    assert ledger.held_hosts(NOON + 2 * HOUR) == {}


def test_a_shorter_hold_does_not_end_a_longer_one(ledger: Ledger) -> None:
    ledger.hold_host("a.example", NOON + 2 * HOUR, at=NOON)
    ledger.hold_host("a.example", NOON + HOUR, at=NOON)
    assert ledger.held_hosts(NOON) == {"a.example": NOON + 2 * HOUR}


def test_a_hold_that_a_wrong_clock_set_is_none_and_makes_place(ledger: Ledger) -> None:
    ledger.hold_host("a.example", NOON + timedelta(days=400), at=NOON + timedelta(days=399))
    assert ledger.held_hosts(NOON) == {}
    ledger.hold_host("a.example", NOON + HOUR, at=NOON)
    assert ledger.held_hosts(NOON) == {"a.example": NOON + HOUR}
