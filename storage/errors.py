"""Errors of reading a store, told to the person as they are.

::

    StoreError             there is no store in the folder, or it cannot be read
    ├── DamagedLedgerError what should be its ledger cannot be read as one
    └── QueryError         a query or a search asks for something that cannot be had
        ├── QueryTimeout   it took longer than it was allowed
        └── QueryTooBig    it needs more memory than it is allowed

    UnreadablePartWarning  (a warning) an answer lacks what is in files that cannot be read
"""


class StoreError(Exception):
    """A store cannot be read. The message says why and what to do."""

    exit_code = 1


class UnreadablePartWarning(UserWarning):
    """An answer lacks the rows of files that cannot be read. The message names them."""


class DamagedLedgerError(StoreError):
    """The ledger's file is damaged; `newsfold store repair` makes another one."""


class QueryError(StoreError):
    """A query or a search was refused or is wrong. The message names the nearest right thing."""

    exit_code = 2


class QueryTimeout(QueryError):  # noqa: N818 - the name says it all
    """A query was stopped because its time was up."""

    exit_code = 1


class QueryTooBig(QueryError):  # noqa: N818 - the name says it all
    """A query was stopped because it needs more memory than one may have."""

    exit_code = 1
