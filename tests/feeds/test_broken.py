import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.types import Fault
from tests.feeds.documents import atom, item, outcome, parsed, refused, rss

HEAD = b'<?xml version="1.0"?>'
TWO = item(1) + item(2)
SUBSET = b"<!DOCTYPE rss [<!ATTLIST rss a CDATA #IMPLIED>]>"
FALSE_END = b"<!DOCTYPE a [<!ATTLIST a b CDATA ']>'><!ENTITY c 'd'>]>"


def spoilt(text: str) -> bytes:
    """A feed of two good items around one whose description holds the given text."""
    return rss(item(1) + item(3, f"<description>before {text} after</description>") + item(2))


# Flawed documents of which every entry must be saved: name, document, number of entries.
SAVED: list[tuple[str, bytes, int]] = [
    ("surrogate reference", spoilt("&#xD800;"), 3),
    ("decimal surrogate reference", spoilt("&#55296;"), 3),
    ("NUL reference", spoilt("&#0;"), 3),
    ("control reference", spoilt("&#11;"), 3),
    ("reference beyond Unicode", spoilt("&#x110000;"), 3),
    ("reference of many digits", spoilt("&#" + "9" * 5000 + ";"), 3),
    ("reference without a semicolon", spoilt("&#65 "), 3),
    ("raw control characters", spoilt("\x01\x08\x1b[31m"), 3),
    ("raw NUL", spoilt("\x00"), 3),
    ("noncharacter", spoilt("\uffff"), 3),
    ("encoded surrogate", spoilt("\ud83d"), 3),
    ("broken UTF-8", spoilt("x").replace(b"before", b"\xff\xfe\x80"), 3),
    ("undeclared entity", spoilt("&nbsp;&mdash;&eacute;"), 3),
    ("entity nobody knows", spoilt("&nosuchthing;"), 3),
    ("bare ampersand", spoilt("fish & chips"), 3),
    ("ampersand in a link", rss(item(1).replace("/1<", "/1?a=1&b=2<") + item(2)), 2),
    ("bare less-than", spoilt("5 < 6"), 3),
    ("unclosed tag inside", spoilt("<b>bold"), 3),
    ("crossed tags", spoilt("<b><i>x</b></i>"), 3),
    ("HTML void tag", spoilt("<br>line<hr>"), 3),
    ("unquoted attribute", spoilt("<a href=x>y</a>"), 3),
    ("undeclared prefix", spoilt("").replace(b"xmlns:media", b"xmlns:other"), 3),
    ("undeclared prefix in use", rss(item(1, "<foo:bar>x</foo:bar>") + item(2)), 2),
    ("no end of document", rss(TWO)[:-16], 2),
    ("cut within the third item", rss(TWO + item(3))[:-60], 3),
    ("two documents in one", rss(TWO) + rss(item(9)), 3),
    ("junk after the document", rss(TWO) + b"<!-- cached --> junk </p>", 2),
    ("white space before the declaration", b"\n\n  \t" + rss(TWO), 2),
    ("100 kB of newlines before the root", b"\n" * 100_000 + rss(TWO), 2),
    ("byte order mark twice", b"\xef\xbb\xbf\xef\xbb\xbf" + rss(TWO), 2),
    ("a warning before the document", b"<br />\n<b>Warning</b>: in x.php\n" + rss(TWO), 2),
    ("words before the document", b"Notice: undefined index\n" + rss(TWO), 2),
    ("no XML declaration", rss(TWO).partition(b"?>")[2], 2),
    ("a wrong XML version", rss(TWO).replace(b'"1.0"', b'"9.9"', 1), 2),
    ("a wrong encoding name", rss(TWO).replace(b'"utf-8"', b'"utf-99"', 1), 2),
    ("UTF-16 said, UTF-8 sent", rss(TWO).replace(b'"utf-8"', b'"utf-16"', 1), 2),
    ("a document type with a DTD", b'<!DOCTYPE rss SYSTEM "http://x.invalid/a.dtd">' + rss(TWO), 2),
    ("a subset without entities", SUBSET + rss(TWO), 2),
    ("an entity behind a false end", FALSE_END + rss(TWO), 2),
    ("comments before the root", HEAD + b"<!-- " + b"c" * 9000 + b" -->" + rss(TWO)[38:], 2),
    ("a stylesheet before the root", b'<?xml-stylesheet href="/s.xsl"?>' + rss(TWO), 2),
    ("upper-case tags", rss(TWO).replace(b"item>", b"ITEM>"), 2),
    ("CDATA without an end", rss(TWO + "<item><title><![CDATA[open</title></item>"), 3),
    ("CDATA end in text", spoilt("]]>"), 3),
    ("items outside the channel", rss("").replace(b"</rss>", TWO.encode() + b"</rss>"), 2),
    ("an empty item", rss(item(1) + "<item/>"), 2),
    ("a guid of 5000 characters", rss(item(1) + f"<item><guid>{'g' * 5000}</guid></item>"), 2),
    ("a bad address as xml:base", atom('<entry xml:base="http://[x"><id>1</id></entry>'), 1),
    ("an entry without anything", atom("<entry/>"), 1),
    ("a thousand open tags", spoilt("<x>" * 1000), 3),
    ("nested items", rss(item(1, item(2))), 2),
]  # fmt: skip

