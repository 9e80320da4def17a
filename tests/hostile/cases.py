# ruff: noqa: E501 - one case a line
"""Hand-made documents, each with what is wrong with it and what must come out.

What comes out is a number of entries saved, or some words of the fault. Those in ``HEAVY`` cost
a worker its time or memory, so they may also end as a fault of the worker.
"""

import codecs
from typing import Any

from tests.feeds.documents import atom, item, rss
from tests.feeds.test_broken import REFUSED, SAVED
from tests.hostile import naughty
from tests.hostile.case import (
    JSON,
    TWO,
    Case,
    entry,
    escaped,
    feed,
    refused,
    said_to_be,
    saved,
    story,
    within,
)

# A field of an item, as RSS and its modules write it; {} is where the words of strangers stand.
RSS_FIELDS = (
    *("<title>{}</title>", "<link>{}</link>", "<guid>{}</guid>", "<description>{}</description>"),
    *("<content:encoded>{}</content:encoded>", "<author>{}</author>", "<category>{}</category>"),
    *("<dc:creator>{}</dc:creator>", "<dc:date>{}</dc:date>", "<pubDate>{}</pubDate>"),
    *("<comments>{}</comments>", "<dc:subject>{}</dc:subject>", "<dc:language>{}</dc:language>"),
    *('<enclosure url="{}" type="image/png"/>', '<media:content url="{}" medium="image"/>'),
    *(
        '<source url="{}">x</source>',
        '<media:thumbnail url="{}"/>',
        "<itunes:author>{}</itunes:author>",
    ),
    *("<feedburner:origLink>{}</feedburner:origLink>", "<itunes:summary>{}</itunes:summary>"),
)
ATOM_FIELDS = (
    *("<id>{}</id>", "<title>{}</title>", "<title type='html'>{}</title>", "<link href='{}'/>"),
    *(
        "<summary>{}</summary>",
        "<content type='html'>{}</content>",
        "<content type='{}'>x</content>",
    ),
    *(
        "<author><name>{}</name></author>",
        "<author><uri>{}</uri></author>",
        "<updated>{}</updated>",
    ),
    *("<published>{}</published>", "<category term='{}'/>", "<content xml:lang='{}'>x</content>"),
    *("<content src='{}'/>", "<link rel='{}' href='/a'/>", "<rights>{}</rights>"),
)
JSON_FIELDS = (
    *("id", "url", "external_url", "title", "summary", "content_html", "content_text", "image"),
    *("banner_image", "date_published", "date_modified", "language"),
)
_NASTY = "".join(s for s in naughty.STRINGS if len(s) < 100)


def _fields() -> list[Case]:
    """Every field of every format with all the naughty strings in it at once."""
    hard = escaped(_NASTY.replace("\ud800", "").replace('"', "").replace("'", ""))
    return [
        *(saved(f"RSS, nasty words in {f[:34]}", within(f.format(hard)), 3) for f in RSS_FIELDS),
        *(
            saved(f"Atom, nasty words in {f[:34]}", atom(entry(f.format(hard)) + entry("", 2)), 2)
            for f in ATOM_FIELDS
        ),
        *(
            saved(f"JSON, nasty words in {f}", feed(story(**{f: _NASTY}), story(id="2")), 2, JSON)
            for f in JSON_FIELDS
        ),
        saved("JSON, nasty words in tags", feed(story(tags=list(naughty.STRINGS))), 1, JSON),
        saved(
            "JSON, nasty words in authors",
            feed(story(authors=[{"name": string} for string in naughty.STRINGS])),
            1,
            JSON,
        ),
        saved(
            "JSON, nasty words in the feed", feed(story(), title=_NASTY, language=_NASTY), 1, JSON
        ),
    ]


