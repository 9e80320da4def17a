from collections.abc import Callable

import pytest

from ingest.articles.extract import extract_page
from ingest.types import Extracted, Page
from tests.articles.pages import FORMS, TEMPLATES, page, paragraphs_html
from tests.corpus.scoring import CORPUS

SEED = CORPUS / "seed-article.txt"
STORY = (
    "The council of Northbridge voted on Tuesday to close the old harbour road to lorries.",
    "Residents had asked for the measure for years, pointing to noise and to two accidents.",
    "“We have waited a long time,” said Ann Ferris, who lives beside it. “I can sleep again.”",
    "Hauliers said the detour would add twenty minutes to each journey and asked for talks.",
    "The closure begins on 1 May and will be reviewed after a year, the mayor said.",
)
FORM_WORDS = (
    "Leave a",
    "email address will not be published",
    "Required fields",
    "Post Comment",
    "Save my name",
    "Comment *",
    "Email *",
)


def text_of(content: str) -> str:
    found = extract_page(
        Page(url="https://news.example.com/2022/07/story/", body=page(content)), None
    )
    assert isinstance(found, Extracted)
    return found.text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_a_comment_form_leaves_no_word_and_takes_no_sentence(
    template: Callable[[str, str], str], form: str
) -> None:
    text = text_of(template(paragraphs_html(STORY), FORMS[form]))
    assert text.split("\n\n") == list(STORY)


@pytest.mark.skipif(not SEED.exists(), reason="the shared corpus is absent")
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_the_seed_article_ends_with_its_own_last_sentence(
    template: Callable[[str, str], str], form: str
) -> None:
    written = [line for line in SEED.read_text(encoding="utf-8").split("\n\n") if line.strip()]
    story = [line.strip() for line in written[:-2]]
    text = text_of(template(paragraphs_html(story), FORMS[form]))
    assert text.endswith("we may not exist tomorrow.”")
    assert text.split("\n\n") == story
    assert not [word for word in FORM_WORDS if word.casefold() in text.casefold()]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_a_page_whose_own_text_is_blank_gives_no_word_of_its_form(
    template: Callable[[str, str], str], form: str
) -> None:
    found = extract_page(
        Page(url="https://news.example.com/story/", body=page(template("", FORMS[form]))), None
    )
    text = found.text if isinstance(found, Extracted) else ""
    assert not [word for word in FORM_WORDS if word.casefold() in text.casefold()]


@pytest.mark.parametrize(
    ("heading", "notice"),
    [
        ("Schreibe einen Kommentar", "Deine E-Mail-Adresse wird nicht veröffentlicht."),
        ("Laisser un commentaire", "Votre adresse e-mail ne sera pas publiée."),
        ("Deja una respuesta", "Tu dirección de correo electrónico no será publicada."),
        ("Lascia un commento", "Il tuo indirizzo email non sarà pubblicato."),
        ("Deixe um comentário", "O seu endereço de e-mail não será publicado."),
        ("Geef een reactie", "Je e-mailadres wordt niet gepubliceerd."),
        ("Добавить комментарий", "Ваш адрес email не будет опубликован."),
        ("Bir yanıt yazın", "E-posta adresiniz yayınlanmayacak."),  # noqa: RUF001 - Turkish
        ("اترك تعليقاً", "لن يتم نشر عنوان بريدك الإلكتروني."),
        ("コメントを残す", "メールアドレスが公開されることはありません。"),
        ("发表评论", "您的电子邮箱地址不会被公开。"),
        ("댓글 남기기", "이메일 주소는 공개되지 않습니다."),
    ],
)
def test_forms_in_other_languages_go_as_well(heading: str, notice: str) -> None:
    form = f"<h3>{heading}</h3><p>{notice}</p><p>Name *</p>"
    text = text_of(TEMPLATES[1](paragraphs_html(STORY), form))
    assert text.split("\n\n") == list(STORY)


def test_a_page_that_is_one_big_form_keeps_its_article() -> None:
    content = TEMPLATES[0](paragraphs_html(STORY), "<textarea name='q'></textarea>")
    text = text_of(f"<form id='aspnetForm' method='post'>{content}</form>")
    assert text.split("\n\n") == list(STORY)


def test_a_sentence_about_comments_is_no_comment_form() -> None:
    invitation = (
        "Leave a comment on the mayor's page, she said, and the whole council will read it "
        "before the next meeting, which is to be held in the school hall on the first Monday of "
        "the month, as it always was in the years before the fire."
    )
    story = (*STORY[:3], invitation, *STORY[3:])
    text = text_of(TEMPLATES[0](paragraphs_html(story), FORMS["respond"]))
    assert text.split("\n\n") == list(story)
