"""Forms sent by POST, through the same door as everything else."""

from datetime import timedelta
from typing import Any

import pytest

from ingest.types import Fault, Fetched
from storage.model import Reason
from tests.fetch.server import Behaviour, Call, Site, answer, endless, raw, redirect, reset, site
from tests.fetch.support import SetClock, fault, fetched, fetcher, run

FORM = b"hub.mode=subscribe&hub.topic=https%3A%2F%2Ff.example%2F"


class Forms:
    """Takes forms and remembers them."""

    def __init__(self, status: str = "202 Accepted") -> None:
        self.status = status
        self.bodies: list[bytes] = []
        self.heads: list[dict[str, str]] = []

    async def __call__(self, call: Call) -> None:
        self.bodies.append(await call.reader.readexactly(int(call.headers["content-length"])))
        self.heads.append(dict(call.headers))
        await answer(b"thank you", status=self.status)(call)


async def post(page: Behaviour, **settings: Any) -> tuple[Fetched | Fault, Site]:
    async with site({"/hub": page}) as server, fetcher(**settings) as client:
        return await client.post_form(server.url("/hub"), FORM), server


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
def test_a_form_arrives_whole_with_its_type_and_is_answered(status: str) -> None:
    forms = Forms(status)
    found, _ = run(post(forms))
    assert fetched(found).status == int(status[:3])
    assert forms.bodies == [FORM]
    (head,) = forms.heads
    assert head["content-type"] == "application/x-www-form-urlencoded"
    assert head["user-agent"].startswith("newsfold/")
    assert "if-none-match" not in head
    assert "a-im" not in head


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_that_keeps_the_form_is_followed_with_it(status: str) -> None:
    async def case() -> tuple[Fetched | Fault, Forms]:
        forms = Forms()
        pages: dict[str, Behaviour] = {"/old": redirect("/hub", status), "/hub": forms}
        async with site(pages) as server, fetcher() as client:
            return await client.post_form(server.url("/old"), FORM), forms

    found, forms = run(case())
    assert fetched(found).status == 202
    assert forms.bodies == [FORM]


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other"])
def test_a_redirect_that_would_make_it_a_get_is_not_followed(status: str) -> None:
    async def case() -> tuple[Fetched | Fault, Site]:
        async with site({"/hub": redirect("/other", status)}) as server, fetcher() as client:
            return await client.post_form(server.url("/hub"), FORM), server

    found, server = run(case())
    assert fault(found).reason is Reason.HTTP_UNEXPECTED
    assert server.asked("/other") == []


def test_a_redirect_to_a_special_address_is_refused_like_any_other() -> None:
    found, _ = run(post(redirect("http://169.254.169.254/", "307 Temporary Redirect")))
    assert fault(found).reason is Reason.ADDRESS_REFUSED


def test_a_form_goes_to_no_special_address() -> None:
    found, server = run(post(Forms(), allow_networks=()))
    assert fault(found).reason is Reason.ADDRESS_REFUSED
    assert server.connections == 0


@pytest.mark.parametrize(
    ("page", "reason", "words"),
    [
        (
            answer(
                b"no such\x1b[31m topic\n", "Content-Type: text/plain", status="400 Bad Request"
            ),
            Reason.HTTP_CLIENT_ERROR,
            "answered with status 400: no such[31m topic",
        ),
        (
            answer(b"<h1>No</h1>", "Content-Type: text/html", status="404 Not Found"),
            Reason.HTTP_NOT_FOUND,
            "answered with status 404",
        ),
        (
            answer(b"x" * 100_000, "Content-Type: text/plain", status="500 Oh"),
            Reason.HTTP_SERVER_ERROR,
            "answered with status 500: " + "x" * 200,
        ),
        (
            answer(b"x", "Content-Type: text/plain", "Content-Encoding: br", status="500 Oh"),
            Reason.HTTP_SERVER_ERROR,
            "answered with status 500",
        ),
    ],
)
def test_a_refusal_is_told_in_its_own_words_within_bounds(
    page: Behaviour, reason: Reason, words: str
) -> None:
    found, _ = run(post(page))
    told = fault(found)
    assert (told.reason, told.detail) == (reason, words)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (raw(hang=True), Reason.DEADLINE),
        (raw(), Reason.PROTOCOL_ERROR),
        (reset(), Reason.CONNECT_FAILED),
        (endless(b"HTTP/1.1 202 Accepted\r\n", b"X: y\r\n", every=0.02), Reason.DEADLINE),
        (endless(b"HTTP/1.1 400 No\r\nContent-Type: text/plain\r\n\r\n", b""), Reason.DEADLINE),
    ],
)
def test_a_hub_that_misbehaves_is_a_fault_within_the_deadline(
    page: Behaviour, reason: Reason
) -> None:
    found, _ = run(post(page, deadline=timedelta(seconds=1)))
    assert fault(found).reason is reason


def test_a_429_holds_the_host_for_forms_as_for_feeds() -> None:
    async def case() -> tuple[Fetched | Fault, Fetched | Fault, Site]:
        page = answer(b"", "Retry-After: 600", status="429 Slow Down")
        clock = SetClock()
        async with site({"/hub": page}) as server, fetcher(clock=clock) as client:
            first = await client.post_form(server.url("/hub"), FORM)
            second = await client.post_form(server.url("/hub"), FORM)
            return first, second, server

    first, second, server = run(case())
    assert fault(first).retry_after == timedelta(minutes=10)
    assert fault(second).reason is Reason.ON_HOLD
    assert len(server.asked("/hub")) == 1
