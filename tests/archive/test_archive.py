"""The archive keeps whole captures, whatever becomes of the process that writes it."""

import errno
import gzip
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from storage.archive.members import whole_length
from storage.archive.reader import Damage, Kept, archive_files, captures
from storage.archive.records import Capture
from storage.archive.removal import Captures, remove_captures, touched_files
from storage.archive.writer import Archive

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def capture(number: int, *, at: datetime = NOON) -> Capture:
    return Capture(
        url=f"https://example.org/{number}?q=ü",
        at=at,
        status=200,
        body=b"<p>page %d</p>" % number + bytes(range(256)),
        headers=(
            ("content-type", "text/html; charset=latin-1"),
            ("content-encoding", "gzip"),
            ("x-odd", "caf\xe9\r\nx-injected: yes"),
        ),
        sent=(("Host", "example.org"), ("User-Agent", "test")),
        about={"feed_id": "example", "number": number},
    )


def archive(root: Path, run: str = "run", *, max_bytes: int = 1_000_000) -> Archive:
    return Archive(root, run_id=run, software="test", max_bytes=max_bytes)


def kept(root: Path) -> list[Kept]:
    found = [each for file in archive_files(root) for each in captures(file)]
    assert not [each for each in found if isinstance(each, Damage)]
    return [each for each in found if isinstance(each, Kept)]


def test_a_page_comes_back_as_it_was_put(tmp_path: Path) -> None:
    out = archive(tmp_path)
    out.put(capture(1))
    out.close()
    [found] = kept(tmp_path)
    put = capture(1)
    assert (found.url, found.at, found.status) == (put.url, put.at, put.status)
    assert (found.body, found.about) == (put.body, put.about)
    assert found.content_type == "text/html; charset=latin-1"


def test_other_tools_read_the_file_and_its_digests_hold(tmp_path: Path) -> None:
    out = archive(tmp_path)
    for number in range(3):
        out.put(capture(number))
    out.close()
    [file] = archive_files(tmp_path)
    assert file.name.endswith(".warc.gz")
    with file.open("rb") as raw:
        kinds = []
        for record in ArchiveIterator(raw, check_digests="raise"):
            kinds.append(record.rec_type)
            record.content_stream().read()
            if record.rec_type == "response":
                http = record.http_headers
                assert http.get_header("x-archive-orig-content-encoding") == "gzip"
                assert http.get_header("content-encoding") is None
                assert http.get_header("x-injected") is None
    assert kinds == ["warcinfo", *["response", "request", "metadata"] * 3]


def test_files_are_changed_by_size_and_by_day(tmp_path: Path) -> None:
    out = archive(tmp_path, max_bytes=3_000)
    for number in range(6):
        out.put(capture(number))
    out.put(capture(6, at=NOON + timedelta(days=1)))
    out.close()
    files = archive_files(tmp_path)
    assert len(files) > 2
    assert {file.parent.name for file in files} == {"dt=2026-11-23", "dt=2026-11-24"}
    assert [each.about["number"] for each in kept(tmp_path)] == list(range(7))


def test_what_is_being_written_can_be_read(tmp_path: Path) -> None:
    out = archive(tmp_path)
    out.put(capture(1))
    assert [each.about["number"] for each in kept(tmp_path)] == [1]
    out.put(capture(2))
    assert [each.about["number"] for each in kept(tmp_path)] == [1, 2]
    assert archive(tmp_path, "other").seal_left() == []
    out.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.archive.test_archive import archive, capture
out = archive(Path(sys.argv[1]))
out.put(capture(1))
out.put(capture(2))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_cut_to_whole_records_wherever_it_was_torn(
    tmp_path: Path,
) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert process.returncode == -9
    [file] = archive_files(tmp_path)
    whole = file.read_bytes()
    [_, second] = kept(tmp_path)
    for length in range(second.offset, len(whole), 7):
        file.write_bytes(whole[:length])
        numbers = [each.about.get("number") for each in kept(tmp_path)]
        assert numbers[0] == 1
        [sealed] = archive(tmp_path, "next").seal_left()
        assert sealed.file.stat().st_size + sealed.cut == length
        assert [each.about.get("number") for each in kept(tmp_path)] == numbers
        sealed.file.rename(file)


