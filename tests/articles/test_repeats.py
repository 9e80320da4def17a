import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.articles.document import parse_html
from ingest.articles.repeats import MOST, Block, blocks, remove, repeated

LONG = "Every photograph here was taken by people who live by the water."
OTHER = "The ferry to Ostley runs at eight, at noon and at six in winter."


def found(body: str) -> tuple[Block, ...]:
    tree = parse_html(f"<html><body>{body}</body></html>")
    assert tree is not None
    return blocks(tree)


def keys(body: str) -> set[int]:
    return {block.key for block in found(body)}


@pytest.mark.parametrize(
    "same",
    [
        f"<p class='note'>{LONG.upper()}</p>",
        "<p class='note'>" + LONG.replace(" ", "\n  ") + "</p>",
        "<p class='note'>" + LONG.replace("taken", "<b>taken</b>") + "</p>",
        f"<p class='note' id='n4711'>{LONG}<script>var ad = 'one two three';</script></p>",
    ],
    ids=["case", "white space", "inline markup", "scripts and ids"],
)
def test_a_block_is_known_again_whatever_its_dress(same: str) -> None:
    assert keys(same) == keys(f"<p class='note'>{LONG}</p>")


@pytest.mark.parametrize(
    "other",
    [
        f"<p class='note'>{OTHER}</p>",
        f"<p class='note'>{LONG} It cost 3 pounds.</p>",
        f"<p class='lead'>{LONG}</p>",
        f"<ul><li class='note'>{LONG}</li></ul>",
    ],
    ids=["text", "more text", "class", "place"],
)
def test_another_text_or_another_place_is_another_block(other: str) -> None:
    assert keys(other).isdisjoint(keys(f"<p class='note'>{LONG}</p>"))


def test_numbers_tell_sentences_apart_but_not_classes() -> None:
    assert keys(f"<p>{LONG} It cost 3 pounds.</p>") != keys(f"<p>{LONG} It cost 4 pounds.</p>")
    assert keys(f"<p class='post-3'>{LONG}</p>") == keys(f"<p class='post-4'>{LONG}</p>")


def test_a_hash_is_the_same_in_every_process() -> None:
    # As they lie in ledgers: another hash would forget all that was learned.
    assert keys(f"<p>{LONG}</p>") == {1390650622993396078}


def test_short_blocks_headings_and_what_holds_one_are_none() -> None:
    assert found("<p>Only seven words stand in this paragraph.</p>") == ()
    assert found(f"<div><h1>{LONG}</h1></div>") == ()
    assert found(f"<div><h1>Title</h1>{LONG}</div>") == ()
    assert found(f"<script>{LONG}</script><textarea>{LONG}</textarea>") == ()


def test_a_block_that_holds_known_ones_goes_whole_with_what_is_short_in_it() -> None:
    body = f"<p>{OTHER}</p><div><p>{LONG}</p><p>Subscribe</p></div>"
    tree = parse_html(f"<html><body>{body}</body></html>")
    assert tree is not None
    known = keys(f"<div><p>{LONG}</p><p>Subscribe</p></div>")
    steps = remove(repeated(blocks(tree), known, ()))
    assert [step.text for step in steps] == [f"{LONG} Subscribe"]
    assert tree.text_content() == OTHER


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        (f"<p>{OTHER}</p><p>Follow the Courier on all channels</p><p>Support us today</p>", 2),
        (f"<p>{OTHER}</p><p>Support us today</p><p>Follow the Courier on all channels</p>", 0),
        (f"<p>Follow the Courier on all channels</p><p>{OTHER}</p><p>Support us today</p>", 0),
        ("<p>Follow the Courier on all channels</p>now<p>Support us today</p>", 0),
        (f"<p>{LONG}</p><p>Support us today</p><p>{OTHER}</p>", 2),
    ],
    ids=["pair", "other order", "text between", "words between", "beside a long one"],
)
def test_a_short_line_is_known_by_its_neighbour(body: str, gone: int) -> None:
    known = keys(
        f"<p>Follow the Courier on all channels</p><p>Support us today</p><h2>Title</h2><p>{LONG}"
        "</p><p>Support us today</p>"
    )
    assert len(repeated(found(body), known, ())) == gone


def test_what_the_page_says_of_itself_is_its_own() -> None:
    page = found(f"<p>{LONG}</p><p>{OTHER}</p>")
    gone = repeated(page, {block.key for block in page}, [f"Of the coast: {LONG}"])
    assert [block.element.text for block in gone] == [OTHER]


def test_of_a_huge_page_the_first_and_the_last_blocks_are_looked_at() -> None:
    page = found("".join(f"<p>{LONG} Number {n}.</p>" for n in range(2 * MOST)))
    assert len(page) == MOST
    assert page[0].words.endswith("number 0.")
    assert page[-1].words.endswith(f"number {2 * MOST - 1}.")


def test_nesting_deeper_than_any_stack_is_walked() -> None:
    assert len(found("<div>" * 5_000 + f"<p>{LONG}</p>")) <= MOST


@given(
    own=st.lists(st.integers(0, 40), unique=True, max_size=12),
    known=st.frozensets(st.integers(0, 40)),
)
def test_only_what_is_known_is_removed_and_all_else_stays(
    own: list[int], known: frozenset[int]
) -> None:
    def told(number: int) -> str:
        return f"<p>{LONG} Number {number}.</p>"

    tree = parse_html(f"<html><body><main>{''.join(map(told, own))}</main></body></html>")
    assert tree is not None
    seen = {block.key for n in known for block in found(f"<main>{told(n)}</main>")}
    page = blocks(tree)
    before = {block.key for block in page}
    remove(repeated(page, seen - {page[-1].key} if page else seen, ()))
    left = [p.text_content() for p in tree.iter("p")]
    assert {block.key for block in blocks(tree)} <= before or len(left) < len(own)
    for number in own:
        if number not in known:
            assert any(text.endswith(f"Number {number}.") for text in left)
