"""Whether a push was signed by who knows the secret (WebSub, section 7.1)."""

import hashlib
import hmac
import re
from typing import Final

# Section 7.1.1. All four may be chosen by the hub; most still choose SHA-1, which HMAC bears.
_METHODS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})
_HEADER: Final = re.compile(r"\s*([A-Za-z0-9]{1,16})\s*=\s*([0-9A-Fa-f]{1,128})\s*", re.ASCII)


def is_signed(header: str | None, body: bytes, secret: str) -> bool:
    """Tell whether ``header`` is the signature of ``body`` under ``secret``.

    Args:
        header: ``X-Hub-Signature`` as sent, ``method=hexadecimal digits``; ``None`` without one.
        body: The request's body, byte for byte.
        secret: What the hub was given to sign with.
    """
    found = _HEADER.fullmatch(header or "")
    if found is None or (method := found[1].lower()) not in _METHODS:
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(expected, found[2].lower())
