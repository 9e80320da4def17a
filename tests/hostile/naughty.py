"""Strings that have broken programs: each is put into every field that holds words of strangers."""

import json
from itertools import chain
from pathlib import Path

_ESCAPES = (
    *("\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b[1A\x1b[2K", "\x1b[6n", "\x1b[?1049h", "\x1bc"),
    *("\x1b]0;title\x07", "\x1b]8;;file:///etc\x1b\\link\x1b]8;;\x1b\\", "\x1b]52;c;cm0=\x07"),
    *(
        "\x1bP+q544e\x1b\\",
        "\x1b_G\x1b\\",
        "\x9b31mred",
        "\x9d0;title\x9c",
        "\x90q\x9c",
        "a\x08\x08b",
    ),
    *("over\rwritten", "bell\x07", "\x0e\x0fshifted", "\u241b[31m", "\\x1b[31m", "\\033[31m"),
)
_MARKS = (
    *(f"abc{mark}def" for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    *(
        "\u200e\u200f\u061c",
        "exe.\u202egnp",
        "zero\u200bwidth\ufeff",
        "\ufeffbom",
        "soft\u00adhyphen",
    ),
    *(
        "\u2060\u2061\u2062\u2063\u2064",
        "\u206a\u206f",
        "\ufff9note\ufffatext\ufffb",
        "\u2028\u2029",
    ),
    *(
        "\x85next line",
        "\x0bvertical\x0cform",
        "\u3164\u115f\u1160",
        "\U000e0041\U000e007f",
        "\ufe0f",
    ),
)
_CODE_POINTS = (
    *("\ud800", "\udfff", "lone \ud83d half", "\udc00\ud800 reversed", "\ud83d\ude00 as a pair"),
    *("\ufffe\uffff", "\ufdd0\ufdef", "\U0001fffe\U0010ffff", "\ufffd", "\ue000\U000f0000"),
    *(
        "e" + "\u0301" * 200,
        "Z\u0351\u036b\u0343a\u0321l\u0321g\u0322o",
        "\u0344\u0958\u212b\ufb01",
    ),
    *("\U0001f469\u200d\U0001f680", "\U0001f1e6" * 9, "\u0915\u200c\u0937", "\u1e9e\u0130\u0131"),
    *(
        "\u0645\u0631\u062d\u0628\u0627",
        "\u05e9\u05dc\u05d5\u05dd",
        "\u6d77\u306e\u5929\u6c17\u56f3",
    ),
    *("\uff34\uff48\uff45", "\u2460\u2461", "\ufdfa" * 50, "\U0001d4ea\U0001d4eb", "\u13a0\u10a0"),
)
_MARKUP = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</title><b>",
        "]]>",
        "<![CDATA[",
    ),
    *(
        "-->",
        "<!--",
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "&b;",
        "&#0;",
        "&#xD800;",
        "&#x110000;",
        "&amp",
    ),
    *(
        "<a href='javascript:alert(1)'>x</a>",
        "<svg/onload=alert(1)>",
        "<?xml version='9'?>",
        "<",
        ">",
    ),
    *(
        "[bold red]rich[/]",
        "[/]",
        "[link=file:///etc/passwd]x[/link]",
        ":smile:",
        "[[",
        "\\[",
        "{{7*7}}",
    ),
)
_PROGRAMS = (
    *("'; DROP TABLE entries; --", "1 OR 1=1", '" OR ""="', "%' ESCAPE '", "$$;", "E'\\0'", "?1"),
    *("=cmd|' /C calc'!A0", "+1+1", "-1", "@SUM(1)", "\t=1", "${jndi:ldap://x.invalid/a}", "$(id)"),
    *(
        "`id`",
        "; rm -rf x",
        "| cat",
        "%s%s%s%n",
        "%(a)s",
        "{0.__class__}",
        "{}",
        "%",
        "%00",
        "a%00b",
    ),
    *(
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\con",
        "\\\\server\\share",
        "file:///etc/passwd",
        "~",
    ),
    *("javascript:alert(1)", "data:text/html,x", "http://[::1", "http://a:99999/", "//", "http://"),
    *("X\r\nSet-Cookie: a=b", "a\nb", "a\r\n\r\nb", "\n", "\t", " ", "\u00a0", "\u3000", ""),
)
_VALUES = (
    *(
        "null",
        "None",
        "undefined",
        "NULL",
        "true",
        "False",
        "NaN",
        "-Infinity",
        "1e999",
        "-0",
        "0x0",
    ),
    *(
        "9" * 400,
        "0",
        "1/0",
        "2147483648",
        "9223372036854775808",
        "1_000",
        "\u0661\u0662",
        "__proto__",
    ),
    *(
        "[]",
        "{}",
        '{"a":',
        '"',
        "'",
        "\\",
        "\\u0000",
        "\\ud800",
        "\\N{NULL}",
        "# a",
        "- a: b",
        "!!x y",
    ),
    *("9999-99-99", "0000-00-00T00:00:00Z", "24:61", "-1", "Mon, 99 Foo 99999 99:99:99 +9999"),
    *("a" * 5_000, "a " * 5_000, "(" * 2_000, "<b>" * 1_000, "\u4e2d" * 5_000, "a." * 200 + "@"),
)

STRINGS: tuple[str, ...] = tuple(
    dict.fromkeys(
        chain(
            (f"a{chr(code)}b" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))),
            *(_ESCAPES, _MARKS, _CODE_POINTS, _MARKUP, _PROGRAMS, _VALUES),
        )
    )
)


def from_file(path: Path) -> tuple[str, ...]:
    """Read a list of strings kept as JSON, as the Big List of Naughty Strings keeps them."""
    strings = json.loads(path.read_text("utf-8"))
    return tuple(string for string in strings if isinstance(string, str))
