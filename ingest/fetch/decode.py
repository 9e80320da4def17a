"""Bodies decoded in bounded steps, so that no answer can grow beyond its limit in memory."""

import zlib

from ingest.fetch.faults import TroubleError
from storage.model import Reason

# RFC 1952 section 2.3.1.
GZIP_MAGIC = b"\x1f\x8b"

_STEP = 64 * 1024
# What gzip's framing may add to data that does not compress; anything beyond is padding.
_FRAMING = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_HEADER = 2
_MOST_MEMBERS = 1000
_DEFLATE_METHOD = 8


class BoundedBody:
    """Collects a body from its wire chunks, decoded, up to a limit of decoded bytes.

    ``wire_bytes`` counts what was fed. With ``cut``, what lies beyond the limit is left off and
    ``full`` says so; without, it is a fault.

    Raises:
        TroubleError: ``bad_encoding`` for a Content-Encoding other than one of identity, gzip and
            deflate (RFC 9110 section 8.4.1), stacked ones among them.
    """

    def __init__(self, encoding: str, *, limit: int, cut: bool = False) -> None:
        self._limit = limit
        self._cut = cut
        self._body = bytearray()
        self._head = b""
        self._inflater: zlib._Decompress | None = None
        self._members = 0
        self._padding = False
        self.wire_bytes = 0
        self.full = False
        self._encoding = encoding.strip().lower()
        if self._encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise TroubleError(
                Reason.BAD_ENCODING, f"encoded as {encoding[:100]!r}, which was not asked for"
            )

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes off the wire.

        Raises:
            TroubleError: ``too_large`` beyond the limit, ``bad_encoding`` for data that is not
                what Content-Encoding promised.
        """
        self.wire_bytes += len(chunk)
        if self.full:
            return
        # Empty gzip members decode to nothing for ever, so the wire is bounded too.
        if self.wire_bytes > self._limit + _FRAMING:
            self._overflow()
        if self._encoding in {"", "identity"}:
            self._take(chunk)
        else:
            self._inflate(chunk)

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            TroubleError: ``truncated`` if the compressed data has no end.
        """
        if self.full or self.wire_bytes == 0 or self._encoding in {"", "identity"}:
            return bytes(self._body)
        if self._inflater is not None or not self._members:
            raise TroubleError(Reason.TRUNCATED, f"the {self._encoding} data stops before its end")
        return bytes(self._body)

    def _inflate(self, chunk: bytes) -> None:
        data = self._head + chunk
        self._head = b""
        more = bool(data)
        while more and not self.full and not self._padding:
            if self._inflater is None:
                if len(data) < _HEADER:
                    self._head = data
                    return
                self._inflater = self._next_member(data)
                if self._inflater is None:
                    return
            try:
                piece = self._inflater.decompress(data, _STEP)
            except zlib.error as error:
                raise TroubleError(
                    Reason.BAD_ENCODING, f"not the {self._encoding} data it says it is: {error}"
                ) from None
            self._take(piece)
            if self._inflater.eof:
                data = self._inflater.unused_data
                self._inflater = None
                self._members += 1
                more = bool(data)
            else:
                data = self._inflater.unconsumed_tail
                # A full piece may leave output behind even when all input is consumed.
                more = bool(data) or len(piece) == _STEP

    def _next_member(self, data: bytes) -> "zlib._Decompress | None":
        """Start on what follows; RFC 1952 section 2.2: a gzip file is a series of members."""
        if self._members and (self._encoding == "deflate" or not data.startswith(GZIP_MAGIC)):
            self._padding = True
            return None
        # Each member costs memory and time, however little it holds.
        if self._members >= _MOST_MEMBERS:
            raise TroubleError(Reason.BAD_ENCODING, f"more than {_MOST_MEMBERS} gzip members")
        return zlib.decompressobj(self._window(data))

    def _window(self, head: bytes) -> int:
        if self._encoding != "deflate":
            return _GZIP
        # Servers send "deflate" with and without its zlib wrapping (RFC 9110 section 8.4.1.2);
        # RFC 1950 section 2.2 makes the wrapping recognisable.
        wrapped = head[0] & 0x0F == _DEFLATE_METHOD and int.from_bytes(head[:2]) % 31 == 0
        return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS

    def _take(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._limit:
            self._overflow()

    def _overflow(self) -> None:
        if not self._cut:
            raise TroubleError(Reason.TOO_LARGE, f"more than {self._limit} bytes")
        del self._body[self._limit :]
        self.full = True


def gunzipped(data: bytes, *, limit: int) -> bytes:
    """Return what a gzip file holds.

    Raises:
        TroubleError: ``too_large`` beyond ``limit`` bytes, ``truncated`` without its end,
            ``bad_encoding`` for other data.
    """
    body = BoundedBody("gzip", limit=limit)
    body.feed(data)
    return body.finish()
