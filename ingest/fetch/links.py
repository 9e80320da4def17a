"""What an answer's ``Link`` headers lead to (RFC 8288)."""

from collections.abc import Mapping

import httpx

# Far beyond any real one; the rest of a longer header is not read.
_LONGEST = 8192


def links_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the targets of the ``Link`` headers by relation, in lower case.

    A link may have several relations (section 3.3). Of several links of one relation the last
    in the header is taken, as httpx does. Targets are as sent: relative ones stay so.

    Args:
        headers: The answer's headers by lower-case name.
    """
    if "link" not in headers:
        return {}
    header = headers["link"][:_LONGEST].encode("latin-1")
    found = httpx.Response(200, headers=[(b"Link", header)]).links
    return {
        relation: link["url"]
        for link in found.values()
        for relation in link.get("rel", "").lower().split()
    }