def _types() -> list[Case]:
    """JSON values of every wrong type in every field."""
    wrong: dict[str, Any] = {
        "null": None,
        "true": True,
        "a number": -1.5e300,
        "a long number": 10**300,
        "a list": [[], {}, None],
        "an object": {"a": {"b": []}},
    }
    fields = [*JSON_FIELDS, "tags", "authors", "author", "attachments"]
    return [
        saved(
            f"JSON, {name} in every field",
            feed(story(**dict.fromkeys(fields, value)), story(id="good")),
            2,
            JSON,
        )
        for name, value in wrong.items()
    ]


def _encodings() -> list[Case]:
    western = (
        "iso-8859-1",
        "windows-1252",
        "iso-8859-15",
        "us-ascii",
        "utf-8",
        "utf-16",
        "utf-16-le",
    )
    others = (
        "koi8-r",
        "windows-1251",
        "shift_jis",
        "euc-jp",
        "gb18030",
        "big5",
        "euc-kr",
        "utf-16-be",
    )
    codecs_of_python = (
        "zlib",
        "rot13",
        "punycode",
        "unicode_escape",
        "idna",
        "undefined",
        "base64",
    )
    return [
        *(saved(f"encoded in {name}", said_to_be(name), 2) for name in (*western, *others)),
        *(saved(f"said to be in {n}", said_to_be(n, "utf-8"), 2) for n in codecs_of_python),
        saved("said to be in utf-32", said_to_be("utf-32", "utf-8"), 2),
        saved("UTF-7, never to be read as such", said_to_be("utf-7", "utf-8"), 2),
        saved(
            "a byte order mark against its declaration",
            codecs.BOM_UTF8 + said_to_be("utf-16", "utf-8"),
            2,
        ),
        saved("a Content-Type that is nonsense", rss(TWO), 2, "x;;charset=\x00\xff, y"),
        saved("a Content-Type of another charset", rss(TWO), 2, "text/xml; charset=utf-16"),
        saved("a Content-Type of a picture", rss(TWO), 2, "image/png"),
        saved("an odd number of UTF-16 bytes", said_to_be("utf-16-le") + b"\x00", 2),
        saved("overlong UTF-8", within("<title>\xc0\xaf</title>").replace(b"\xc3\x80", b"\xc0"), 3),
        saved("half a character at the end", rss(TWO) + b"\xe2\x82", 2),
        saved(
            "every byte there is",
            within("<dc:x>?</dc:x>").replace(
                b"?", bytes(range(256)).replace(b"<", b"").replace(b"&", b"")
            ),
            3,
        ),
    ]


