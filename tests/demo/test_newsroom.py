import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from ingest.demo.newsroom import Newsroom
from ingest.demo.outlet import Outlet
from ingest.demo.outlets import OUTLETS
from tests.demo.conftest import NOW


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(now=NOW) as newsroom:
        yield newsroom


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=10) as client:
        yield client


def test_each_outlet_is_a_host_of_its_own(newsroom: Newsroom, client: httpx.Client) -> None:
    bases = [newsroom.base_url(outlet.id) for outlet in OUTLETS]
    assert len(set(bases)) == len(OUTLETS)
    for outlet, base in zip(OUTLETS, bases, strict=True):
        answer = client.get(base + "/")
        assert answer.status_code == 200
        assert outlet.name in answer.text


def test_outlets_share_a_port_where_there_are_many_addresses() -> None:
    try:
        with Newsroom(now=NOW, addresses="many") as newsroom:
            urls = [httpx.URL(newsroom.base_url(outlet.id)) for outlet in OUTLETS]
    except OSError:
        pytest.skip("this system has 127.0.0.1 alone")
    assert len({url.host for url in urls}) == len(OUTLETS)
    assert len({url.port for url in urls}) == 1


def test_where_there_is_one_address_outlets_have_ports(client: httpx.Client) -> None:
    with Newsroom(now=NOW, addresses="one") as newsroom:
        urls = [httpx.URL(newsroom.base_url(outlet.id)) for outlet in OUTLETS]
        assert {url.host for url in urls} == {"127.0.0.1"}
        assert len({url.port for url in urls}) == len(OUTLETS)
        assert client.get(urls[0]).status_code == 200


def test_several_newsrooms_run_side_by_side(newsroom: Newsroom, client: httpx.Client) -> None:
    with Newsroom(now=NOW) as second:
        assert second.base_url("meridian") != newsroom.base_url("meridian")
        assert client.get(second.base_url("meridian")).status_code == 200


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda o: o.id)
def test_an_unchanged_feed_answers_304_to_either_validator(
    outlet: Outlet, newsroom: Newsroom, client: httpx.Client
) -> None:
    url = newsroom.world().feed_url(outlet)
    first = client.get(url)
    assert first.status_code == 200
    by_tag = client.get(url, headers={"If-None-Match": first.headers["etag"]})
    by_date = client.get(url, headers={"If-Modified-Since": first.headers["last-modified"]})
    assert (by_tag.status_code, by_date.status_code) == (304, 304)
    assert by_tag.content == b""
    assert by_tag.headers["etag"] == first.headers["etag"]
    stale = {"If-None-Match": '"old"', "If-Modified-Since": first.headers["last-modified"]}
    assert client.get(url, headers=stale).status_code == 200


def test_only_feeds_that_changed_are_sent_again_after_the_second_edition(
    newsroom: Newsroom, client: httpx.Client
) -> None:
    urls = {outlet.id: newsroom.world().feed_url(outlet) for outlet in OUTLETS}
    first = {name: client.get(url) for name, url in urls.items()}
    newsroom.publish(2)
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    for validator, condition in names.items():
        changed = {
            name
            for name, url in urls.items()
            if client.get(url, headers={condition: first[name].headers[validator]}).status_code
            == 200
        }
        assert changed == {"harbour-gazette", "tidewater-tribune", "northline", "coast-tv"}


@pytest.mark.parametrize(
    ("outlet_id", "path", "status"),
    [
        ("harbour-gazette", "/city/harbour-plan", 404),
        ("tidewater-tribune", "/archives/19002", 410),
        ("valdruner-tageblatt", "/artikel/20481", 301),
        ("zarechye-vestnik", "/news.php?id=5121&utm_source=x", 200),
        ("zarechye-vestnik", "/news.php", 404),
        ("tidewater-tribune", "/robots.txt", 200),
        ("northline", "/robots.txt", 404),
        ("meridian", "/nowhere", 404),
    ],
)
def test_pages_answer_as_on_the_real_web(
    outlet_id: str, path: str, status: int, newsroom: Newsroom, client: httpx.Client
) -> None:
    answer = client.get(newsroom.base_url(outlet_id) + path)
    assert answer.status_code == status
    assert newsroom.requests[-1].path == path
    assert newsroom.requests[-1].status == status


