"""How what stands at an address is told: a feed's document, or why there is none."""

from ingest.cli.output import say
from ingest.probing.probe import Probe
from ingest.types import Fault, ParsedFeed


def parsed_record(probe: Probe, parsed: ParsedFeed) -> dict[str, object]:
    """Return what a feed's document is, as a record."""
    return {
        "format": parsed.format,
        "entries": len(parsed.entries),
        "newest": probe.newest,
        "flaw": parsed.flaw,
    }


def about(probe: Probe, parsed: ParsedFeed) -> str:
    """Return in words what a feed's document is."""
    count = say.plural(len(parsed.entries), "entry", "entries")
    newest = f", the newest of {probe.newest:%Y-%m-%d %H:%M}" if probe.newest else ""
    return f"{parsed.format}, {count}{newest}"


def trouble(fault: Fault) -> str:
    """Return a fault in words."""
    status = f" ({fault.status})" if fault.status and str(fault.status) not in fault.detail else ""
    return say.said(f"{fault.reason}{status}: {fault.detail}").plain
