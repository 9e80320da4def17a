"""The form of ``feeds.yml``, checked by pydantic. Field names are the file's keys."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ingest.config.addresses import is_web_address, parse_callback, parse_listen
from ingest.config.feed_ids import ID
from ingest.config.quantities import format_duration, parse_duration, parse_size
from ingest.config.settings import (
    MIB,
    DaemonSettings,
    DedupSettings,
    ExtractSettings,
    FetchSettings,
    FlushSettings,
    PerHost,
    PollingSettings,
    RetrySettings,
    WebSubSettings,
    WorkerSettings,
)
from ingest.types import FullText

_LONGEST_CONTACT = 200
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def shown(value: object) -> str:
    """Return ``value`` as it is named in a message: scalars as written, others by their kind."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value if len(value) <= 80 else value[:77] + "..."}"'  # noqa: PLR2004 - a line
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return str(value)


def _expected(what: str, value: object) -> PydanticCustomError:
    context = {"what": what, "got": shown(value)}
    return PydanticCustomError("expected", "expected {what}, got {got}", context)


def _duration(value: object) -> timedelta:
    try:
        return parse_duration(value)
    except ValueError:
        raise _expected('a duration like "30m"', value) from None


def _positive_duration(value: object) -> timedelta:
    duration = _duration(value)
    if not duration:
        raise _expected("a duration above 0", value)
    return duration


def _interval(value: object) -> timedelta | None:
    if value == "auto":
        return None
    try:
        parse_duration(value)
    except ValueError:
        raise _expected('a duration like "30m", or "auto"', value) from None
    return _positive_duration(value)


def _longest_interval(value: object) -> timedelta:
    duration = _positive_duration(value)
    if duration > timedelta(days=1):
        raise _expected('at most "24h" (a longer wait looks like a clock gone wrong)', value)
    return duration


def _full_text(value: object) -> FullText:
    try:
        return FullText(str(value))
    except ValueError:
        raise _expected('"auto", "page" or "feed"', value) from None


def _bytes(value: object) -> int:
    try:
        size = parse_size(value)
    except ValueError:
        raise _expected('a size like "10MB"', value) from None
    if not size:
        raise _expected("a size above 0", value)
    return size


def _memory(value: object) -> int:
    size = _bytes(value)
    if size < 128 * MIB:
        raise _expected('at least "128MB" (a worker needs that much to start)', value)
    return size


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        if isinstance(value, str):
            return ip_network(value.strip())
    except ValueError:
        pass
    raise _expected('a network like "127.0.0.0/8"', value)


def _feed_url(value: object) -> str:
    if isinstance(value, str) and is_web_address(value):
        if "@" in urlsplit(value).netloc:
            raise _expected("an address without user name and password: they are not sent", value)
        return value
    raise _expected("an http or https URL", value)


def _proxy(value: object) -> str | None:
    if value is None or (isinstance(value, str) and is_web_address(value)):
        return value
    raise _expected("the http or https URL of a proxy", value)