def test_a_moved_page_is_where_it_says(newsroom: Newsroom, client: httpx.Client) -> None:
    old = newsroom.base_url("valdruner-tageblatt") + "/artikel/20481"
    answer = client.get(old, follow_redirects=True)
    assert answer.status_code == 200
    assert str(answer.url) == newsroom.world().article("valdruner-tageblatt", "seilbahn").url
    assert "Seilbahn" in answer.text


def test_the_slow_page_is_still_dripping_when_a_reader_gives_up(
    newsroom: Newsroom, client: httpx.Client
) -> None:
    url = newsroom.world().article("coast-tv", "gallery").url
    with client.stream("GET", url) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        assert sum(len(next(pieces)) for _ in range(2)) < 200


def test_the_live_blog_does_not_say_how_long_it_is(
    newsroom: Newsroom, client: httpx.Client
) -> None:
    answer = client.get(newsroom.world().article("coast-tv", "liveblog").url)
    assert "content-length" not in answer.headers
    assert len(answer.content) > 1024 * 1024


def test_a_head_request_gets_the_headers_alone(newsroom: Newsroom, client: httpx.Client) -> None:
    answer = client.head(newsroom.base_url("meridian") + "/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    assert client.post(newsroom.base_url("meridian") + "/").status_code == 405


@pytest.mark.parametrize("nonsense", [b"hello\r\n\r\n", b"x" * 100_000, b""])
def test_nonsense_ends_the_talk_and_harms_nobody_else(
    nonsense: bytes, newsroom: Newsroom, client: httpx.Client
) -> None:
    url = httpx.URL(newsroom.base_url("meridian"))
    assert url.port is not None
    with socket.create_connection((url.host, url.port), timeout=10) as sock:
        sock.sendall(nonsense)
        sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(100) == b""
    assert client.get(url).status_code == 200


def test_a_page_is_compressed_only_for_those_who_can_read_it(
    newsroom: Newsroom, client: httpx.Client
) -> None:
    url = newsroom.world().article("harbour-gazette", "lighthouse").url
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


def test_requests_are_kept_until_cleared(newsroom: Newsroom, client: httpx.Client) -> None:
    client.get(newsroom.base_url("northline") + "/feed.json", headers={"User-Agent": "probe/1"})
    (request,) = newsroom.requests
    assert (request.outlet_id, request.method, request.path) == ("northline", "GET", "/feed.json")
    assert request.headers["user-agent"] == "probe/1"
    newsroom.clear_requests()
    assert newsroom.requests == ()


def test_there_is_no_third_edition(newsroom: Newsroom) -> None:
    with pytest.raises(ValueError, match="not 3"):
        newsroom.publish(3)


@pytest.mark.parametrize("page", ["gallery", "liveblog"])
def test_closing_breaks_off_open_conversations_and_leaves_no_thread(
    page: str,
) -> None:
    before = set(threading.enumerate())
    with httpx.Client(trust_env=False, timeout=10) as client:
        with Newsroom(now=NOW) as newsroom:
            url = newsroom.world().article("coast-tv", page).url
            answer = client.send(client.build_request("GET", url), stream=True)
            assert answer.status_code == 200
        answer.close()
    left = set(threading.enumerate()) - before
    assert "newsroom" not in [thread.name for thread in left]


def test_the_configuration_lists_every_feed(newsroom: Newsroom, tmp_path: Path) -> None:
    config = YAML(typ="safe").load(newsroom.config_yaml(data=tmp_path / "a folder"))
    assert config["data"] == str(tmp_path / "a folder")
    assert config["fetch"]["allow_networks"] == ["127.0.0.0/8"]
    assert [feed["id"] for feed in config["feeds"]] == [outlet.id for outlet in OUTLETS]
    assert config["feeds"][6]["name"] == "Заречинский вестник"
    assert all(feed["url"].startswith("http://127.") for feed in config["feeds"])
