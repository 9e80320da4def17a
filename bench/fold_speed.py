"""How fast the fold is, beside datasketch: ``python bench/fold_speed.py [--million]``.

Printed are ratios of what ran in this one process tree, on this machine, at this hour:

* *signatures*: from text to its MinHash, beside datasketch's own ways to one from the same text's
  shingles; and to the whole fingerprint (the content hash, passages, numbers, bands, the lead's
  signature and the sample as well); in processor time.
* *the index*: stored are 100,000 documents (1,000,000 with ``--million``), loaded in bulk and not
  measured; then some thousands more are looked for and added. *settle* is the pipeline's whole
  step, ``ingest.settle`` in transactions of 64, each durable when it counts: the decision, and the
  entry, article, aliases and rows it writes. *the fold's part* leaves out what a crawler would
  write without a fold: it looks for its site's notices and for copies, decides, and commits the
  article's fingerprint. datasketch queries and inserts, of the same signatures with the same 42
  bands of 3; it need not verify what it finds, nor keep anything on the disk.
* *reopening*: a process is killed (SIGKILL) while it adds; another opens what it left and asks.

Documents are like news in length (about 400 words) and in how often words recur (Zipf); one in
twenty is an edited copy of an earlier one. Each contender runs in a process of its own, so that its
memory can be told: anonymous memory is its own, of files the system can take back what it lent.
"""

import argparse
import contextlib
import gc
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

import numpy as np
from datasketch import LeanMinHash, MinHash, MinHashLSH
from fold_documents import NOW, announce, entry, stored, texts
from measure import Result, in_child, memory, observed, timed

from ingest.config import RetrySettings
from ingest.dedup.bands import BANDS, ROWS
from ingest.dedup.decision import FoldRules
from ingest.dedup.shingles import SHINGLE_SIZE, fold, shingles, token_hashes
from ingest.dedup.signature import PERMUTATIONS, fingerprint, signature
from ingest.settle import Circumstances, settle_all
from ingest.settle.case import Case
from ingest.settle.decided import decided
from ingest.settle.signing import residue_of
from storage.ledger import articles
from storage.ledger.base import LedgerWriter
from storage.ledger.sqlite import SqliteLedger
from storage.model import (
    Fingerprint,
    StoredArticle,
)

RUN = Circumstances(
    run_id="bench",
    rules=FoldRules(),
    window=timedelta(days=90),
    fold=True,
    keep_duplicate_text=False,
    retry=RetrySettings(),
)
ENTRY = entry(0)
GROUP = 64
REDIS_STORED, REDIS_MEASURED = 2_000, 300


def shingled(text: str) -> set[bytes]:
    """Return a text's shingles as datasketch is given them."""
    tokens = text.split()
    last = len(tokens) - SHINGLE_SIZE + 1
    return {" ".join(tokens[n : n + SHINGLE_SIZE]).encode() for n in range(last)}


def by_update(text: str) -> None:
    """Make a MinHash shingle by shingle."""
    minhash = MinHash(num_perm=PERMUTATIONS)
    for shingle in shingled(text):
        minhash.update(shingle)


def signatures(sample: Sequence[str]) -> dict[str, float]:
    """Return texts a second of each way to a signature."""
    for text in sample:
        fingerprint(text)  # what is looked up is made at the first
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: [signature(shingles(token_hashes(fold(it)))) for it in sample],
        "MinHash.bulk": lambda: MinHash.bulk(map(shingled, sample), num_perm=PERMUTATIONS),
        "update()": lambda: [by_update(it) for it in sample],
        "whole fingerprint": lambda: [fingerprint(it) for it in sample],
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(3):  # in turns: what else the machine does then touches all alike
        for name, way in ways.items():
            best[name] = max(best[name], timed(way, len(sample), clock=time.process_time))
    return best


def load_ledger(path: Path, prints: Sequence[Fingerprint]) -> None:
    """Put documents in a new ledger and its index."""
    ledger = SqliteLedger(path)
    numbered = enumerate(prints)
    while some := list(islice(numbered, 2_048)):
        with ledger._fold.transaction() as db:
            for number, print_ in some:
                place = stored(number, print_)
                ledger._fold.add(articles.put(db, place), place)
    ledger._fold.settle()
    ledger.maintain(at=NOW)
    ledger.close()


def whole(path: Path, first: int, more: Sequence[str]) -> Result:
    """Measure the pipeline's whole step."""
    before = memory()
    ledger = SqliteLedger(path)
    waiting = [(state, found, NOW) for state, found in announce(ledger, first, more)]

    def work() -> None:
        for begin in range(0, len(waiting), GROUP):
            with ledger.writing() as writer:
                settle_all(writer, waiting[begin : begin + GROUP], RUN)

    result = observed(work, len(more), before)
    ledger.close()
    return result


def part(path: Path, first: int, prints: Sequence[Fingerprint]) -> Result:
    """Measure what the fold adds to a crawler: looking, deciding, and keeping the fingerprint."""
    places = [stored(first + number, print_) for number, print_ in enumerate(prints)]
    gc.freeze()  # what the benchmark holds is no burden to what it measures
    before = memory()
    ledger = SqliteLedger(path)

    def work() -> None:
        for begin in range(0, len(places), GROUP):
            with ledger.writing() as writer:
                group = places[begin : begin + GROUP]
                writer.expect([place.fingerprint for place in group])
                for place in group:
                    look(writer, place)
                    ledger._fold.add(articles.put(writer._db, place), place)

    result = observed(work, len(places), before)
    ledger.close()
    return result


