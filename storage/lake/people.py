"""What people decided, in a file beside the tables: it outlasts a ledger that is lost.

The file is written anew whenever it is not what the ledger says. A kill before that costs nothing
as long as the ledger stands, and whoever decides or looks after the store next makes up for it.
"""

from collections.abc import Iterator

from storage.fs import Files
from storage.lake.layout import Layout
from storage.ledger.base import Ledger


def keep_people(layout: Layout, ledger: Ledger, files: Files) -> bool:
    """Write the file unless it is as it should be; tell whether it was written.

    Its user holds the flush lock.

    Raises:
        OSError: the disk is full or refuses.
    """
    if not is_outdated(layout, ledger):
        return False
    scratch = layout.tmp / layout.people.name
    files.make_folders(layout.tmp)
    with files.create(scratch) as file:
        file.write(_content(ledger))
    files.sync(scratch)
    files.rename(scratch, layout.people)
    files.sync_folders(layout.root, root=layout.root)
    return True


def is_outdated(layout: Layout, ledger: Ledger) -> bool:
    """Whether the file is not what the ledger says; where nothing was decided none is needed."""
    return b"".join(lines(layout)) != _content(ledger)


def lines(layout: Layout) -> Iterator[bytes]:
    """Yield the file's lines; none if there is no file."""
    if layout.people.is_file():
        with layout.people.open("rb") as file:
            yield from file


def _content(ledger: Ledger) -> bytes:
    return "".join(f"{line}\n" for line in ledger.people.lines()).encode()
