"""Judges every rule and draws the table."""

import asyncio
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.conformance import manners, timing, validators
from tests.conformance.stage import RULES, Rule, Stage, Verdict

CHAPTERS = (validators, timing, manners)
"""Read for the rules they add."""

AT_ONCE = 6
"""Rules judged side by side: each mostly waits for the processes it starts and ends."""


async def judge_all(rules: Sequence[Rule] = RULES) -> list[tuple[Rule, Verdict]]:
    """Judge the rules, each on a stage of its own."""
    room = asyncio.Semaphore(AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="newsfold-conformance-") as folder:

        async def judged(number: int, rule: Rule) -> tuple[Rule, Verdict]:
            async with room:
                return rule, await _judged(rule, Path(folder) / str(number))

        return await asyncio.gather(*(judged(*numbered) for numbered in enumerate(rules)))


async def _judged(rule: Rule, folder: Path) -> Verdict:
    async with Stage(folder) as stage:
        try:
            return await rule.judge(stage)
        except (IndexError, KeyError, ValueError) as error:
            # The rule looked for requests that were not made.
            return Verdict(kept=False, evidence=f"could not be judged: {error!r}")


def table(found: Iterable[tuple[Rule, Verdict]]) -> str:
    """Return the verdicts as Markdown."""
    rows = [
        f"| {'yes' if verdict.kept else '**no**'} | {rule.name} | {rule.source} "
        f"| {verdict.evidence.replace('|', '/')} |"
        for rule, verdict in found
    ]
    return "\n".join(["| kept | rule | source | seen |", "| --- | --- | --- | --- |", *rows])
