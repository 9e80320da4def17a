"""Pages whose article is missing, and the texts that are too short to be sure of."""

from collections.abc import Callable

import pytest

from ingest.articles.account import Stage
from ingest.articles.doubt import without_doubtful
from ingest.articles.extract import examine
from ingest.articles.paragraphs import Paragraph
from ingest.types import Extracted, Page
from tests.articles.pages import FORMS, TEMPLATES, page

NOTE = "Reporting of this paper is paid for by those who read it. See what they get."


def examined(content: str) -> tuple[str, list[str]]:
    request = Page(url="https://news.example.com/2022/07/story/", body=page(content))
    found = examine(request, None)
    assert isinstance(found.result, Extracted)
    doubted = [step.text for step in found.steps if step.stage is Stage.DOUBT]
    return found.result.text, doubted


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_a_page_whose_article_is_missing_gives_no_word_of_its_comment_form(
    template: Callable[[str, str], str], form: str
) -> None:
    assert examined(template("", FORMS[form]))[0] == ""


@pytest.mark.parametrize("place", ["footer", "sidebar"])
def test_what_one_extractor_makes_of_a_page_without_its_article_is_no_text(place: str) -> None:
    assert examined(f"<div class='{place}'><p>{NOTE}</p></div>") == ("", [NOTE])


@pytest.mark.parametrize(
    ("words", "agreement", "stays"),
    [
        (149, 0.59, False),
        (149, 0.6, True),  # a short article is found by all
        (150, 0.0, True),  # a long text is never doubted
        (1, 0.6, True),
        (0, 1.0, False),
    ],
)
def test_a_short_text_stays_only_where_another_extractor_found_it(
    words: int, agreement: float, *, stays: bool
) -> None:
    found = (Paragraph(text="word " * words or "* * *"),)
    sure = without_doubtful(found, agreement)
    assert sure.paragraphs == (found if stays else ())
    assert [step.text for step in sure.steps] == [] if stays else [found[0].text]