def _contact(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isprintable():
        text = value.strip()
        address = "@" in text.strip("@") and " " not in text
        if len(text) <= _LONGEST_CONTACT and (address or is_web_address(text)):
            return text
    raise _expected("a URL or an e-mail address", value)


def _callback(value: object) -> str | None:
    try:
        return None if value is None else parse_callback(value)
    except ValueError:
        raise _expected("a public http or https URL, without a query", value) from None


def _listen(value: object) -> tuple[str, int]:
    try:
        return parse_listen(value)
    except ValueError:
        raise _expected('an address and a port, as "127.0.0.1:8089"', value) from None


def _feed_id(value: object) -> str:
    if isinstance(value, str) and ID.fullmatch(value):
        return value
    raise _expected('an id of a-z, 0-9, "-" and "_", at most 64 characters', value)


def _language(value: object) -> str:
    if isinstance(value, str) and _LANGUAGE.fullmatch(value):
        return value
    raise _expected('a language like "en" (of "en-GB" the first part counts)', value)


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise _expected("text", value)


def _none_is_empty(value: object) -> object:
    return {} if value is None else value


def _bare_url(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


Duration = Annotated[timedelta, PlainValidator(_duration)]
PositiveDuration = Annotated[timedelta, PlainValidator(_positive_duration)]
Interval = Annotated[timedelta | None, PlainValidator(_interval)]
Text = Annotated[FullText, PlainValidator(_full_text)]
Bytes = Annotated[int, PlainValidator(_bytes)]
Label = Annotated[str, PlainValidator(_text)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
ShareOrNone = Annotated[float, Field(ge=0, le=1)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DefaultsForm(_Form):
    """``defaults``: what holds for each feed that does not say otherwise."""

    interval: Interval = None
    full_text: Text = FullText.AUTO
    fold: bool = True


class PollingForm(_Form):
    """``polling``: the bounds of the time between two polls of a feed."""

    min_interval: PositiveDuration = PollingSettings().min_interval
    max_interval: Annotated[timedelta, PlainValidator(_longest_interval)] = (
        PollingSettings().max_interval
    )

    @field_validator("max_interval")
    @classmethod
    def _is_the_longer_one(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        least = info.data.get("min_interval", value)
        if value < least:
            raise _expected(
                f'at least polling.min_interval ("{format_duration(least)}")',
                format_duration(value),
            )
        return value


class PerHostForm(_Form):
    """``fetch.per_host``."""

    concurrency: Count = PerHost().concurrency
    delay: Duration = PerHost().delay


class RobotsForm(_Form):
    """``fetch.robots``: for what robots.txt is asked."""

    pages: bool = FetchSettings().robots_for_pages
    feeds: bool = FetchSettings().robots_for_feeds


class FetchForm(_Form):
    """``fetch``."""

    contact: Annotated[str | None, PlainValidator(_contact)] = None
    allow_networks: list[Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]] = []
    per_host: Annotated[PerHostForm, BeforeValidator(_none_is_empty)] = PerHostForm()
    concurrency: Annotated[int, Field(ge=1, le=1000)] = FetchSettings().concurrency
    deadline: PositiveDuration = FetchSettings().deadline
    connect_timeout: PositiveDuration = FetchSettings().connect_timeout
    max_bytes: Bytes = FetchSettings().max_bytes
    max_redirects: Annotated[int, Field(ge=0, le=20)] = FetchSettings().max_redirects
    robots: Annotated[RobotsForm, BeforeValidator(_none_is_empty)] = RobotsForm()
    proxy: Annotated[str | None, PlainValidator(_proxy)] = None


class LanguageForm(_Form):
    """One of ``dedup.languages``: what is left out is as for all others."""

    containment: Share | None = None
    late_containment: Share | None = None
    lead: ShareOrNone | None = None
    numbers: ShareOrNone | None = None
    numbers_if_sure: ShareOrNone | None = None


class DedupForm(_Form):
    """``dedup``."""

    enabled: bool = DedupSettings().enabled
    window: PositiveDuration = DedupSettings().window
    near_window: PositiveDuration = DedupSettings().near_window
    containment: Share = DedupSettings().containment
    late_containment: Share = DedupSettings().late_containment
    lead: ShareOrNone = DedupSettings().lead
    min_numbers: Count = DedupSettings().min_numbers
    numbers: ShareOrNone = DedupSettings().numbers
    numbers_if_sure: ShareOrNone = DedupSettings().numbers_if_sure
    headlines: Annotated[int, Field(ge=2)] = DedupSettings().headlines
    languages: Annotated[
        dict[Annotated[str, PlainValidator(_language)], LanguageForm],
        BeforeValidator(_none_is_empty),
    ] = {}
    keep_text: bool = DedupSettings().keep_text

    @field_validator("late_containment")
    @classmethod
    def _is_no_less_than_containment(cls, value: float, info: ValidationInfo) -> float:
        least = info.data.get("containment", value)
        if value < least:
            raise _expected(f"at least dedup.containment ({least:g})", value)
        return value


class WorkersForm(_Form):
    """``workers``."""

    count: Annotated[int, Field(ge=1, le=256)] = Field(
        default_factory=lambda: WorkerSettings().count
    )
    timeout: PositiveDuration = WorkerSettings().timeout
    memory: Annotated[int, PlainValidator(_memory)] = WorkerSettings().memory_mb * MIB


class ExtractForm(_Form):
    """``extract``."""

    markdown: bool = ExtractSettings().markdown


class FlushForm(_Form):
    """``flush``."""

    rows: Count = FlushSettings().rows
    every: PositiveDuration = FlushSettings().every


class RetryForm(_Form):
    """``retry``."""

    attempts: Count = RetrySettings().attempts
    backoff: Duration = RetrySettings().backoff


class DaemonForm(_Form):
    """``daemon``."""

    tick: PositiveDuration = DaemonSettings().tick


class WebSubForm(_Form):
    """``websub``."""

    callback: Annotated[str | None, PlainValidator(_callback)] = WebSubSettings().callback
    listen: Annotated[tuple[str, int], PlainValidator(_listen)] = WebSubSettings().listen


class FeedForm(_Form):
    """One of ``feeds``; a bare URL stands for a mapping with ``url`` alone."""

    url: Annotated[str, PlainValidator(_feed_url)]
    id: Annotated[str | None, PlainValidator(_feed_id)] = None
    name: Annotated[str | None, PlainValidator(_text)] = None
    tags: list[Label] = []
    interval: Interval = None
    full_text: Text = FullText.AUTO
    fold: bool = True


class FileForm(_Form):
    """The whole file."""

    data: Label = "data"
    defaults: Annotated[DefaultsForm, BeforeValidator(_none_is_empty)] = DefaultsForm()
    polling: Annotated[PollingForm, BeforeValidator(_none_is_empty)] = PollingForm()
    fetch: Annotated[FetchForm, BeforeValidator(_none_is_empty)] = FetchForm()
    dedup: Annotated[DedupForm, BeforeValidator(_none_is_empty)] = DedupForm()
    workers: Annotated[WorkersForm, BeforeValidator(_none_is_empty)] = WorkersForm()
    extract: Annotated[ExtractForm, BeforeValidator(_none_is_empty)] = ExtractForm()
    flush: Annotated[FlushForm, BeforeValidator(_none_is_empty)] = FlushForm()
    retry: Annotated[RetryForm, BeforeValidator(_none_is_empty)] = RetryForm()
    daemon: Annotated[DaemonForm, BeforeValidator(_none_is_empty)] = DaemonForm()
    websub: Annotated[WebSubForm, BeforeValidator(_none_is_empty)] = WebSubForm()
    feeds: Annotated[
        list[Annotated[FeedForm, BeforeValidator(_bare_url)]],
        BeforeValidator(lambda value: [] if value is None else value),
    ] = []


_MANY: Mapping[type[BaseModel], str] = {FeedForm: "[]", LanguageForm: ".LANGUAGE"}


def keys(form: type[BaseModel] = FileForm, prefix: str = "") -> Iterator[str]:
    """Yield every key of the file, dotted; keys of a feed as ``feeds[].url``."""
    for name, field in form.model_fields.items():
        inner = _form_in(field.annotation)
        if inner is None:
            yield f"{prefix}{name}"
        else:
            yield from keys(inner, f"{prefix}{name}{_MANY.get(inner, '')}.")


def known_keys(place: tuple[str | int, ...]) -> list[str]:
    """Return the keys that may stand in the mapping at ``place``."""
    form: type[BaseModel] = FileForm
    for step in place:
        if step in form.model_fields:
            form = _form_in(form.model_fields[str(step)].annotation) or form
    return list(form.model_fields)


def _form_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := _form_in(inner)) is not None:
            return found
    return None
