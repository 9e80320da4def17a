from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.config import add_feed, add_feeds, load, made_id, move_feed, remove_feed
from ingest.config.edit import _with_feeds, _without_feed
from ingest.errors import ConfigError, UsageError
from ingest.types import Feed, FullText

FILE = """\
# top
data:   data      # a folder
feeds:
    # British
    - https://a.example/x      # the a
    # about b
    - url: "https://b.example/x"
      tags: [ a,   b ]

    # German
    - url: https://c.example/x
      id: c
    # the last comment

dedup: {window: 90d}  # end
"""


def plain(url: str) -> Feed:
    return Feed(id=made_id(url), url=url, name=made_id(url))


def test_adding_leaves_every_other_line_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FILE)
    feed = Feed(
        id="neu",
        url="https://d.example/y",
        name='Ünser "Blatt": heute',
        tags=("a", "no", "12"),
        interval=timedelta(minutes=90),
        full_text=FullText.FEED,
    )
    add_feed(path, feed)
    assert load(path).feeds[-1] == feed
    old, new = FILE.splitlines(), path.read_text().splitlines()
    assert [line for line in new if line in old] == old
    assert new.index("    - url: https://d.example/y") == old.index("      id: c") + 1


def test_removing_takes_its_lines_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FILE)
    assert remove_feed(path, "b-example-x").url == "https://b.example/x"
    lines = FILE.splitlines(keepends=True)
    assert path.read_text() == "".join(lines[:6] + lines[8:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only words",
        "data: x",
        "feeds:\n",
        "feeds: []  # none yet\ndata: x\n",
        "feeds: [https://a.example/, {url: https://b.example/}]  # two\n",
        "feeds:\n- https://a.example/",
        "data: x\nfeeds:  # none yet\n  # more\n\nflush:\n",
        "data: x\nfeeds: ~\n",
        "feeds:\n  - https://a.example/  # the only\n\n# end\ndata: x\n",
        "feeds:\r\n- https://a.example/\r\n",
        "feeds:\n  - - https://a.example/\n",
    ],
)
def test_any_style_of_list_can_be_added_to_and_removed_from(text: str, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_bytes(text.encode())
    if "- -" in text:
        with pytest.raises(ConfigError):
            add_feed(path, plain("https://d.example/y"))
        assert path.read_text() == text
        return
    before = load(path).feeds
    add_feed(path, plain("https://d.example/y"))
    assert load(path).feeds == (*before, plain("https://d.example/y"))
    assert all(word in path.read_text() for word in text.replace("[]", "").split()[:1])
    remove_feed(path, "d-example-y")
    assert load(path).feeds == before


def test_a_missing_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "feeds.yml"
    add_feed(path, plain("https://d.example/y"))
    assert load(path).feeds == (plain("https://d.example/y"),)


def test_what_is_there_already_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FILE)
    with pytest.raises(UsageError, match="id c is there already"):
        add_feed(path, Feed(id="c", url="https://e.example/", name=""))
    with pytest.raises(UsageError, match="as a-example-x"):
        add_feed(path, Feed(id="a", url="https://A.example/x#top", name=""))
    with pytest.raises(UsageError, match="no feed has the id nobody"):
        remove_feed(path, "nobody")
    assert path.read_text() == FILE
    assert [item.name for item in tmp_path.iterdir()] == ["feeds.yml"]


def test_a_link_and_the_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yml", tmp_path / "feeds.yml"
    real.write_text(FILE)
    real.chmod(0o600)
    link.symlink_to(real)
    add_feed(link, plain("https://d.example/y"))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "https://d.example/y" in real.read_text()


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_adding_then_removing_the_last_gives_the_file_back(name: str) -> None:
    added = _with_feeds(FILE, [{"url": "https://d.example/y", "name": name}])
    assert _without_feed(added, 3) == FILE


def test_moving_changes_the_address_and_keeps_the_id_and_all_else(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FILE)
    before = load(path).feeds
    for feed_id in ("a-example-x", "b-example-x", "c"):
        moved = move_feed(path, feed_id, f"https://new.example/{feed_id}?a=1&b=2")
        assert moved.id == feed_id
    after = load(path).feeds
    assert [feed.id for feed in after] == [feed.id for feed in before]
    assert [feed.url for feed in after] == [
        f"https://new.example/{feed.id}?a=1&b=2" for feed in before
    ]
    assert [(feed.name, feed.tags) for feed in after] == [(f.name, f.tags) for f in before]
    assert path.read_text() == FILE.replace(
        "- https://a.example/x      # the a",
        "- url: https://new.example/a-example-x?a=1&b=2      # the a\n      id: a-example-x",
    ).replace(
        'url: "https://b.example/x"',
        "url: https://new.example/b-example-x?a=1&b=2\n      id: b-example-x",
    ).replace("https://c.example/x", "https://new.example/c?a=1&b=2")


@pytest.mark.parametrize(
    "text",
    [
        "feeds:\n- https://a.example/x",
        "feeds:\n- 'https://a.example/x'  # one\n",
        "feeds:\n  - {url: 'https://a.example/x', tags: [b]}  # one\n",
        "feeds: [https://a.example/x]  # one\n",
        "feeds: [{url: https://a.example/x}]\n",
        "feeds:\r\n- url: https://a.example/x\r\n  tags: [b]\r\n",
        "feeds:\n- tags: [b]\n  url:\n    https://a.example/x\n",
        "feeds:\n- &one https://a.example/x\n",
        "feeds:\n-\n  https://a.example/x\n",
        "feeds:\n-   url: https://a.example/x",
    ],
)
def test_a_feed_in_any_style_can_be_moved(text: str, tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_bytes(text.encode())
    [before] = load(path).feeds
    move_feed(path, before.id, "https://b.example/y#z")
    [after] = load(path).feeds
    assert (after.id, after.url, after.tags) == (before.id, "https://b.example/y#z", before.tags)
    assert ("# one" in path.read_text()) == ("# one" in text)


def test_a_feed_is_not_moved_to_where_another_is(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FILE)
    with pytest.raises(UsageError, match="as a-example-x"):
        move_feed(path, "c", "https://A.example/x")
    with pytest.raises(UsageError, match="no feed has the id nobody"):
        move_feed(path, "nobody", "https://d.example/")
    assert path.read_text() == FILE


def test_several_are_added_all_or_none(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yml"
    path.write_text(FILE)
    new = [plain("https://d.example/y"), plain("https://e.example/y")]
    with pytest.raises(UsageError):
        add_feeds(path, [*new, plain("https://d.example/y#again")])
    assert path.read_text() == FILE
    add_feeds(path, new)
    assert load(path).feeds[-2:] == tuple(new)