def _markup() -> list[Case]:
    subset = "<!DOCTYPE rss [<!ELEMENT rss ANY><!ATTLIST rss v CDATA 'x'>]>"
    return [
        saved("a thousand namespaces", within("<x " + " ".join(f'xmlns:n{n}="u{n}"' for n in range(1000)) + "/>"), 3),
        saved("two thousand attributes", within("<x " + " ".join(f'a{n}=""' for n in range(2000)) + "/>"), 3),
        saved("the same attribute twice", within('<x a="1" a="2"/>'), 3),
        saved("a namespace bound to nothing", within('<x xmlns:y=""><y:z/></x>'), 3),
        saved("the prefix xml bound anew", within('<x xmlns:xml="urn:x"/>'), 3),
        saved("the prefix xmlns in use", within("<xmlns:x/>"), 3),
        saved("names in other scripts", within("<été>x</été><日付>x</日付>"), 3),
        saved("names that begin with digits", within("<1x>y</1x>"), 3),
        saved("a name of 50,000 characters", within(f"<{'n' * 50_000}/>"), 3),
        saved("instructions everywhere", within("<?php echo 1 ?><?xml version='1.0'?>"), 3),
        saved("a comment with dashes in it", within("<!-- a -- b --- -->"), 3),
        saved("CDATA in CDATA", within("<description><![CDATA[a<![CDATA[b]]>c]]></description>"), 3),
        saved("a document type with a subset", subset.encode() + rss(TWO), 2),
        saved("a public identifier", b'<!DOCTYPE rss PUBLIC "-//N//DTD 0.91//EN" "http://x.invalid/d">' + rss(TWO), 2),
        saved("an XInclude of a file", within('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'), 3),
        saved("a stylesheet from a file", b'<?xml-stylesheet href="file:///etc/passwd"?>' + rss(TWO), 2),
        saved("a schema from a file", within('<x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a file:///etc/passwd"/>'), 3),
        saved("a base that is a script", atom(entry("<link href='a'/>"), 'xml:base="javascript:x"'), 1),
        saved("a base that is a file", atom(entry("<link href='a'/>"), 'xml:base="file:///etc/"'), 1),
        saved("a link that is a script", rss("<item><guid>1</guid><link>javascript:alert(1)</link></item>"), 1),
        saved("a guid that is a path", rss("<item><guid>/etc/passwd</guid></item>"), 1),
        saved("a relative link without a base", rss("<item><guid>1</guid><link>../../x</link></item>", ""), 1),
        saved("a link of 5,000 characters", rss(f"<item><guid>1</guid><link>http://x/{'a' * 5000}</link></item>"), 1),
        saved("entities declared by name only", within("<description>&copy;&unknown;&#;&#x;</description>"), 3),
        saved("references without end", within("<description>" + "&#" * 500 + "</description>"), 3),
        saved("a closing tag too many", within("</item></item>"), 3),
        saved("an item in a title", within("<title>" + item(9) + "</title>"), 3),
        saved("a feed in a feed", within("<rss><channel><item/></channel></rss>"), 4),
        saved("two channels", rss(TWO + "</channel><channel>" + item(3)), 3),
        saved("the same guid 500 times", rss("<item><guid>1</guid></item>" * 500), 1),
        saved("the same guid for other links", rss("".join(item(n).replace(f"<guid>https://example.org/{n}", "<guid>1") for n in range(9))), 9),
        saved("guids that differ in controls alone", rss("<item><guid>a</guid></item><item><guid>&#1;a</guid></item>"), 1),
        saved("an item with 3,000 categories", within("<category>c</category>" * 3000), 3),
        saved("an entry with 2,000 links", atom(entry("<link href='x'/>" * 2000)), 1),
        saved("an entry with 500 authors", atom(entry("<author><name>n</name></author>" * 500)), 1),
        saved("2,000 elements deep", within("<a>" * 2000 + "</a>" * 2000), 3),
        saved("markup 2,000 elements deep in a description", within("<description>" + "&lt;b&gt;" * 2000 + "</description>"), 3),
        saved("XHTML 2,000 elements deep", atom(entry("<content type='xhtml'>" + "<div>" * 2000 + "</div>" * 2000 + "</content>")), 1),
        saved("content in base64 that is none", atom(entry("<content type='application/x'>!!!!</content>")), 1),
        saved("content of an unknown type", atom(entry("<content type='x/y; z=\"'>a</content>")), 1),
        saved("dates beyond all calendars", within("<pubDate>Mon, 31 Feb 99999 99:99:99 +9999</pubDate>"), 3),
        saved("a date of 50,000 digits", within(f"<pubDate>{'9' * 50_000}</pubDate>"), 3),
        saved("a ttl of 50,000 digits", rss(TWO, f"<ttl>{'9' * 50_000}</ttl>"), 2),
        saved("a ttl below zero", rss(TWO, "<ttl>-5</ttl>"), 2),
        saved("hours to skip that are none", rss(TWO, "<skipHours><hour>99</hour><hour>x</hour></skipHours>"), 2),
        saved("places that are none", within("<georss:polygon xmlns:georss='http://www.georss.org/georss'>1 x 3</georss:polygon>"), 3),
        saved("an RDF feed without items", b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item><title>t</title></item></rdf:RDF>", 1),
        saved("Atom in RSS", rss(TWO + entry()), 3),
        saved("Atom 0.3 with modes", b"<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><id>1</id><content mode='base64'>eA==</content></entry></feed>", 1),
        saved("CDF of old", rss(TWO).replace(b"rss", b"RSS"), 2),
        saved("4 kB of words before the root", b"word " * 800 + rss(TWO), 2),
        saved("an XML declaration that comes late", b"<!-- c -->" + rss(TWO), 2),
        refused("HTML around the feed", b"<html><body><pre>" + rss(TWO) + b"</pre></body></html>", "an HTML page"),
        refused("a document type that has no end", b"<!DOCTYPE rss [" + rss(TWO), "document type"),
        refused("a parameter entity", b"<!DOCTYPE r [<!ENTITY % p SYSTEM 'http://x.invalid/'>%p;]>" + rss(TWO), "entities"),
        refused("entities in lower case", b"<!doctype r [<!entity a 'b'>]>" + rss(TWO), "entities"),
        refused("an entity behind a comment", b"<!DOCTYPE r [<!-- ] --><!ENTITY a 'b'>]>" + rss(TWO), ""),
        refused("an entity in UTF-16", ("<!DOCTYPE r [<!ENTITY a 'b'>]>" + rss(TWO).decode().partition("?>")[2]).encode("utf-16"), "entities"),
        refused("100 kB of quadratic entities", f"<!DOCTYPE r [<!ENTITY a '{'a' * 50_000}'>]><rss>{'&a;' * 16_000}</rss>".encode(), "entities"),
        refused("a billion laughs", b"<!DOCTYPE r [<!ENTITY a 'lol'>" + b"".join(f"<!ENTITY a{n} '{'&a;' * 10}'>".encode() for n in range(10)) + b"]><rss>&a9;</rss>", "entities"),
        refused("a file as an entity", b"<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///dev/random'>]><rss>&a;</rss>", "entities"),
        refused("5 kB of letters before the root", b"w" * 5000 + rss(TWO), "before the root"),
        refused("bytes that look like a path", b"/etc/hostname", "no element"),
        refused("bytes that look like a URL", b"http://127.0.0.1/feed", "no element"),
        refused("bytes that look like a file URL", b"file:///etc/passwd", "no element"),
        refused("a PDF", b"%PDF-1.7 \xe2\xe3", "no element"),
        refused("a zip file", b"PK\x03\x04" + b"\0" * 99, "no element"),
        refused("a program", b"\x7fELF\x02\x01" + b"\0" * 99, "no element"),
        refused("a sign-in page", b"<html><head><title>Sign in</title></head><body><form/></body></html>", "an HTML page"),
        refused("a picture in SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an XML document <svg>"),
        refused("a SOAP fault", b"<soap:Envelope xmlns:soap='x'><soap:Body/></soap:Envelope>", "an XML document"),
        refused("a word", b"ok", "no element"),
        refused("one bracket", b"<", "no element"),
        refused("a million brackets", b"<" * 1_000_000, "before the root"),
    ]  # fmt: skip


def _json() -> list[Case]:
    deep = '{"a":' * 50_000
    return [
        saved("JSON, lone surrogates", feed(story(title="\ud800", id="\udfff")), 1, JSON),
        saved("JSON, NUL in the id", feed(story(id="a\0b"), story(id="ab")), 1, JSON),
        saved("JSON, no id", feed({"content_text": "a"}, {"content_text": "b"}), 2, JSON),
        saved("JSON, no items that are objects", feed(1, None, "x", [], story()), 1, JSON),
        saved("JSON, no items", feed(), 0, JSON),
        saved("JSON, the same key twice", b'{"version":"https://jsonfeed.org/version/1","items":[],"items":[{"id":"1"}]}', 1, JSON),
        saved("JSON, text behind it", feed(story()) + b"<!-- cached -->", 1, JSON),
        saved("JSON, a byte order mark", codecs.BOM_UTF8 + feed(story()), 1, JSON),
        saved("JSON, in UTF-16", feed(story()).decode().encode("utf-16"), 1, JSON),
        saved("JSON, called HTML", feed(story()), 1, "text/html"),
        saved("JSON, raw controls in strings", feed(story(title="T")).replace(b'"T"', b'"T\x01\n"'), 1, JSON),
        saved("JSON, invalid UTF-8", feed(story(title="T")).replace(b'"T"', b'"T\xff\xfe"'), 1, JSON),
        saved("JSON, 11,000 items", feed(*(story(id=str(n)) for n in range(11_000))), 10_000, JSON),
        saved("JSON, a content 3,000 elements deep", feed(story(content_html="<b>" * 3000)), 1, JSON),
        saved("JSON, an id of 50,000 digits", feed(story(id="9" * 50_000)), 1, JSON),
        refused("JSON, cut short", feed(story())[:-9], "as JSON", JSON),
        refused("JSON, a trailing comma", b'{"version":"https://jsonfeed.org/version/1","items":[],}', "as JSON", JSON),
        refused("JSON, 50,000 objects deep", f'{{"items":{deep}'.encode(), "as JSON", JSON),
        refused("JSON, 50,000 lists deep", b"[" * 50_000, "JSON", JSON),
        refused("JSON, a number of 50,000 digits", b'{"items":' + b"9" * 50_000 + b"}", "as JSON", JSON),
        refused("JSON, an error of some API", b'{"error":{"code":403}}', "no JSON Feed", JSON),
        refused("JSON, items that are an object", b'{"version":"https://jsonfeed.org/version/1","items":{}}', "no JSON Feed", JSON),
        refused("JSON, a bare string", b'"items"', "", JSON),
        refused("JSON, nothing but a brace", b"{", "as JSON", JSON),
    ]  # fmt: skip


MENDED: tuple[Case, ...] = (*_fields(), *_types(), *_encodings(), *_markup(), *_json())
# Those that the tests of ``ingest.feeds`` hold, too.
BROKEN: tuple[Case, ...] = (
    *(saved(f"broken: {name}", body, entries) for name, body, entries in SAVED),
    *(refused(f"broken: {name}", body, words) for name, body, words in REFUSED),
)

# Marks that no normalisation form puts in order in linear time.
_MARKS = "a" + "\u0301" * 60_000 + "\u0334" * 60_000
HEAVY: tuple[Case, ...] = (
    saved("100 kB of newlines before the root", b"\n" * 100_000 + rss(TWO), 2),
    saved("a style attribute of 64 kB", within(f'<description>&lt;p style="{"a:b " * 16_000}"&gt;x</description>'), 3),
    saved("9 MB in one description", rss(item(1, f"<description>{'word ' * 1_800_000}</description>")), 1),
    saved("9 MB of paragraphs", rss(item(1, f"<description>{'&lt;p&gt;word' * 700_000}</description>")), 1),
    saved("9 MB of ampersands", rss(item(1, f"<description>{'&' * 9_000_000}</description>")), 1),
    saved("100,000 categories", within("".join(f"<category>c{n}</category>" for n in range(100_000))), 3),
    saved("100,000 attributes", within("<x " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>"), 3),
    saved("an author that no pattern ends on", within(f"<author>{'a.' * 50_000}</author>"), 3),
    saved("100,000 elements deep", within("<x>" * 100_000), 3),
    saved("accents without order", feed(story(content_html=_MARKS)), 1, JSON),
    saved("accents without order in a title", feed(story(title=_MARKS, tags=[_MARKS] * 9)), 1, JSON),
    saved("11,000 items", rss("".join(item(n) for n in range(11_000))), 10_000),
    saved("50,000 items", rss("".join(item(n) for n in range(50_000))), 10_000),
)  # fmt: skip
