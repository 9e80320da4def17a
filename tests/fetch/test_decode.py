import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.decode import BoundedBody
from ingest.fetch.faults import TroubleError
from storage.model import Reason


def _raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(data) + squeezer.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    " deflate ": zlib.compress,
    "deflate": _raw_deflate,
}


def _decode(encoding: str, wire: bytes, *, step: int = 7, limit: int = 10**6) -> bytes:
    body = BoundedBody(encoding, limit=limit)
    for start in range(0, len(wire), step):
        body.feed(wire[start : start + step])
    assert body.wire_bytes == len(wire)
    return body.finish()


@given(st.sampled_from(sorted(ENCODERS)), st.binary(max_size=3000), st.integers(1, 5000))
def test_a_body_comes_out_as_it_went_in_however_it_is_cut(
    encoding: str, data: bytes, step: int
) -> None:
    assert _decode(encoding, ENCODERS[encoding](data), step=step) == data


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_body_that_squeezes_well_comes_out_whole(encoding: str) -> None:
    data = b"news " * 199_999
    assert _decode(encoding, ENCODERS[encoding](data), step=1000) == data


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.integers(1, 50))
def test_gzip_members_are_joined(parts: list[bytes], step: int) -> None:
    assert _decode("gzip", b"".join(map(gzip.compress, parts)), step=step) == b"".join(parts)


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 5000, b"\x1f", b"\x1fx", b"garbage"])
@pytest.mark.parametrize("step", [1, 3, 10_000])
def test_padding_after_the_gzip_data_is_ignored(padding: bytes, step: int) -> None:
    assert _decode("gzip", gzip.compress(b"hello") + padding, step=step) == b"hello"


@given(st.integers(1, 10**4), st.sampled_from(sorted(ENCODERS)))
def test_the_limit_is_exact(limit: int, encoding: str) -> None:
    encode = ENCODERS[encoding]
    assert len(_decode(encoding, encode(bytes(limit)), step=9999, limit=limit)) == limit
    with pytest.raises(TroubleError) as caught:
        _decode(encoding, encode(bytes(limit + 1)), step=9999, limit=limit)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_bomb_never_stands_in_memory() -> None:
    body = BoundedBody("gzip", limit=1000)
    with pytest.raises(TroubleError):
        body.feed(gzip.compress(bytes(50_000_000)))
    assert len(body._body) < 100_000


def test_a_body_to_be_cut_is_cut_at_its_limit() -> None:
    body = BoundedBody("gzip", limit=1000, cut=True)
    body.feed(gzip.compress(bytes(50_000)))
    body.feed(b"whatever comes now")
    assert body.full
    assert body.finish() == bytes(1000)


@given(st.binary(min_size=1, max_size=500), st.integers(1, 20))
def test_gzip_without_its_end_is_truncated(data: bytes, missing: int) -> None:
    with pytest.raises(TroubleError) as caught:
        _decode("gzip", gzip.compress(data)[:-missing])
    assert caught.value.reason is Reason.TRUNCATED


@given(st.sampled_from(["gzip", "deflate"]), st.binary(max_size=300), st.integers(1, 300))
def test_any_bytes_are_a_body_or_a_trouble(encoding: str, wire: bytes, step: int) -> None:
    reason = None
    try:
        _decode(encoding, wire, step=step)
    except TroubleError as trouble:
        reason = trouble.reason
    assert reason in {None, Reason.BAD_ENCODING, Reason.TRUNCATED}


def test_nothing_at_all_is_an_empty_body_in_any_encoding() -> None:
    assert _decode("gzip", b"") == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,br", "compress", "x", ","])
def test_an_encoding_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(TroubleError) as caught:
        BoundedBody(encoding, limit=10)
    assert caught.value.reason is Reason.BAD_ENCODING
