"""Every rule is kept: the full score, as ``make conformance`` prints it."""

import asyncio

import pytest

from tests.conformance.report import judge_all, table


@pytest.mark.timeout(900)
def test_every_rule_of_good_manners_is_kept() -> None:
    found = asyncio.run(judge_all())
    broken = [(rule, verdict) for rule, verdict in found if not verdict.kept]
    assert not broken, "\n" + table(broken)