def test_a_file_without_a_whole_record_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "archive" / "dt=2026-11-23"
    folder.mkdir(parents=True)
    (folder / "x.warc.gz.open").write_bytes(b"\x1f\x8b\x08")
    assert len(archive(tmp_path).seal_left()) == 1
    assert archive_files(tmp_path) == []


def test_a_page_that_does_not_fit_on_the_disk_leaves_what_was_there_readable(
    tmp_path: Path,
) -> None:
    refuses = False

    def on_step(step: str) -> None:
        if refuses and step == "write":
            raise OSError(errno.ENOSPC, "No space left on device")

    out = Archive(tmp_path, run_id="run", software="test", on_step=on_step)
    out.put(capture(1))
    refuses = True
    with pytest.raises(OSError, match="No space"):
        out.put(capture(2))
    refuses = False
    out.put(capture(3))
    out.close()
    assert [each.about["number"] for each in kept(tmp_path)] == [1, 3]


def test_damage_in_the_middle_is_told_with_its_place(tmp_path: Path) -> None:
    out = archive(tmp_path)
    for number in range(3):
        out.put(capture(number))
    out.close()
    [file] = archive_files(tmp_path)
    [_, second, _] = kept(tmp_path)
    data = bytearray(file.read_bytes())
    data[second.offset + 200] ^= 0xFF
    file.write_bytes(data)
    *whole, damage = captures(file)
    assert [each.about["number"] for each in whole if isinstance(each, Kept)] == [0]
    assert damage == Damage(file=file, offset=second.offset)
    assert whole_length(file) == second.offset


def test_pages_can_be_removed_and_nothing_else_goes(tmp_path: Path) -> None:
    out = archive(tmp_path, max_bytes=4_000)
    for number in range(9):
        out.put(capture(number))
    out.close()
    (tmp_path / "state").mkdir()
    live = archive(tmp_path, "live")
    live.put(capture(9))
    gone = {0, 4, 5, 8}
    of_them = Captures(wanted=lambda kept: kept.about["number"] in gone)
    told = list(touched_files(tmp_path, of_them))
    assert sum(each.gone for each in told) == len(gone)
    assert list(remove_captures(tmp_path, of_them)) == told
    assert {each.about["number"] for each in kept(tmp_path)} == {*range(10)} - gone
    for file in archive_files(tmp_path):
        assert b"/4?q" not in gzip.decompress(file.read_bytes())
    nine = Captures(wanted=lambda kept: kept.about["number"] == 9)
    [left] = remove_captures(tmp_path, nine)
    assert left.is_left
    assert left.file.name.endswith(".open")
    live.close()
    [done] = remove_captures(tmp_path, nine)
    assert not done.is_left
    assert 9 not in {each.about["number"] for each in kept(tmp_path)}


def test_a_file_without_pages_goes_and_so_does_a_day_that_is_over(tmp_path: Path) -> None:
    out = archive(tmp_path)
    for days in (0, 0, 1, 2):
        out.put(capture(days, at=NOON + timedelta(days=days)))
    out.close()
    (tmp_path / "state").mkdir()
    first = NOON.date()
    over = Captures(wanted=lambda _: True, days=lambda day: day == first)
    assert [each.day for each in remove_captures(tmp_path, over)] == [first.isoformat()]
    assert not (tmp_path / "archive" / f"dt={first}").exists()
    second = Captures(wanted=lambda kept: kept.about["number"] == 1)
    [done] = remove_captures(tmp_path, second)
    assert not done.file.exists()
    assert done.file.parent.is_dir(), "a run may be about to write there"
    assert [each.about["number"] for each in kept(tmp_path)] == [2]
