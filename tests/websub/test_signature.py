import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.websub.signature import is_signed

METHODS = ("sha1", "sha256", "sha384", "sha512")
SECRET = "s\u00e9cret"
BODY = b"<feed/>"


def signed(method: str, body: bytes = BODY, secret: str = SECRET) -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


def test_a_signature_is_what_rfc_2202_says() -> None:
    digest = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    assert is_signed(f"sha1={digest}", b"what do ya want for nothing?", "Jefe")


@pytest.mark.parametrize("method", METHODS)
def test_each_method_of_the_recommendation_is_checked(method: str) -> None:
    header = signed(method)
    assert is_signed(header, BODY, SECRET)
    assert is_signed(header.upper(), BODY, SECRET)
    assert is_signed(f" {header.replace('=', ' = ')}\t", BODY, SECRET)
    assert not is_signed(header, BODY + b"\n", SECRET)
    assert not is_signed(header, BODY, SECRET + " ")
    assert not is_signed(header[:-1], BODY, SECRET)
    assert not is_signed(header + "0", BODY, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256",
        "sha256=",
        "=" + "0" * 64,
        "sha256=zz",
        "md5=" + hmac.new(SECRET.encode(), BODY, hashlib.md5).hexdigest(),
        "sha224=" + hmac.new(SECRET.encode(), BODY, hashlib.sha224).hexdigest(),
        "new=00",
        "blake2b=00",
        signed("sha256").partition("=")[2],
        signed("sha256") + ", " + signed("sha256"),
        signed("sha1").replace("sha1", "sha256"),
        "sha256=" + "\u00e9" * 64,
        "sha256=" + "\u0660" * 64,
        "sha256=" + "0" * 100_000,
    ],
)
def test_anything_else_is_no_signature(header: str | None) -> None:
    assert not is_signed(header, BODY, SECRET)


@given(st.text(), st.binary(), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_header_fails_the_check_by_raising(header: str, body: bytes, secret: str) -> None:
    assert is_signed(header, body, secret) in {True, False}
