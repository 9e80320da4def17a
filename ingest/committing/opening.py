"""The ledger of a data folder, opened by whoever writes articles."""

from pathlib import Path

from ingest.config import Config
from ingest.dedup.signature import SCHEME
from ingest.errors import NewsfoldError
from storage.lake.layout import Layout
from storage.ledger.base import Ledger
from storage.ledger.sqlite import SqliteLedger

LEDGER = Path("state") / "ledger.db"


def open_ledger(config: Config) -> SqliteLedger:
    """Open the ledger of the data folder, made as needed; close it.

    Raises:
        NewsfoldError: the store was signed under another fold scheme, or has lost its ledger.
    """
    config.data.mkdir(parents=True, exist_ok=True)
    path = config.data / LEDGER
    if lost := Layout(config.data).lost_ledger():
        raise NewsfoldError(lost)
    ledger = SqliteLedger(path, retention=config.dedup.window)
    try:
        _check_scheme(ledger, config)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _check_scheme(ledger: Ledger, config: Config) -> None:
    """Refuse to compare signatures that cannot be compared: a mismatch finds nothing, silently."""
    stored = ledger.fold_scheme()
    if stored is None:
        ledger.set_fold_scheme(SCHEME)
    elif stored != SCHEME:
        raise NewsfoldError(
            f"{config.data}: its articles are signed under {stored}, this version signs under "
            f"{SCHEME}; `newsfold refold` signs them anew"
        )