# Documents that are no feeds, or must not be read as such: name, document, words of the detail.
REFUSED: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "empty"),
    ("white space", b" \n\t \n", "empty"),
    ("NULs", b"\x00" * 100, "empty"),
    ("text", b"Service unavailable", "no element"),
    ("a path", b"/etc/passwd", "no element"),
    ("HTML", b"<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
    ("HTML without a head", b"<div>Sign in</div>", "an HTML page"),
    ("OPML", HEAD + b"<opml><body/></opml>", "an OPML list"),
    ("other XML", HEAD + b"<note><to>x</to></note>", "an XML document <note>"),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no element"),
    ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "no element"),
    ("a declaration alone", HEAD, "no element"),
    ("a root cut short", b"<rss", "no well-formed XML"),
    ("an open comment", b"<!-- " + rss(TWO).replace(b"-->", b""), "comment without an end"),
    ("an open document type", b"<!DOCTYPE rss", "document type without an end"),
    ("5 kB of words before the root", b"word " * 1000 + rss(TWO), "before the root"),
    ("5 kB of brackets before the root", b"< " * 5000 + rss(TWO), "before the root"),
    ("declared entities", b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss(TWO), "declares entities"),
    (
        "entities upon entities",
        b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss>&b;</rss>',
        "declares entities",
    ),
    (
        "an external entity",
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss>&a;</rss>',
        "declares entities",
    ),
    ("a broken feed without entries", b"<rss><channel><title>x</channel>", "no well-formed XML"),
    ("JSON that is no feed", b'{"error": "not found"}', "no JSON Feed"),
    ("a JSON array", b"[1, 2, 3]", "no JSON Feed"),
    ("JSON cut short", b'{"version": "https://jsonfeed.org/version/1", "items": [', "as JSON"),
    ("JSON nested deep", b'{"items":' * 100_000, "as JSON"),
    ("a number of many digits", b'{"a": ' + b"9" * 10_000 + b"}", "as JSON"),
]


@pytest.mark.parametrize(("body", "entries"), [row[1:] for row in SAVED], ids=[r[0] for r in SAVED])
def test_a_flawed_feed_yields_what_can_be_saved(body: bytes, entries: int) -> None:
    feed = parsed(body)
    assert len(feed.entries) == entries
    assert all(entry.guid for entry in feed.entries)
    assert repr(feed).encode("utf-8")


@pytest.mark.parametrize(("body", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_no_feed_is_refused_with_its_reason(body: bytes, words: str) -> None:
    fault = refused(body)
    assert fault.reason == "not_a_feed"
    assert words in fault.detail


def test_there_are_enough_broken_documents() -> None:
    assert len(SAVED) + len(REFUSED) >= 70


def test_one_illegal_character_costs_itself_alone() -> None:
    broken, whole = parsed(spoilt("&#xD800;")), parsed(spoilt(""))
    assert broken.entries[0] == whole.entries[0]
    assert broken.entries[1].summary == whole.entries[1].summary
    assert broken.flaw is not None
    assert whole.flaw is None


def test_named_characters_become_themselves_and_ampersands_stay() -> None:
    feed = parsed(spoilt("&eacute;t&eacute; &amp; R&D"))
    assert feed.entries[1].summary is not None
    assert "été & R&D" in feed.entries[1].summary.replace("&amp;", "&")


def test_scrubbing_leaves_cdata_as_it_is() -> None:
    feed = parsed(spoilt("<![CDATA[<a href='?a=1&b=2'>x</a>]]> &bogus"))
    assert feed.entries[1].summary is not None
    assert "?a=1&b=2" in feed.entries[1].summary.replace("&amp;", "&")


PIECES = st.sampled_from(
    [
        *("<rss>", "</rss>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<feed>"),
        *("<entry>", "</entry>", "<link>", "</link>", "<link href='http://[x'/>", "<guid>", "x"),
        *("<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE rss>", "<?xml?>", "&#xD800;", "&amp;"),
        *(
            "&",
            "<",
            ">",
            "\x00",
            "\ufffe",
            "<pubDate>",
            "9999-99-99",
            "<a:b>",
            "<content type='x'>",
        ),
        *("<media:thumbnail>", "<category>", "<author>", "a@b.c (d)", "<georss:point>", "1 2 3"),
        *(
            "<image>",
            "<url>",
            "<textInput>",
            "<source url='x'>",
            "xml:base='//['",
            "<ttl>",
            "<rdf>",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=300)
def test_no_document_raises(text: str) -> None:
    for body in (text, f"<rss><channel>{text}", f"<feed>{text}</feed>"):
        result = outcome(body.encode("utf-8", "replace"))
        if isinstance(result, Fault):
            assert result.detail
        else:
            assert len({entry.guid for entry in result.entries}) == len(result.entries)


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    assert outcome(body) is not None
