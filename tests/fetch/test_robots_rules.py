"""Whatever stands in a robots.txt, it is read."""

import time

from hypothesis import given
from hypothesis import strategies as st

from ingest.fetch.robots import parse_rules


def test_a_robots_txt_of_many_robots_and_rules_is_parsed_quickly() -> None:
    agents = "".join(f"User-agent: r{n}\n" for n in range(15_000))
    rules = "".join(f"Disallow: /{n}\n" for n in range(15_000))
    started = time.monotonic()
    parsed = parse_rules((agents + "User-agent: *\n" + rules).encode())
    assert time.monotonic() - started < 5
    assert not parsed.can_fetch("http://example.org/14999", "newsfold")


@given(st.binary(max_size=500))
def test_any_bytes_are_rules(body: bytes) -> None:
    parse_rules(body).can_fetch("http://example.org/a?b", "newsfold")


@given(
    st.lists(
        st.sampled_from(
            [
                "User-agent: *",
                "User-agent: newsfold",
                "useragent x",
                "user agent",
                "Disallow: /a*$",
                "Allow: %",
                "crawl-delay 5",
                "\x0b",
                ":",
            ]
        )
    )
)
def test_any_lines_are_rules(lines: list[str]) -> None:
    parse_rules("\n".join(lines).encode()).can_fetch("http://example.org/a?b", "newsfold")
