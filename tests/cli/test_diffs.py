import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cli.output.diffs import Kind, Paragraph, compare

WORDS = st.lists(st.sampled_from(["one", "two", "three,", "日本", "語", "é", "-", "x"]), max_size=8)
TEXTS = st.lists(WORDS.map(" ".join), max_size=5).map("\n".join)


def side(paragraphs: list[Paragraph], without: Kind) -> list[str]:
    joined = (
        "".join(piece.text for piece in paragraph.pieces if piece.kind is not without)
        for paragraph in paragraphs
        if any(piece.kind is not without for piece in paragraph.pieces)
    )
    return [text for text in joined if text.strip()]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


@given(TEXTS, TEXTS)
def test_without_insertions_it_is_the_old_text_and_without_deletions_the_new(
    old: str, new: str
) -> None:
    changes = compare(old, new)
    assert side(changes, Kind.INSERTED) == lines(old)
    assert side(changes, Kind.DELETED) == lines(new)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(paragraph.kept for paragraph in compare(text, text))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a b c d", "a x c d", "a -b-+x+ c d"),
        ("all of it is other", "nothing here stays", "-all of it is other-|+nothing here stays+"),
        ("海の天気図です", "海の天候図です", "海の天-気-+候+図です"),
        ("first\nlast", "first\nmiddle\nlast", "first|+middle+|last"),
        ("costs 12 crowns a day", "costs 45 crowns a day", "costs -12-+45+ crowns a day"),
    ],
)
def test_changes_are_shown_word_by_word(old: str, new: str, shown: str) -> None:
    marks = {Kind.KEPT: "", Kind.DELETED: "-", Kind.INSERTED: "+"}
    told = "|".join(
        "".join(f"{marks[p.kind]}{p.text}{marks[p.kind]}" for p in paragraph.pieces)
        for paragraph in compare(old, new)
    )
    assert told == shown


def test_very_long_paragraphs_are_compared_as_a_whole() -> None:
    old, new = "a " * 5_000, "b " * 5_000
    assert [paragraph.pieces[0].kind for paragraph in compare(old, new)] == [
        Kind.DELETED,
        Kind.INSERTED,
    ]
