"""httpx's transport over httpcore's connections, with every connection checked before it is made.

A name is resolved once, all its addresses are judged, and the connection goes to one of those
very addresses: nothing is looked up a second time, so DNS rebinding has nothing to rebind.
"""

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import ip_address

import httpcore
import httpx

from ingest.errors import ConfigError
from ingest.fetch.connections import IDLE_SECONDS, Connections
from ingest.fetch.faults import TroubleError, root_cause
from ingest.fetch.guard import Network, first_refused
from ingest.fetch.stream import Stream
from storage.model import Reason

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class SystemResolver:
    """Resolves names with the system's resolver, in threads of its own.

    Its own, because a lookup that hangs holds its thread longer than any deadline.
    """

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="newsfold-dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, in the system's order of preference.

        Raises:
            TroubleError: ``dns_failed`` if there are none.
        """
        with suppress(ValueError):  # an address in its one plain form need not be looked up
            return (str(ip_address(host)),)
        ask = functools.partial(look_up, host, port)
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    def close(self) -> None:
        """Start no further lookups."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def look_up(host: str, port: int, flags: int = 0) -> tuple[str, ...]:
    """Ask the system for a host's addresses, and wait for them.

    Args:
        host: A name or an address in any spelling, in ASCII.
        port: The port that is to be connected to.
        flags: ``socket.AI_NUMERICHOST`` to read spellings only.

    Returns:
        The addresses in the system's order of preference, without repeats.

    Raises:
        TroubleError: ``dns_failed`` if there are none.
    """
    try:
        # As bytes: given text, Python applies a stricter IDNA than the URL parser did.
        answers = socket.getaddrinfo(
            host.encode("ascii"), port, type=socket.SOCK_STREAM, flags=flags
        )
    except (OSError, ValueError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise TroubleError(Reason.DNS_FAILED, f"{host} cannot be resolved: {reason}") from None
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends one request and streams its answer; follows, stores and decodes nothing.

    With a proxy, connections go to the proxy, which resolves names itself; addresses that are
    spelt out in a URL are still judged here.

    Raises:
        ConfigError: The proxy is not an http or https address.
    """

    def __init__(
        self, *, allowed: Iterable[Network], resolve: Resolve, proxy: str | None = None
    ) -> None:
        self._allowed = tuple(allowed)
        self._proxied = proxy is not None
        self._connections = Connections(
            httpcore.AsyncConnectionPool(
                ssl_context=_tls_context(),
                proxy=None if proxy is None else _proxy(proxy),
                keepalive_expiry=IDLE_SECONDS,
                network_backend=GuardedBackend(
                    allowed=None if self._proxied else self._allowed, resolve=resolve
                ),
            )
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request: a GET, or a form that does no harm if it is sent twice.

        Raises:
            TroubleError: The address is refused, or cannot be resolved or connected to.
            httpcore.ConnectError: And httpcore's other errors, unmapped.
        """
        if self._proxied:
            self._judge_spelt_out(request.url.raw_host.decode("ascii"))
        answer = await self._connections.send(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.content or None,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=answer.stream,
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connections.aclose()

    def _judge_spelt_out(self, host: str) -> None:
        name = host.rstrip(".")
        # RFC 6761 section 6.3: these names are always this machine's own.
        if name == "localhost" or name.endswith(".localhost"):
            name = "127.0.0.1"
        try:
            addresses = look_up(name, 0, socket.AI_NUMERICHOST)
        except TroubleError:
            return
        _judge(host, addresses, self._allowed)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to judged addresses only. ``allowed`` is ``None`` to judge nothing."""

    def __init__(self, *, allowed: Sequence[Network] | None, resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge all answers, and connect to the first address that takes it.

        Raises:
            TroubleError: ``dns_failed``, ``address_refused`` or ``connect_failed``.
        """
        addresses = await self._resolve(host, port)
        if not addresses:
            raise TroubleError(Reason.DNS_FAILED, f"{host} has no address")
        if self._allowed is not None:
            _judge(host, addresses, self._allowed)
        loop = asyncio.get_running_loop()
        until = None if timeout is None else loop.time() + timeout
        cause = ""
        for tried, address in enumerate(addresses):
            # Each address gets its share, so that a dead one leaves time for the next.
            share = None if until is None else (until - loop.time()) / (len(addresses) - tried)
            try:
                return await Stream.connect(
                    address,
                    port,
                    seconds=share,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except TimeoutError:
                cause = "no answer" if share is None else f"no answer within {share:.1f} s"
            except OSError as error:
                cause = root_cause(error)
        raise TroubleError(
            Reason.CONNECT_FAILED, f"no connection to {host} ({addresses[-1]}) port {port}: {cause}"
        )


def ended_early(response: httpx.Response) -> bool:
    """Whether the other side closed the connection (RFC 9112 section 8)."""
    stream = response.extensions.get("network_stream")
    return isinstance(stream, Stream) and stream.ended


def _judge(host: str, addresses: Sequence[str], allowed: Sequence[Network]) -> None:
    refused = first_refused(addresses, allowed)
    if refused is not None:
        address, kind = refused
        raise TroubleError(
            Reason.ADDRESS_REFUSED,
            f"{host} leads to {address}, which is {kind}; "
            f"if that is meant, add its network to fetch.allow_networks",
        )


def _proxy(text: str) -> httpcore.Proxy:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise ConfigError([f"fetch.proxy: expected an http or https URL, got {text!r}"])
    return httpcore.Proxy(
        str(url.copy_with(userinfo=b"")),
        auth=(url.username, url.password) if url.userinfo else None,
        ssl_context=_tls_context() if url.scheme == "https" else None,
    )


@functools.cache
def _tls_context() -> ssl.SSLContext:
    # Loading the certificates takes tens of milliseconds, and all transports may share them.
    return httpx.create_ssl_context(trust_env=False)
