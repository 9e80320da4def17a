"""Which addresses may be connected to. Pure: from an address to a verdict.

Written against the IANA special-purpose address registries (RFC 6890 and its updates) rather
than ``ipaddress.is_global``, which passes multicast, 6to4, NAT64 and others, and whose answers
differ between Python versions.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# First match wins, so narrower networks stand above wider ones.
_SPECIAL_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "set aside for protocols"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_SPECIAL_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "a mapped IPv4 address"),
        ("::/96", "an IPv4-compatible address"),
        ("64:ff9b::/96", "a NAT64 address"),
        ("64:ff9b:1::/48", "a NAT64 address"),
        ("100::/64", "a discard address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "set aside for protocols"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")


def refusal(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Say why an address is refused.

    Args:
        address: The address a name was resolved to.
        allowed: Networks the person opened in the configuration.

    Returns:
        What kind of address it is, as words that fit after "is", or ``None`` if it may be used.
    """
    if any(address in network for network in allowed):
        return None
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _SPECIAL_V4 if address in network), None)
    for network, kind in _SPECIAL_V6:
        if address in network:
            return kind
    # RFC 4291 section 2.4: all else is not assigned as global unicast today.
    return None if address in _GLOBAL_UNICAST_V6 else "reserved"


def first_refused(
    addresses: Iterable[str], allowed: Iterable[Network] = ()
) -> tuple[str, str] | None:
    """Find the first address that is refused: one bad answer condemns the name.

    A name with a public and a private address is how DNS rebinding looks, so the good
    addresses beside a bad one are not used either.

    Args:
        addresses: All addresses of a name, in text form.
        allowed: Networks the person opened in the configuration.

    Returns:
        The address and why it is refused, or ``None`` if all may be used.
    """
    networks = tuple(allowed)
    for text in addresses:
        try:
            address = ip_address(text)
        except ValueError:
            return text, "not an IP address"
        kind = refusal(address, networks)
        if kind is not None:
            return text, kind
    return None
