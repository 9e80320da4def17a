"""Where the gzip members of a file end: what a killed process wrote last may be half of one."""

import zlib
from pathlib import Path
from typing import Final

_STEP: Final = 64 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS


def whole_length(file: Path) -> int:
    """Return how many bytes of a file are whole gzip members with right checksums (RFC 1952)."""
    end = position = 0
    inflater = zlib.decompressobj(_GZIP)
    with file.open("rb") as source:
        while chunk := source.read(_STEP):
            position += len(chunk)
            while chunk:
                try:
                    inflater.decompress(chunk)
                except zlib.error:
                    return end
                chunk = inflater.unused_data
                if inflater.eof:
                    end = position - len(chunk)
                    inflater = zlib.decompressobj(_GZIP)
    return end
