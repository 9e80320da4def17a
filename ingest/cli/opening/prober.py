"""What looks at feeds and pages on the web and stores nothing, opened for a command."""

from contextlib import AbstractAsyncContextManager

from ingest import app
from ingest.cli.context import Context
from ingest.cli.opening.folder import asked
from ingest.clock import system_clock
from ingest.config import Config, FetchSettings, WorkerSettings
from ingest.probing.probe import Prober


def open_prober(
    context: Context, config: Config | None
) -> AbstractAsyncContextManager[Prober, bool | None]:
    """Open what looks at feeds: by the defaults without a configuration.

    Hosts that asked a crawl to be left alone are left alone.
    """
    if config is None:
        return app.open_prober(FetchSettings(), WorkerSettings(), clock=system_clock, holds={})
    now = system_clock()
    holds = asked(context, lambda ledger: ledger.held_hosts(now)) or {}
    return app.open_prober(config.fetch, config.workers, clock=system_clock, holds=holds)
