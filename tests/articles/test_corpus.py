import logging
from collections.abc import Callable
from itertools import islice

import pytest
import trafilatura

from ingest.articles.extract import extract_page
from ingest.types import Fault, Page
from storage.model import Reason
from tests.conftest import TABLE
from tests.corpus.scoring import (
    CORPUS,
    Score,
    authors_match,
    date_matches,
    labelled_pages,
    mean,
    score_text,
    title_matches,
)

pytestmark = pytest.mark.skipif(
    not (CORPUS / "labels.jsonl").exists(), reason="the shared corpus is absent"
)


def test_real_pages_are_extracted_better_than_by_trafilatura_alone(
    caplog: pytest.LogCaptureFixture, record_property: Callable[[str, object], None]
) -> None:
    caplog.set_level(logging.CRITICAL, logger="trafilatura")
    ours: list[Score] = []
    plain: list[Score] = []
    titles: list[bool] = []
    dates: list[bool] = []
    authors: list[bool] = []
    # Every second page keeps the test short; bench/extract_quality.py takes them all.
    for page in islice(labelled_pages(), None, None, 2):
        body = page.html
        found = extract_page(Page(url=page.url, body=body, content_type="text/html"), None)
        if isinstance(found, Fault):
            assert found.reason is Reason.NOT_AN_ARTICLE
            assert "live ticker" in found.detail, page.url
            continue
        assert found.text, page.url
        if page.body is not None:
            ours.append(score_text(found.text, page.body))
            alone = trafilatura.extract(body, include_comments=False) or ""
            plain.append(score_text(alone, page.body))
        if page.title is not None:
            titles.append(title_matches(found.title, page.title))
        if page.published is not None:
            dates.append(date_matches(found.published_at, page.published))
        if page.authors:
            authors.append(authors_match(found.authors, page.authors))
    record_property(TABLE, f"newsfold    {mean(ours)}\ntrafilatura {mean(plain)}")
    # A little under what was reached.
    assert mean(ours).f1 >= mean(plain).f1 + 0.02
    assert mean(ours).f1 >= 0.979
    assert mean(ours).recall >= 0.984
    assert sum(titles) / len(titles) >= 0.885
    assert sum(dates) / len(dates) >= 0.983
    assert sum(authors) / len(authors) >= 0.87
