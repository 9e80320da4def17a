"""One connection's bytes, over TCP or TLS, as asyncio brings them."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import httpcore

from ingest.fetch.faults import TroubleError, root_cause
from storage.model import Reason

# What may lie unread before the other side is made to wait.
_MOST_UNREAD: Final = 64 * 1024
# httpcore's names for what asyncio knows of a connection.
_KNOWN_AS: Final[Mapping[str, str]] = {
    "client_addr": "sockname",
    "server_addr": "peername",
    "socket": "socket",
    "ssl_object": "ssl_object",
}


class Stream(httpcore.AsyncNetworkStream, asyncio.Protocol):
    """Bytes to and from the other side, for one reader and one writer.

    ``ended`` says that the reader was told that the other side ended the connection.
    """

    def __init__(self) -> None:
        self.ended = False
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._holds_back = False
        self._over = False
        self._error: Exception | None = None
        # Set while reading, or writing, need not wait.
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def connect(
        cls,
        address: str,
        port: int,
        *,
        seconds: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Self:
        """Connect to an IP address.

        Raises:
            TimeoutError: There is no answer within so many seconds.
            OSError: There is no connection to be had.
        """
        local = None if local_address is None else (local_address, 0)
        async with asyncio.timeout(seconds):
            transport, stream = await asyncio.get_running_loop().create_connection(
                cls, address, port, local_addr=local
            )
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's interface
        """Wait until something has come, and return it; nothing at the end.

        Raises:
            httpcore.ReadTimeout: Nothing came in time.
            httpcore.ReadError: The connection broke.
            TroubleError: ``tls_failed``.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._readable.wait()
        except TimeoutError:
            raise httpcore.ReadTimeout(f"nothing came within {timeout} s") from None
        if not self._unread:
            if self._error is not None:
                raise _trouble(self._error, httpcore.ReadError) from self._error
            self.ended = True
            return b""
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        if not (self._unread or self._over):
            self._readable.clear()
        if self._holds_back and len(self._unread) <= _MOST_UNREAD:
            self._holds_back = False
            self._connected.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's interface
        """Send the bytes, and wait while too many are under way.

        Raises:
            httpcore.WriteTimeout: The other side did not take them in time.
            httpcore.WriteError: The connection has ended.
            TroubleError: ``tls_failed``.
        """
        if not self._over:
            self._connected.write(buffer)
            try:
                async with asyncio.timeout(timeout):
                    await self._writable.wait()
            except TimeoutError:
                raise httpcore.WriteTimeout(f"not taken within {timeout} s") from None
        if self._over:
            error = self._error or ConnectionResetError("the other side ended the connection")
            raise _trouble(error, httpcore.WriteError) from error

    async def aclose(self) -> None:
        """Close the connection at once: nobody waits for a farewell."""
        self._connected.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
    ) -> httpcore.AsyncNetworkStream:
        """Shake hands; all that follows is encrypted.

        Raises:
            httpcore.ConnectTimeout: The handshake took too long.
            TroubleError: ``tls_failed``, whatever else went wrong.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._shake_hands(ssl_context, server_hostname)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"no TLS within {timeout} s") from None
        except (OSError, ValueError) as error:
            raise TroubleError(
                Reason.TLS_FAILED, f"no TLS with {server_hostname}: {root_cause(error)}"
            ) from error
        return self

    async def _shake_hands(self, context: ssl.SSLContext, host: str | None) -> None:
        try:
            # Or what came before the handshake would be read as if it had come encrypted.
            if self._unread or self._over:
                raise self._error or ConnectionResetError("the other side did not wait for it")  # noqa: TRY301 - closed below like all others
            # Here, since asyncio would log a name that TLS cannot carry, and as a bug.
            context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=host)
            self._transport = await asyncio.get_running_loop().start_tls(
                self._connected, self, context, server_hostname=host
            )
        except BaseException:  # httpcore lets go of it unclosed
            self._connected.abort()
            raise

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's interface
        """Return what httpcore asks of the connection.

        ``is_readable`` says of an idle one that it has ended, or that something came unasked.
        """
        if info == "is_readable":
            return self._readable.is_set()
        name = _KNOWN_AS.get(info)
        return None if name is None else self._connected.get_extra_info(name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio calls this)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what has come (asyncio calls this)."""
        self._unread += data
        self._readable.set()
        if len(self._unread) > _MOST_UNREAD and not self._holds_back:
            self._holds_back = True
            self._connected.pause_reading()

    def eof_received(self) -> None:
        """Note that no more will come (asyncio calls this, and closes)."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note why no more will come (asyncio calls this)."""
        self._end(exc)

    def pause_writing(self) -> None:
        """Let the writer wait (asyncio calls this)."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let the writer go on (asyncio calls this)."""
        self._writable.set()

    def _end(self, error: Exception | None) -> None:
        self._over = True
        self._error = self._error or error
        self._readable.set()
        self._writable.set()

    @property
    def _connected(self) -> asyncio.Transport:
        assert self._transport is not None, "asyncio made the connection"
        return self._transport


def _trouble(error: Exception, otherwise: type[Exception]) -> Exception:
    if isinstance(error, ssl.SSLError):
        return TroubleError(Reason.TLS_FAILED, f"TLS failed: {root_cause(error)}")
    return otherwise(str(error))
