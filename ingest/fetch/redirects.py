"""Addresses and where redirects lead. Pure: from strings to URLs or faults."""

import httpx

from ingest.fetch.faults import TroubleError
from storage.model import Reason

REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEEP_METHOD = frozenset({307, 308})
# Far beyond any article's address, and bounds the work robots.txt rules can cause.
_LONGEST = 4096
_PORTS = range(1, 65536)


def parse_url(text: str) -> httpx.URL:
    """Read an address that may be asked for: http or https, with a host, without fragment.

    User names and passwords are dropped: they are never sent and never shown.

    Raises:
        TroubleError: ``bad_url`` if it is no such address.
    """
    try:
        return _checked(httpx.URL(text.strip()))
    except (httpx.InvalidURL, ValueError) as error:
        raise TroubleError(Reason.BAD_URL, f"not a URL: {error}") from None


def redirect_target(current: httpx.URL, status: int, locations: list[bytes]) -> httpx.URL:
    """Work out where a redirect leads (RFC 9110 section 10.2.2).

    Args:
        current: The address that answered with the redirect.
        status: Its status, for the message.
        locations: The values of its Location headers.

    Returns:
        The absolute address.

    Raises:
        TroubleError: ``bad_redirect`` if there is no one http(s) address to go to.
    """
    if len(set(locations)) != 1:
        count = "no" if not locations else "more than one"
        raise TroubleError(Reason.BAD_REDIRECT, f"a {status} with {count} Location")
    raw = locations[0]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        return _checked(current.join(text.strip()))
    except (TroubleError, httpx.InvalidURL, ValueError) as error:
        raise TroubleError(Reason.BAD_REDIRECT, f"a {status} to {text[:200]!r}: {error}") from None


def host_of(url: httpx.URL) -> str:
    """Return the host as it is resolved: ASCII, lower case, without the root's dot."""
    return url.raw_host.decode("ascii").rstrip(".")


def server_of(url: httpx.URL) -> str:
    """Return what is paced as one: the host, with its port where that is not the web's usual."""
    usual = url.port in {None, 80, 443}
    return host_of(url) if usual else f"{host_of(url)}:{url.port}"


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Return scheme, host and port (RFC 6454 section 4)."""
    return url.scheme, host_of(url), url.port or (443 if url.scheme == "https" else 80)


def _checked(url: httpx.URL) -> httpx.URL:
    if url.scheme not in {"http", "https"}:
        raise TroubleError(Reason.BAD_URL, f"only http and https are fetched, not {url.scheme!r}")
    if not host_of(url):
        raise TroubleError(Reason.BAD_URL, "a URL without a host")
    # Escapes and the zones of IPv6 addresses: no name has them, and a proxy may read them its way.
    if b"%" in url.raw_host:
        raise TroubleError(Reason.BAD_URL, "a host with % in it")
    # Decodes an IDN, and raises where Python's HTTP libraries would later.
    _ = url.host
    if url.port is not None and url.port not in _PORTS:
        raise TroubleError(Reason.BAD_URL, f"port {url.port} does not exist")
    if len(url.raw_path) > _LONGEST:
        raise TroubleError(Reason.BAD_URL, f"a URL of more than {_LONGEST} characters")
    if url.userinfo or url.fragment:
        return url.copy_with(userinfo=b"", fragment=None)
    return url
