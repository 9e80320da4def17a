# ruff: noqa: RUF001 - typographic characters are meant

from datetime import UTC, datetime

import pytest

from ingest.articles.dates import parse_date
from ingest.articles.language import count_words, detect_language
from ingest.articles.names import author_names, without_site
from ingest.articles.paragraphs import Paragraph
from ingest.articles.residue import drop_residue

OUTLETS = frozenset({"examplegazette", "example", "examplecom"})


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["Ann Lee"], ("Ann Lee",)),
        (["By Ann Lee and Bo Ek"], ("Ann Lee", "Bo Ek")),
        (["Ann Lee, Bo Ek & Cy Oz"], ("Ann Lee", "Bo Ek", "Cy Oz")),
        (["Ann Lee", "ann lee"], ("Ann Lee",)),
        (["Von Ann Lee"], ("Ann Lee",)),
        (["Par Ann Lee"], ("Ann Lee",)),
        (["von der Leyen"], ("von der Leyen",)),
        (["Lee, Ann"], ("Lee, Ann",)),
        (["Ann Lee, Reuters"], ("Ann Lee",)),
        (["https://example.com/ann"], ()),
        (["ann@example.com"], ()),
        (["The Example Gazette", "Example Gazette", "example.com"], ("The Example Gazette",)),
        (["Example Gazette"], ()),
        (["admin"], ()),
        (["<b>Ann&nbsp;Lee</b>"], ("Ann Lee",)),
        (["松岡大地"], ("松岡大地",)),
        (["Byron Lee"], ("Byron Lee",)),
        (["(Image: Getty)"], ()),
        ([""], ()),
    ],
)
def test_authors_are_names_of_people(values: list[str], names: tuple[str, ...]) -> None:
    assert author_names(values, OUTLETS) == names


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("Road closed - Example Gazette", "Road closed"),
        ("Road closed | Example Gazette", "Road closed"),
        ("Road closed – News – Example Gazette", "Road closed – News"),
        ("Example Gazette: Road closed", "Example Gazette: Road closed"),
        ("Example Gazette | Road closed", "Road closed"),
        ("Road closed - for good", "Road closed - for good"),
        ("Harbour road shut | News | City", "Harbour road shut"),
        ("Road closed-again", "Road closed-again"),
    ],
)
def test_a_title_loses_the_name_of_its_site_and_nothing_else(title: str, clean: str) -> None:
    assert without_site(title, OUTLETS, ["Harbour road shut"]) == clean


@pytest.mark.parametrize(
    ("text", "at", "zoned"),
    [
        ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC), True),
        ("2026-11-23T10:00:00+02:00", datetime(2026, 11, 23, 8, tzinfo=UTC), True),
        ("2026-11-23T10:00:00.1234567+0200", datetime(2026, 11, 23, 8, 0, 0, 123456, UTC), True),
        ("2026-11-23 10:00:00 +0200", datetime(2026, 11, 23, 8, tzinfo=UTC), True),
        ("2026-11-23T10:00", datetime(2026, 11, 23, 10, tzinfo=UTC), False),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC), False),
        ("2026/11/3 9:05 Uhr", datetime(2026, 11, 3, 9, 5, tzinfo=UTC), False),
        ("Mon, 23 Nov 2026 10:00:00 GMT", datetime(2026, 11, 23, 10, tzinfo=UTC), True),
        ("1795428000", datetime(2026, 11, 23, 10, tzinfo=UTC), True),
        ("1795428000000", datetime(2026, 11, 23, 10, tzinfo=UTC), True),
    ],
)
def test_dates_as_machines_write_them_become_utc(text: str, at: datetime, zoned: bool) -> None:
    found = parse_date(text)
    assert found is not None
    assert (found.at, found.zoned) == (at, zoned)


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "1901-01-01", "Mon"]
)
def test_what_is_no_date_or_none_of_our_time_is_nothing(text: str | None) -> None:
    assert parse_date(text) is None


GERMAN = (
    "Der Rat der Stadt hat am Dienstag beschlossen, die alte Hafenstraße für Lastwagen zu "
    "schließen, wie die Bürgermeisterin sagte."
)
CHINESE = "市议会周二投票决定关闭旧港口道路，居民对此表示欢迎，认为夜间会更加安静，也更加安全。"


@pytest.mark.parametrize(
    ("text", "hints", "language"),
    [
        (GERMAN, ("en",), "de"),
        (CHINESE, (), "zh"),
        ("OK", ("fr-CA",), "fr"),
        ("", ("pt_BR",), "pt"),
        ("", (), None),
        ("12345", ("not a tag",), None),
    ],
)
def test_language_is_that_of_the_text_and_of_the_page_where_the_text_is_short(
    text: str, hints: tuple[str, ...], language: str | None
) -> None:
    assert detect_language(text, hints) == language


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("It’s five o'clock, 2026.", 4),
        ("市議会は", 4),
        ("서울 시장", 2),
        ("…", 0),
    ],
)
def test_words_are_counted_and_characters_where_words_have_no_spaces(text: str, words: int) -> None:
    assert count_words(text) == words


LONG = "A sentence of the article that is long enough to be one and stays where it stands."


@pytest.mark.parametrize(
    "residue",
    [
        "Sign up to our daily newsletter for all the latest stories",
        "Follow us on Facebook, Twitter and Instagram",
        "Read more: Council approves budget",
        "Lesen Sie auch: Rat beschließt Haushalt",
        "Auch interessant",
        "Lire aussi :",
        "Advertisement",
        "Anzeige",
        "© Example Gazette 2026",
        "All rights reserved.",
        "Photo: Ann Lee/Agency",
        "関連記事",
        "The post Road closed appeared first on Example Gazette.",
    ],
)
def test_short_stock_phrases_are_no_part_of_an_article(residue: str) -> None:
    found = [Paragraph(text=LONG), Paragraph(text=residue), Paragraph(text=LONG)]
    assert [paragraph.text for paragraph in drop_residue(found, []).paragraphs] == [LONG, LONG]


@pytest.mark.parametrize(
    "sentence",
    [
        "Read more books, she said.",
        "Follow the money, he wrote on Monday.",
        "Share prices fell by a third.",
        "Related costs rose.",
        "Photo shops are closing.",
        "Copyrighted works were copied.",
        "Reply came there none.",
        "Advertisements for tobacco were banned in 2003.",
        "Jetzt ist es Zeit, sagte der Minister.",
        "Join us, they said, and they meant it.",
    ],
)
def test_short_sentences_that_begin_like_stock_phrases_stay(sentence: str) -> None:
    found = [Paragraph(text=LONG), Paragraph(text=sentence)]
    assert [paragraph.text for paragraph in drop_residue(found, []).paragraphs] == [LONG, sentence]


def test_the_title_is_dropped_near_the_top_only() -> None:
    title = "Harbour road shut"
    found = [Paragraph(text=text) for text in (f"Transport: {title}", LONG, LONG, LONG, title)]
    kept = [paragraph.text for paragraph in drop_residue(found, [title]).paragraphs]
    assert kept == [LONG, LONG, LONG, title]


def test_blocks_of_links_go_and_linked_sentences_stay() -> None:
    block = Paragraph(text="Council approves the budget at last", links=1.0)
    sentence = Paragraph(text=" ".join([LONG] * 3), links=1.0)
    name = Paragraph(text="Ann Lee", links=1.0)
    own = Paragraph(text=LONG, links=0.3)
    assert drop_residue([own, block, name, sentence, own], []).paragraphs == (
        own,
        name,
        sentence,
        own,
    )
