"""The form of ``feeds.yml``, checked by pydantic. Field names are the file's keys."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from ingest.config.quantities import format_duration
from ingest.config.said import expected
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
    StoreSettings,
    WebSubSettings,
    WorkerSettings,
)
from ingest.config.site_form import Host, SiteForm
from ingest.config.values import (
    Bytes,
    Callback,
    Contact,
    Count,
    Duration,
    FeedAddress,
    FeedId,
    Interval,
    Label,
    Language,
    Listen,
    LongestInterval,
    Name,
    Network,
    PositiveDuration,
    Proxy,
    Retention,
    Share,
    ShareOrNone,
    Text,
    WorkerMemory,
    bare_url,
    none_is_empty,
)
from ingest.types import FullText


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DefaultsForm(_Form):
    """``defaults``: what holds for each feed that does not say otherwise."""

    interval: Interval = None
    full_text: Text = FullText.AUTO
    fold: bool = True
    archive: bool = False


class PollingForm(_Form):
    """``polling``: the bounds of the time between two polls of a feed."""

    min_interval: PositiveDuration = PollingSettings().min_interval
    max_interval: LongestInterval = PollingSettings().max_interval

    @field_validator("max_interval")
    @classmethod
    def _is_the_longer_one(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        least = info.data.get("min_interval", value)
        if value < least:
            raise expected(
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

    contact: Contact = None
    allow_networks: list[Network] = []
    per_host: Annotated[PerHostForm, BeforeValidator(none_is_empty)] = PerHostForm()
    concurrency: Annotated[int, Field(ge=1, le=1000)] = FetchSettings().concurrency
    deadline: PositiveDuration = FetchSettings().deadline
    connect_timeout: PositiveDuration = FetchSettings().connect_timeout
    max_bytes: Bytes = FetchSettings().max_bytes
    max_redirects: Annotated[int, Field(ge=0, le=20)] = FetchSettings().max_redirects
    robots: Annotated[RobotsForm, BeforeValidator(none_is_empty)] = RobotsForm()
    proxy: Proxy = None


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
        dict[Language, LanguageForm],
        BeforeValidator(none_is_empty),
    ] = {}
    keep_text: bool = DedupSettings().keep_text

    @field_validator("late_containment")
    @classmethod
    def _is_no_less_than_containment(cls, value: float, info: ValidationInfo) -> float:
        least = info.data.get("containment", value)
        if value < least:
            raise expected(f"at least dedup.containment ({least:g})", value)
        return value


class WorkersForm(_Form):
    """``workers``."""

    count: Annotated[int, Field(ge=1, le=256)] = Field(
        default_factory=lambda: WorkerSettings().count
    )
    timeout: PositiveDuration = WorkerSettings().timeout
    memory: WorkerMemory = WorkerSettings().memory_mb * MIB


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


class StoreForm(_Form):
    """``store``."""

    retention: Retention = StoreSettings().retention


class WebSubForm(_Form):
    """``websub``."""

    callback: Callback = WebSubSettings().callback
    listen: Listen = WebSubSettings().listen


class FeedForm(_Form):
    """One of ``feeds``; a bare URL stands for a mapping with ``url`` alone."""

    url: FeedAddress
    id: FeedId = None
    name: Name = None
    tags: list[Label] = []
    interval: Interval = None
    full_text: Text = FullText.AUTO
    fold: bool = True
    retention: Retention = None
    archive: bool = False


class FileForm(_Form):
    """The whole file."""

    data: Label = "data"
    archive: bool = False
    defaults: Annotated[DefaultsForm, BeforeValidator(none_is_empty)] = DefaultsForm()
    polling: Annotated[PollingForm, BeforeValidator(none_is_empty)] = PollingForm()
    fetch: Annotated[FetchForm, BeforeValidator(none_is_empty)] = FetchForm()
    dedup: Annotated[DedupForm, BeforeValidator(none_is_empty)] = DedupForm()
    workers: Annotated[WorkersForm, BeforeValidator(none_is_empty)] = WorkersForm()
    extract: Annotated[ExtractForm, BeforeValidator(none_is_empty)] = ExtractForm()
    flush: Annotated[FlushForm, BeforeValidator(none_is_empty)] = FlushForm()
    retry: Annotated[RetryForm, BeforeValidator(none_is_empty)] = RetryForm()
    daemon: Annotated[DaemonForm, BeforeValidator(none_is_empty)] = DaemonForm()
    store: Annotated[StoreForm, BeforeValidator(none_is_empty)] = StoreForm()
    websub: Annotated[WebSubForm, BeforeValidator(none_is_empty)] = WebSubForm()
    sites: Annotated[
        dict[Host, Annotated[SiteForm, BeforeValidator(none_is_empty)]],
        BeforeValidator(none_is_empty),
    ] = {}
    feeds: Annotated[
        list[Annotated[FeedForm, BeforeValidator(bare_url)]],
        BeforeValidator(lambda value: [] if value is None else value),
    ] = []


_MANY: Mapping[type[BaseModel], str] = {
    FeedForm: "[]",
    LanguageForm: ".LANGUAGE",
    SiteForm: ".HOST",
}


def keys(form: type[BaseModel] = FileForm, prefix: str = "") -> Iterator[str]:
    """Yield every key, dotted: of a feed ``feeds[].url``, of a site ``sites.HOST.body``."""
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
        if isinstance(step, str) and step in form.model_fields:
            form = _form_in(form.model_fields[step].annotation) or form
    return list(form.model_fields)


def _form_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := _form_in(inner)) is not None:
            return found
    return None
