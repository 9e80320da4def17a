"""Whatever happens to the index and its files, it answers as a plain count of shared bands does."""

from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storage.ledger.base import LedgerWriter
from tests.ledger.fold.desk import ask, files, open_ledger, place, store

BANDS = st.lists(st.integers(-2, 6) | st.sampled_from([2**62, -(2**63)]), max_size=4)
ARTICLES = st.lists(st.tuples(st.sampled_from("abcdefghijkl"), BANDS), min_size=1, max_size=7)


class _Dropped(Exception):  # noqa: N818 - no error
    pass


def _drop(_: LedgerWriter) -> None:
    raise _Dropped


class Folding(RuleBasedStateMachine):
    """Two processes' ledgers on one file beside a plain model: the bands, as written last."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "state" / "ledger.db"
        self.ledgers = [open_ledger(self.path) for _ in range(2)]
        self.bands: dict[str, list[int]] = {}
        self.revisions: Counter[str] = Counter()

    def teardown(self) -> None:
        for ledger in self.ledgers:
            ledger._fold.settle()
            assert ledger.checks() == []
            assert ledger.fold_checks() == []
            ledger.close()
        self.folder.cleanup()

    @rule(which=st.integers(0, 1), articles=ARTICLES)
    def store(self, which: int, articles: list[tuple[str, list[int]]]) -> None:
        store(self.ledgers[which], *self._places(articles))
        for name, bands in articles:
            self.bands.pop(name, None)  # written last: its number is the highest
            self.bands[name] = bands

    @rule(which=st.integers(0, 1), articles=ARTICLES)
    def drop_a_transaction(self, which: int, articles: list[tuple[str, list[int]]]) -> None:
        with suppress(_Dropped):
            store(self.ledgers[which], *self._places(articles), then=_drop)

    def _places(self, articles: list[tuple[str, list[int]]]) -> list:  # type: ignore[type-arg]
        places = []
        for name, bands in articles:
            places.append(place(name, bands, revision=self.revisions[name]))
            self.revisions[name] += 1
        return places

    @rule(which=st.integers(0, 1))
    def start_again(self, which: int) -> None:
        self.ledgers[which].close()
        self.ledgers[which] = open_ledger(self.path)

    @precondition(lambda self: bool(files(self.path)))
    @rule(nth=st.integers(0, 11), keep=st.integers(0, 5000))
    def tear_a_file_and_start_again(self, nth: int, keep: int) -> None:
        for ledger in self.ledgers:
            ledger.close()
        if there := files(self.path):  # how many there are hangs on how far the merging came
            file = there[nth % len(there)]
            file.write_bytes(file.read_bytes()[:keep])
        self.ledgers = [open_ledger(self.path) for _ in range(2)]

    @precondition(lambda self: bool(files(self.path)))
    @rule()
    def lose_the_files_in_use(self) -> None:
        for ledger in self.ledgers:
            ledger._fold.settle()
        for file in files(self.path):
            file.unlink()

    @invariant()
    def each_ledger_finds_those_that_share_bands(self) -> None:
        for which, ledger in enumerate(self.ledgers):
            for asked in ([0, 1, 2**62], list(range(-2, 7)))[which:]:
                shared = {name: len({*bands} & {*asked}) for name, bands in self.bands.items()}
                expected = sorted((n for n in shared if shared[n]), key=lambda n: -shared[n])
                assert ask(ledger, asked, ahead=bool(which)) == expected


TestFolding = Folding.TestCase
TestFolding.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