def look(writer: LedgerWriter, place: StoredArticle) -> None:
    """Decide on a document as ``ingest.settle`` does, having looked for its site's notices."""
    case = Case(ledger=writer, state=ENTRY, at=NOW, run=RUN)
    headlines = RUN.rules.headlines
    assert not residue_of(writer, place.fingerprint, since=case.since, headlines=headlines)
    decided(case, place)


def datasketch(
    prints: Sequence[Fingerprint], more: Sequence[Fingerprint], redis: int | None = None
) -> Result:
    """Measure datasketch's index, in memory or on a Redis at a port of this host."""
    storage = {"type": "dict"}
    if redis is not None:
        storage = {
            "type": "redis",
            "basename": b"fold",
            "redis": {"host": "127.0.0.1", "port": redis},
        }
    asked = [minhash_of(print_) for print_ in more]
    gc.freeze()
    before = memory()
    lsh = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS), storage_config=storage)
    with lsh.insertion_session() as session:
        for number, print_ in enumerate(prints):
            session.insert(str(number), minhash_of(print_))

    def work() -> None:
        for number, minhash in enumerate(asked, len(prints)):
            lsh.query(minhash)
            lsh.insert(str(number), minhash)

    return observed(work, len(more), before)


def minhash_of(print_: Fingerprint) -> LeanMinHash:
    """Return a signature as datasketch has it."""
    values = np.frombuffer(print_.signature, "<u4")
    return LeanMinHash(seed=1, hashvalues=values, scheme="affine32")


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[int | None]:
    """Run Debian's Redis, all in memory, on a loopback port; ``None`` if it is not installed."""
    command = shutil.which("redis-server")
    if command is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen([command, *options], stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()


def reopening(path: Path, first: int, prints: Sequence[Fingerprint]) -> float:
    """Return how many seconds a process needs to open what a killed one left, and to ask it."""
    child = os.fork()
    if not child:
        part(path, first, prints)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    asked = stored(first, prints[0])

    def reopen() -> float:
        begin = time.perf_counter()
        ledger = SqliteLedger(path)
        with ledger.writing() as writer:
            look(writer, asked)
        return time.perf_counter() - begin

    return min(in_child(reopen) for _ in range(3))


def main() -> None:
    """Run all contenders and print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--million", action="store_true", help="store 1,000,000 documents first")
    options.add_argument("--stored", type=int, default=100_000, help="documents stored first")
    options.add_argument("--measured", type=int, default=5_000, help="documents measured")
    options.add_argument("--folder", type=Path, help="where to make the ledger (and remove it)")
    chosen = options.parse_args()
    count = 1_000_000 if chosen.million else chosen.stored
    speeds = signatures(list(texts(300, seed=1)))
    print(f"{'text to signature':34}{'a second':>10}{'ours is':>10}{'wanted':>9}")
    for name, wanted in {
        "ours": "",
        "MinHash.bulk": "4.5",
        "update()": "25",
        "whole fingerprint": "",
    }.items():
        ratio = f"{speeds['ours'] / speeds[name]:.1f} x"
        print(f"{name:34}{speeds[name]:10,.0f}{ratio:>10}{wanted:>9}")

    more = list(texts(chosen.measured, seed=3))
    fresh = [fingerprint(text) for text in more]
    prints = [fingerprint(text) for text in texts(count, seed=2)]
    gc.freeze()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        path = folder / "state" / "ledger.db"
        in_child(lambda: load_ledger(path, prints))
        size = sum(file.stat().st_size for file in path.parent.glob("fold/*.fold"))
        peer = in_child(lambda: datasketch(prints, fresh))
        fold = in_child(lambda: part(path, count, fresh))
        step = in_child(lambda: whole(path, count + len(fresh), more))
        title = f"index, {count:,} stored"
        print(f"\n{title:34}{'a second':>10}{'ours is':>10}{'wanted':>9}", end="")
        print(f"{'CPU us':>8}{'anonymous MB':>14}{'of files MB':>13}")
        row("datasketch in memory", peer, fold, "0.5")
        with redis_server(folder) as port:
            if port is None:
                print(f"{'datasketch on Redis':34}{'absent: redis-server is not installed':>40}")
            else:
                few, some = prints[:REDIS_STORED], fresh[:REDIS_MEASURED]
                row(
                    f"datasketch on Redis ({REDIS_STORED:,} stored)",
                    in_child(lambda: datasketch(few, some, port)),
                    fold,
                    "20",
                )
        row("the fold's part", fold, fold, "")
        row("settle, the whole step", step, fold, "")
        share = fold.anonymous / peer.anonymous
        print(f"\nanonymous memory: {share:.1%} of datasketch's (wanted: at most 5 %);", end=" ")
        print(f"segment files: {size / max(1, count):,.0f} bytes a document")
        seconds = reopening(path, count + 2 * len(fresh), fresh)
        print(f"reopening after kill -9: {seconds:.3f} s (wanted: at most 0.1 s)")


def row(name: str, of: Result, ours: Result, wanted: str) -> None:
    """Print a contender's line."""
    ratio = f"{ours.rate / of.rate:.2f} x"
    print(f"{name:34}{of.rate:10,.0f}{ratio:>10}{wanted:>9}", end="")
    print(f"{of.micros:8,.0f}{of.anonymous / 1e6:14,.0f}{of.of_files / 1e6:13,.0f}", flush=True)


if __name__ == "__main__":
    main()
