"""``newsfold`` and ``python -m ingest``."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # Worker processes import this module as their main one; they need none of the commands.
    from ingest.cli.root import run  # noqa: PLC0415

    sys.exit(run())


if __name__ == "__main__":
    main()
