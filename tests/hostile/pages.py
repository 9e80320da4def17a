# ruff: noqa: E501 - one page a line
"""Hand-made pages that cost an extractor time, memory or its wits."""

_HEAD = b"<!doctype html><html><head><title>t</title></head><body>"
_LD = b'<script type="application/ld+json">'
_WORDS = b"<p>Some words that make a sentence, and some more that make it longer.</p>"

QUICK: dict[str, bytes] = {
    "nothing in the body": _HEAD,
    "a body of dashes": _HEAD + b"-" * 100_000,
    "50,000 open div": _HEAD + b"<div>" * 50_000,
    "crossing tags": _HEAD + b"<b><i>x</b></i>" * 5_000,
    "an attribute of 1 MB": _HEAD + b"<p " + b"a " * 500_000 + b">x</p>",
    "cells without rows": _HEAD + b"<table><td>x" * 2_000,
    "lists in lists": _HEAD + b"<ul><li>x" * 5_000,
    "JSON-LD nested without end": _HEAD + _LD + b'{"a":' * 100_000 + b"</script>" + _WORDS,
    "JSON-LD that ends in the middle": _HEAD + _LD + b'{"@type":"NewsArticle","headline":"\\ud8',
    "JSON-LD of wrong types": _HEAD + _LD + b'{"@type":[1],"headline":{},"author":[[1]]}</script>' + _WORDS,
    "JSON-LD that holds itself": _HEAD + _LD + b'{"@graph":[{"@graph":[]}],"@type":"Article"}</script>' + _WORDS,
    "20,000 tags": _HEAD.replace(b"</head>", b'<meta property="article:tag" content="x">' * 20_000) + _WORDS,
    "a canonical address that is a script": _HEAD.replace(b"</head>", b'<link rel=canonical href="javascript:x"></head>') + _WORDS,
    "a canonical address that is none": _HEAD.replace(b"</head>", b'<link rel=canonical href="http://[::1"></head>') + _WORDS,
    "a date beyond all calendars": _HEAD.replace(b"</head>", b'<meta property="article:published_time" content="99999-99-99T99:99">') + _WORDS,
    "a title of 1 MB": b"<html><title>" + b"x | " * 250_000 + b"</title>" + _WORDS,
    "surrogates and NUL": _HEAD + b"<p>&#xD800;&#0;\0\xed\xa0\x80</p>" + _WORDS,
    "UTF-7": b"<meta charset=utf-7>" + b"+ADw-script+AD4-" * 100,
    "UTF-16 without a mark": "<html><body><p>x".encode("utf-16-le"),
    "a charset that is a codec": b"<meta charset=zlib_codec>" + _WORDS,
    "frames": _HEAD + b"<frameset><frame src=javascript:x></frameset>",
    "half a tag": _HEAD + b"<p>x</p><a href='",
    "a million comments": _HEAD + b"<!--x-->" * 500_000,
}  # fmt: skip

HEAVY: dict[str, bytes] = {
    "5 MB of <p>": _HEAD + b"<p>" * 1_666_000,
    "5 MB of <p>word": _HEAD + b"<p>word" * 700_000,
    "5 MB of sentences": _HEAD + _WORDS * 66_000,
    "5 MB in one paragraph": _HEAD + b"<p>" + b"word " * 1_000_000,
    "5 MB of links": _HEAD + b"<a href=x>y</a>" * 330_000,
    "5 MB of dates": _HEAD + b"<p>2026-11-24 " * 350_000,
    "5 MB of numbers": _HEAD + b"<p>" + b"1 2 3 " * 830_000,
    "5 MB of references": _HEAD + b"<p>&amp;&lt;" * 450_000,
    "crossing tags": _HEAD + b"<b><i>x</b></i>" * 100_000,
    "accents without order": _HEAD + ("<p>a" + "\u0301" * 60_000 + "\u0334" * 60_000).encode(),
}  # fmt: skip
