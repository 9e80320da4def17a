"""The values that may stand in ``feeds.yml``, as pydantic reads them, and what to say of others."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator

from ingest.config.addresses import is_web_address, parse_callback, parse_listen
from ingest.config.feed_ids import ID
from ingest.config.quantities import parse_duration, parse_size
from ingest.config.said import expected
from ingest.config.settings import MIB
from ingest.types import FullText

_LONGEST_CONTACT = 200
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def _duration(value: object) -> timedelta:
    try:
        return parse_duration(value)
    except ValueError:
        raise expected('a duration like "30m"', value) from None


def _positive_duration(value: object) -> timedelta:
    duration = _duration(value)
    if not duration:
        raise expected("a duration above 0", value)
    return duration


def _interval(value: object) -> timedelta | None:
    if value == "auto":
        return None
    try:
        parse_duration(value)
    except ValueError:
        raise expected('a duration like "30m", or "auto"', value) from None
    return _positive_duration(value)


def _longest_interval(value: object) -> timedelta:
    duration = _positive_duration(value)
    if duration > timedelta(days=1):
        raise expected('at most "24h" (a longer wait looks like a clock gone wrong)', value)
    return duration


def _full_text(value: object) -> FullText:
    try:
        return FullText(str(value))
    except ValueError:
        raise expected('"auto", "page" or "feed"', value) from None


def _bytes(value: object) -> int:
    try:
        size = parse_size(value)
    except ValueError:
        raise expected('a size like "10MB"', value) from None
    if not size:
        raise expected("a size above 0", value)
    return size


def _memory(value: object) -> int:
    size = _bytes(value)
    if size < 128 * MIB:
        raise expected('at least "128MB" (a worker needs that much to start)', value)
    return size


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        if isinstance(value, str):
            return ip_network(value.strip())
    except ValueError:
        pass
    raise expected('a network like "127.0.0.0/8"', value)


def _feed_url(value: object) -> str:
    if isinstance(value, str) and is_web_address(value):
        if "@" in urlsplit(value).netloc:
            raise expected("an address without user name and password: they are not sent", value)
        return value
    raise expected("an http or https URL", value)


def _proxy(value: object) -> str | None:
    if value is None or (isinstance(value, str) and is_web_address(value)):
        return value
    raise expected("the http or https URL of a proxy", value)


def _contact(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isprintable():
        text = value.strip()
        address = "@" in text.strip("@") and " " not in text
        if len(text) <= _LONGEST_CONTACT and (address or is_web_address(text)):
            return text
    raise expected("a URL or an e-mail address", value)


def _callback(value: object) -> str | None:
    try:
        return None if value is None else parse_callback(value)
    except ValueError:
        raise expected("a public http or https URL, without a query", value) from None


def _listen(value: object) -> tuple[str, int]:
    try:
        return parse_listen(value)
    except ValueError:
        raise expected('an address and a port, as "127.0.0.1:8089"', value) from None


def _feed_id(value: object) -> str:
    if isinstance(value, str) and ID.fullmatch(value):
        return value
    raise expected('an id of a-z, 0-9, "-" and "_", at most 64 characters', value)


def _language(value: object) -> str:
    if isinstance(value, str) and _LANGUAGE.fullmatch(value):
        return value
    raise expected('a language like "en" (of "en-GB" the first part counts)', value)


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise expected("text", value)


def none_is_empty(value: object) -> object:
    """Return an empty mapping for a key that is left without a value."""
    return {} if value is None else value


def bare_url(value: object) -> object:
    """Return the mapping that a bare URL stands for."""
    return {"url": value} if isinstance(value, str) else value


def _retention(value: object) -> timedelta | None:
    if value is None or value == "none":
        return None
    try:
        keep = parse_duration(value)
    except ValueError:
        raise expected('a duration like "365d", or "none"', value) from None
    if keep < timedelta(days=1):
        raise expected('at least "1d": rows are removed by whole days', value)
    return keep


Duration = Annotated[timedelta, PlainValidator(_duration)]
PositiveDuration = Annotated[timedelta, PlainValidator(_positive_duration)]
Retention = Annotated[timedelta | None, PlainValidator(_retention)]
Interval = Annotated[timedelta | None, PlainValidator(_interval)]
Text = Annotated[FullText, PlainValidator(_full_text)]
Bytes = Annotated[int, PlainValidator(_bytes)]
FeedAddress = Annotated[str, PlainValidator(_feed_url)]
Proxy = Annotated[str | None, PlainValidator(_proxy)]
Contact = Annotated[str | None, PlainValidator(_contact)]
Callback = Annotated[str | None, PlainValidator(_callback)]
Listen = Annotated[tuple[str, int], PlainValidator(_listen)]
FeedId = Annotated[str | None, PlainValidator(_feed_id)]
Language = Annotated[str, PlainValidator(_language)]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
WorkerMemory = Annotated[int, PlainValidator(_memory)]
LongestInterval = Annotated[timedelta, PlainValidator(_longest_interval)]
Label = Annotated[str, PlainValidator(_text)]
Name = Annotated[str | None, PlainValidator(_text)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
ShareOrNone = Annotated[float, Field(ge=0, le=1)]
