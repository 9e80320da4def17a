from pathlib import Path

import pytest

from tests.cli.runner import newsfold


@pytest.mark.parametrize(
    "args", [("nonsense",), ("--nonsense",), ("query",), ("search",), ("feeds", "nonsense")]
)
def test_wrong_usage_exits_2_with_nothing_on_stdout(args: tuple[str, ...]) -> None:
    ran = newsfold(*args)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: newsfold" in ran.err


def test_the_environment_names_the_configuration_and_the_data(tmp_path: Path) -> None:
    config = tmp_path / "other.yml"
    config.write_text("data: here\n")
    env = {"NEWSFOLD_CONFIG": str(config), "NEWSFOLD_DATA": str(tmp_path / "there")}
    told = newsfold("--json", "config", "show", env=env).json
    assert told["data"] == str(tmp_path / "there")


def test_a_wrong_configuration_stops_any_command_with_exit_2(tmp_path: Path) -> None:
    config = tmp_path / "feeds.yml"
    config.write_text("feeds: {}\n")
    for args in (("crawl",), ("status",), ("feeds", "list"), ("why", "x")):
        ran = newsfold("--config", config, *args)
        assert (ran.code, ran.out) == (2, "")
        assert "feeds.yml:1" in ran.err
