"""A generated site whose template puts the same residue into every article's container."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

_PEOPLE = ("Maren Holt", "Iven Sorley", "Tilda Raske", "Oskar Venn", "Brita Calder", "Jonas Pell")
_PLACES = ("Dunmere", "Port Varrow", "Ostley", "Kirrin Bay", "Sennet", "Halvard", "Brae Cross")
_THINGS = ("ferry", "bridge", "reservoir", "orchard", "lighthouse", "tramway", "quarry", "mill")
_DEEDS = ("reopened", "surveyed", "repaired", "abandoned", "painted", "measured", "flooded", "sold")

# Sentences a template prints with every article; none of them has a word that gives it away.
RESIDUE = (
    "Harbour readers receive our Friday letter with everything that moved on the coast this week.",
    "The Courier has been printed at the old customs house since the winter of eighteen ninety.",
    "Every photograph in this edition was taken by people who live within sight of the water.",
    "Our weather desk answers questions about tides on weekdays between nine and eleven o'clock.",
)
SHORT = ("Follow the Courier on all channels", "Support the people who write it")
FORM = (
    "Leave a Reply",
    "Your email address will not be published. Required fields are marked *",
    "Save my name, email, and website in this browser for the next time I comment.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A generated article: its headline and its paragraphs, none of them like another's."""

    title: str
    paragraphs: tuple[str, ...]


def story(number: int) -> Story:
    """Return the article of a number."""
    random = Random(number)
    paragraphs = tuple(
        " ".join(_sentence(random, number, part, each) for each in range(3)) for part in range(5)
    )
    return Story(
        title=f"The {random.choice(_THINGS)} of {random.choice(_PLACES)} makes news {number}",
        paragraphs=paragraphs,
    )


def page(
    told: Story,
    *,
    residue: Sequence[str] = RESIDUE,
    canonical: str = "",
    notes: Sequence[str] = ('<p class="note">{}</p>',) * 3,
) -> str:
    """Return the page of an article, with residue between its paragraphs and after them.

    ``notes`` are the markup around each of its first sentences.
    """
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    text = [f"<p>{paragraph}</p>" for paragraph in told.paragraphs]
    told_always = [note.format(said) for note, said in zip(notes, residue, strict=False)]
    inside = "".join((*text[:2], *told_always[:1], *text[2:], *told_always[1:]))
    box = f'<div class="box"><p>{residue[3]}</p><p>Tides.</p></div>' if residue[3:] else ""
    # As some themes have it: no form element, no name that tells what it is.
    form = "".join(f"<p>{line}</p>" for line in FORM)
    short = "".join(f"<p>{line}</p>" for line in SHORT) if residue else ""
    return (
        f"<!doctype html><html lang='en'><head><title>{told.title}</title>{link}</head><body>"
        f"<header><p>The Coast Courier, for those who live by the sea and from the sea</p></header>"
        f"<main><article><h1>{told.title}</h1>{inside}{short}{box}"
        f"<div class='tail'>{form}</div></article>"
        "</main><footer><p>Printed and published by the Coast Courier at Dunmere</p></footer>"
        "</body></html>"
    )


def _sentence(random: Random, number: int, part: int, each: int) -> str:
    """Return a sentence whose words come in no other story in this order."""
    words = [*_PEOPLE, *_PLACES, *_THINGS, *_DEEDS]
    random.shuffle(words)
    return f"In note {number}-{part}-{each} one reads: {' '.join(words[:14])}."
