"""``make conformance``: the poller's manners, rule by rule; exits 1 if one is broken."""

import asyncio
import sys

from tests.conformance.report import judge_all, table


def main() -> int:
    """Judge and print."""
    found = asyncio.run(judge_all())
    kept = sum(verdict.kept for _, verdict in found)
    sys.stdout.write(f"{table(found)}\n\n{kept} of {len(found)} rules kept\n")
    return int(kept < len(found))


if __name__ == "__main__":
    sys.exit(main())
