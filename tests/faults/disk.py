"""A small disk of a test's own: a tmpfs in a mount namespace that a sleeping process holds open."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_HOLD = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && exec sleep 3600'


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk of ``size`` bytes at ``place``, for commands begun with ``within``.

    ``seen`` is where others find it.
    """

    place: Path
    size: int
    within: tuple[str, ...]
    seen: Path

    @property
    def ballast(self) -> Path:
        return self.seen / "ballast"

    def leave(self, free: int) -> None:
        """Fill the disk up to ``free`` bytes."""
        self.ballast.unlink(missing_ok=True)
        self.ballast.write_bytes(bytes(max(0, shutil.disk_usage(self.seen).free - free)))


@contextmanager
def small_disk(place: Path, *, size: int) -> Iterator[SmallDisk]:
    """Mount a disk at a folder, or skip the test where that is not allowed."""
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("util-linux, to mount a small disk with, is not there")
    place.mkdir(parents=True, exist_ok=True)
    holder = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", _HOLD, str(place), str(size)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline().strip() != "mounted":
                pytest.skip("a small disk may not be mounted here")
            pid = str(holder.pid)
            within = ("nsenter", "--target", pid, "--user", "--mount", "--preserve-credentials")
            yield SmallDisk(
                place,
                size,
                (*within, f"--wd={Path.cwd()}", "--"),
                Path(f"/proc/{pid}/root{place}"),
            )
        finally:
            holder.kill()
