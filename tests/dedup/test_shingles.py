import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup.shingles import normalise, shingles, token_hashes

THAI_SCHOOLS = (
    "นายกรัฐมนตรีแถลงข่าวเมื่อเช้าวันจันทร์ว่ารัฐบาลจะเพิ่มงบประมาณด้านการศึกษาในปีหน้า "
    "โดยจะเน้นการพัฒนาโรงเรียนในชนบทและการฝึกอบรมครูทั่วประเทศ "
    "เขากล่าวว่าโครงการนี้จะช่วยให้นักเรียนกว่าหนึ่งล้านคนได้รับโอกาสที่ดีขึ้น"
)
THAI_FLOOD = (
    "เจ้าหน้าที่กู้ภัยยังคงค้นหาผู้สูญหายหลังจากเกิดน้ำท่วมหนักทางภาคเหนือของประเทศ "
    "ฝนตกต่อเนื่องหลายวันทำให้แม่น้ำเอ่อล้นตลิ่งและบ้านเรือนหลายร้อยหลังได้รับความเสียหาย "
    "รัฐบาลจะช่วยเหลือผู้ประสบภัยทั้งหมดโดยเร็ว"
)


def tokens(text: str) -> int:
    return len(token_hashes(normalise(text)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ﬁnance ½", "FINANCE 1\u20442"),
        ("a\u00a0 b\n\nc ", "a b c"),
        ("co\u00adope\u200bration\ufeff", "cooperation"),
        ("Cafe\u0301", "café"),
        ("\uff21\uff22\uff23\u3000\uff11\uff12", "abc 12"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_writings_of_one_text_are_normalised_to_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        (" … — !? ", 0),
        ("Hello, world: it's 4.5 km", 7),
        ("नमस्ते दुनिया", 2),
        ("東京で会議", 5),
        ("NHKが東京2020", 5),
        ("カタカナ。ひらがな", 8),
        ("བཀྲ་ཤིས་བདེ་ལེགས", 4),
        ("สวัสดี", 6),
        ("서울 날씨", 2),
        ("𠀀𠀁", 2),
    ],
)
def test_tokens_are_words_or_characters_by_script(text: str, expected: int) -> None:
    assert tokens(text) == expected


@given(st.lists(st.sampled_from(["a", "ab", "b", "ba", "zoë", "12", "長い", "ไทย"]), max_size=30))
def test_equal_words_have_equal_hashes_wherever_they_stand(words: list[str]) -> None:
    whole = token_hashes(normalise(" ".join(words)))
    each = [token_hashes(normalise(word)) for word in words]
    assert np.array_equal(whole, np.concatenate([np.zeros(0, np.uint64), *each]))


def test_different_words_have_different_hashes() -> None:
    words = [
        f"{letter}{number}" for letter in ("a", "b", "aa", "é", "東") for number in range(4000)
    ]
    hashes = {int(token_hashes(word)[-1 if word[0] == "東" else 0]) for word in words}
    assert len(hashes) == 4 * 4000 + 4000


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("one", 1), ("one two", 1), ("one two three", 1), ("a b c d", 2), ("a b c a b c", 3)],
)
def test_shingles_are_distinct_runs_of_three_tokens(text: str, expected: int) -> None:
    assert len(shingles(token_hashes(text))) == expected


def test_the_order_of_the_words_matters() -> None:
    assert not set(shingles(token_hashes("dog bites man")).tolist()) & set(
        shingles(token_hashes("man bites dog")).tolist()
    )


def test_unrelated_texts_in_an_alphabet_without_spaces_share_little() -> None:
    one, other = (
        set(shingles(token_hashes(normalise(text))).tolist()) for text in (THAI_SCHOOLS, THAI_FLOOD)
    )
    assert len(one & other) / min(len(one), len(other)) < 0.08


def test_a_huge_text_is_cut_like_a_small_one() -> None:
    words = [f"word{number}" for number in range(30_000)]
    whole = token_hashes(" ".join(words))
    assert len(whole) == len(words)
    assert whole[-1] == token_hashes(words[-1])[0]


@given(st.text(max_size=300))
def test_any_text_can_be_cut(text: str) -> None:
    normalised = normalise(text)
    found = shingles(token_hashes(normalised))
    assert len(found) == len(np.unique(found))
    assert bool(len(found)) == bool(len(token_hashes(normalised)))
