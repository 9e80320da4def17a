"""What was taken down is not fetched again, whoever asks for it."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import storage
from ingest.clock import system_clock
from ingest.demo.newsroom import Newsroom
from tests.app.support import finish, flaws, start, write_config


def test_a_page_that_was_taken_down_is_neither_fetched_nor_stored_again(tmp_path: Path) -> None:
    with Newsroom(now=system_clock()) as newsroom:
        config = write_config(newsroom, tmp_path)
        assert finish(start(config, "-q", "crawl"))[0] == 0
        with storage.open(tmp_path / "data") as store:
            # One that stands alone: where there are copies, the next of them is read again.
            query = """SELECT a.canonical_url AS url FROM articles a JOIN stories USING (story_id)
                       WHERE copies = 1 ORDER BY a.article_id LIMIT 1"""
            [row] = store.sql(query).to_pylist()
        code, _, err = finish(start(config, "store", "delete", row["url"], "--yes"))
        assert code == 0, err
        newsroom.clear_requests()
        code, out, err = finish(start(config, "--json", "crawl"))
        assert code == 0, err
        assert json.loads(out)["entries"]["new"] == 0
        code, out, err = finish(start(config, "--json", "crawl", "--url", row["url"]))
        assert code == 1, "nothing came of the page"
        assert "taken_down" in err
        assert json.loads(out)["entries"]["skipped"] == 1
        path = urlsplit(row["url"]).path
        assert path not in {request.path for request in newsroom.requests}
    with storage.open(tmp_path / "data") as store:
        assert store.get(row["url"]) == []
    assert flaws(tmp_path / "data") == []
