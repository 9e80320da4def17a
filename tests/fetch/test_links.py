import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.links import links_of
from ingest.types import Fetched
from storage.model import Reason
from tests.fetch.server import answer, site
from tests.fetch.support import fetcher, run

HUB, TOPIC = "https://hub.example/a,b", "https://example.org/feed"


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ("", {}),
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', {"hub": HUB, "self": TOPIC}),
        (f"<{HUB}>; rel=hub", {"hub": HUB}),
        (f'<{HUB}>; type="text/html"; rel="HUB"', {"hub": HUB}),
        (f'<{TOPIC}>; rel="self alternate"', {"self": TOPIC, "alternate": TOPIC}),
        ('</own>; rel="self"', {"self": "/own"}),
        (f"<{HUB}>", {}),
        ("rel=hub", {}),
    ],
)
def test_links_are_known_by_their_relations(header: str, links: dict[str, str]) -> None:
    assert links_of({"link": header}) == links


@given(st.text(st.characters(max_codepoint=255)))
def test_any_link_header_is_read(header: str) -> None:
    assert all(relation == relation.lower() for relation in links_of({"link": header}))


def test_the_links_of_several_headers_come_with_a_feed() -> None:
    async def case() -> Fetched | Reason:
        headers = (f'Link: <{HUB}>; rel="hub"', f'Link: <{TOPIC}>; rel="self"')
        async with site({"/": answer(b"x", *headers)}) as server, fetcher() as client:
            found = await client.get_page(server.url())
            return found if isinstance(found, Fetched) else found.reason

    found = run(case())
    assert isinstance(found, Fetched)
    assert found.links == {"hub": HUB, "self": TOPIC}
