import pytest

from ingest.articles.account import Change
from ingest.articles.agreement import Witness, as_stated, medoid, without_unsupported
from ingest.articles.bylines import shown_authors
from ingest.articles.document import parse_html
from ingest.articles.markdown import markdown
from ingest.articles.paragraphs import Kind, Paragraph
from ingest.articles.pruning import (
    comment_forms,
    comments,
    furniture,
    hidden,
    machinery,
    prune,
    teasers,
)
from ingest.articles.residue import drop_residue
from ingest.articles.standfirst import find_standfirst, with_standfirst

ONE = "The council of Northbridge voted on Tuesday to close the old harbour road to lorries."
TWO = "Residents had asked for the measure for years, pointing to noise and to two accidents."
THREE = "Hauliers said the detour would add twenty minutes to each journey and asked for talks."
OTHER = "Nine players of the local team were sent home after a night at the casino."
LEAD = (
    "After years of noise the council of Northbridge shuts its oldest street to heavy traffic, "
    "and those who live beside it can hardly believe that it happened at last."
)


def texts(*values: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(text=value) for value in values)


@pytest.mark.parametrize(
    ("ours", "others", "kept"),
    [
        ((ONE, TWO, OTHER), (f"{ONE} {TWO}", ONE), (ONE, TWO)),
        ((ONE, TWO, OTHER), (f"{ONE} {TWO}", f"{ONE} {OTHER}"), (ONE, TWO, OTHER)),
        ((ONE, OTHER), (ONE, ONE), (ONE, OTHER)),  # too much would go: they saw another part
        ((ONE, TWO), ("", ""), (ONE, TWO)),
    ],
)
def test_what_one_extractor_alone_has_is_dropped_unless_it_is_much(
    ours: tuple[str, ...], others: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    found = without_unsupported(texts(*ours), [Witness.of(text) for text in others])
    assert found.paragraphs == texts(*kept)
    assert [step.text for step in found.steps] == [text for text in ours if text not in kept]


def test_quotations_and_headings_need_no_witness() -> None:
    quote = Paragraph(text=OTHER, kind=Kind.QUOTE)
    heading = Paragraph(text="What now", kind=Kind.HEADING)
    found = (*texts(ONE, TWO, THREE), heading, quote)
    assert without_unsupported(found, [Witness.of(f"{ONE} {TWO} {THREE}")]).paragraphs == found


def test_the_text_most_like_all_others_is_taken_and_the_first_of_equals() -> None:
    candidates = {"a": texts(OTHER), "b": texts(ONE, TWO), "c": texts(ONE, TWO, THREE)}
    assert medoid(candidates) == "b"
    assert medoid({"x": texts(ONE), "y": texts(ONE)}) == "x"


def test_a_publishers_own_whole_text_says_what_belongs_to_it() -> None:
    stated = " ".join(f"{n} {text}" for n in range(12) for text in (ONE, TWO))
    body = texts(*(f"{n} {text}" for n in range(12) for text in (ONE, TWO)))
    found = as_stated((*texts(LEAD), *body[:10], *texts(OTHER), *body[10:]), Witness.of(stated))
    assert found.paragraphs == (*texts(LEAD), *body)
    assert [step.text for step in found.steps] == [OTHER]
    assert as_stated(texts(ONE, OTHER), Witness.of(ONE)).paragraphs == texts(ONE, OTHER)


PAGE = f"""<html><body><h1>Road shut</h1><div class="x"><p><b>{LEAD}</b></p></div>
<article><p>{ONE}</p><p>{TWO}</p></article></body></html>"""


@pytest.mark.parametrize(
    ("description", "found"),
    [
        (LEAD, LEAD),
        (f"{LEAD[:-12]}…", LEAD),
        (ONE, None),  # too short for a standfirst
        (f"{LEAD} And a good deal more that stands nowhere on the page.", None),
    ],
)
def test_a_standfirst_is_the_block_that_shows_the_description(
    description: str, found: str | None
) -> None:
    tree = parse_html(PAGE)
    assert tree is not None
    assert find_standfirst(tree, [description]) == found


def test_a_description_that_nobody_sees_is_no_standfirst() -> None:
    tree = parse_html(PAGE.replace('<div class="x">', "<div hidden>"))
    assert tree is not None
    assert find_standfirst(tree, [LEAD]) is None


def test_a_standfirst_goes_before_the_text_unless_that_has_it() -> None:
    added = with_standfirst(texts(ONE, TWO), LEAD, ["Road shut"])
    assert added.paragraphs == texts(LEAD, ONE, TWO)
    assert [step.change for step in added.steps] == [Change.ADDED]
    assert with_standfirst(texts(LEAD, ONE), LEAD, []).paragraphs == texts(LEAD, ONE)
    assert with_standfirst(texts(ONE), LEAD, [LEAD]).paragraphs == texts(ONE)
    assert with_standfirst((), LEAD, []).paragraphs == ()


def test_prunings_take_out_what_is_beside_an_article_and_say_so() -> None:
    tree = parse_html(
        f"""<html><body><nav>Home Sport</nav><script>x</script><p hidden>Your plan is in use</p>
        <article><p>{ONE}</p><p>{TWO}</p><aside>Read this too</aside>
        <article><p>Teaser</p></article></article>
        <div id="respond"><p>Leave a Reply</p></div></body></html>"""
    )
    assert tree is not None
    steps = prune(tree, (machinery, comment_forms, furniture, hidden, teasers))
    assert {(step.rule, step.text) for step in steps} == {
        ("comment form", "Leave a Reply"),
        ("furniture", "Home Sport"),
        ("furniture", "Read this too"),
        ("hidden", "Your plan is in use"),
        ("teaser", "Teaser"),
    }
    assert tree.text_content().split() == f"{ONE}{TWO}".split()


def test_an_aside_that_holds_most_of_a_pages_prose_is_its_article() -> None:
    tree = parse_html(
        f"<html><body><aside><p>{ONE * 30}</p></aside><footer><p>{TWO}</p></footer></body></html>"
    )
    assert tree is not None
    assert [step.text for step in prune(tree, (furniture,))] == [TWO]


@pytest.mark.parametrize(
    ("markup", "gone"),
    [
        ('<div id="comments"><p>So true!</p></div>', True),
        ('<ol class="comment-list"><li>So true!</li></ol>', True),
        ('<section id="x" class="Comments open"><p>So true!</p></section>', True),
        ('<div class="post article-comments"><p>So true!</p></div>', True),
        ('<div class="infinite-scroll"><p>Another article.</p></div>', True),
        ('<div class="infinite-scroll"><h1>This article</h1></div>', False),
        ('<div class="commentary"><p>An opinion.</p></div>', False),
        ('<div class="no-comments-here"><p>A text.</p></div>', False),
    ],
)
def test_what_readers_write_and_what_is_read_next_goes(markup: str, *, gone: bool) -> None:
    tree = parse_html(f"<html><body><p>{ONE}</p>{markup}</body></html>")
    assert tree is not None
    assert bool(prune(tree, (comments,))) is gone
    assert ONE in tree.text_content()


@pytest.mark.parametrize(
    ("residue", "rule"),
    [
        ("November 20, 2019 - 11:28 AMT", "date line"),
        ("Uppdaterad 15.59 | Publicerad 14.14", "date line"),
        ("Write to us at news@example.com.", "contact"),
        ("Reporting by Ann Lee; Editing by Bo Ek", "credits"),
        ("Il vous reste 57% de cet article à lire.", "paywall"),
        ("Do you have a story to tell?", "invitation"),
    ],
)
def test_residue_goes_under_the_name_of_its_rule(residue: str, rule: str) -> None:
    found = drop_residue(texts(residue, ONE, TWO), [])
    assert found.paragraphs == texts(ONE, TWO)
    assert [(step.rule, step.text) for step in found.steps] == [(rule, residue)]


def test_a_note_on_the_author_at_the_end_goes_and_the_author_in_the_text_stays() -> None:
    note = "Ann Lee is the harbour correspondent of the Gazette."
    said = "Ann Lee saw it happen, and so did her brother, who had come to buy fish."
    found = drop_residue(texts(ONE, said, TWO, THREE, ONE, TWO, note), [], ["Ann Lee"])
    assert found.paragraphs == texts(ONE, said, TWO, THREE, ONE, TWO)
    assert [step.rule for step in found.steps] == ["about the author"]


@pytest.mark.parametrize(
    ("markup", "authors"),
    [
        ('<a rel="author" href="/x">Ann Lee</a>', ("Ann Lee",)),
        ('<p itemprop="author">by <span itemprop="name">Ann Lee</span></p>', ("Ann Lee",)),
        ('<p>von <a href="/autoren/ann-lee">Ann Lee</a></p>', ("Ann Lee",)),
        ('<li class="authors__item">von Ann Lee</li>', ("Ann Lee",)),
        ('<span class="byline">Gazette</span>', ()),
        ('<span class="byline">3 Min</span>', ()),
        (
            "".join(f'<b class="x"><a rel="author">Ann No{n}</a></b>' for n in "abcdefg"),
            ("Ann Noa",),
        ),
    ],
)
def test_authors_are_read_from_the_page_by_their_marks(
    markup: str, authors: tuple[str, ...]
) -> None:
    tree = parse_html(f"<html><body>{markup}</body></html>")
    assert tree is not None
    assert shown_authors(tree, frozenset({"gazette"})) == authors


def test_markdown_keeps_the_structure_and_escapes_what_is_text() -> None:
    found = (
        Paragraph(text="What [changes]", kind=Kind.HEADING, level=3),
        Paragraph(text="# no heading, 2 * 2"),
        Paragraph(text="one", kind=Kind.ITEM),
        Paragraph(text="two", kind=Kind.ITEM),
        Paragraph(text="said", kind=Kind.QUOTE),
        Paragraph(text="Year | Lorries", kind=Kind.ROW),
        Paragraph(text="2024 | 900", kind=Kind.ROW),
        Paragraph(text="a = `b`\nc", kind=Kind.CODE),
        Paragraph(text="1. no list"),
    )
    assert markdown(found).split("\n\n") == [
        "### What \\[changes\\]",
        "\\# no heading, 2 \\* 2",
        "- one\n- two",
        "> said",
        "| Year | Lorries |\n| --- | --- |\n| 2024 | 900 |",
        "```\na = `b`\nc\n```",
        "1\\. no list",
    ]
