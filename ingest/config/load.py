"""Reads ``feeds.yml`` into a ``Config``, or says everything that is wrong with it at once."""

import difflib
import errno
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ingest.config.addresses import is_web_address
from ingest.config.feed_ids import ID, made_ids, same_address
from ingest.config.form import DedupForm, FeedForm, FetchForm, FileForm, known_keys
from ingest.config.lines import Document, Place, Problem, read_yaml
from ingest.config.said import shown
from ingest.config.settings import (
    MIB,
    Config,
    DaemonSettings,
    DedupSettings,
    ExtractSettings,
    FetchSettings,
    FlushSettings,
    LanguageSettings,
    PerHost,
    PollingSettings,
    RetrySettings,
    StoreSettings,
    WebSubSettings,
    WorkerSettings,
)
from ingest.errors import ConfigError
from ingest.types import Feed, SiteRules


def load(path: Path, *, data: Path | None = None) -> Config:
    """Read the configuration at ``path``; ``data``, if given, is used instead of the file's.

    Raises:
        ConfigError: The file is missing, cannot be read, or has mistakes; it lists all of them.
    """
    document = read_yaml(_read(path))
    problems = list(document.problems)
    form: FileForm | None = None
    if not _has_syntax_error(document):
        try:
            form = FileForm.model_validate({} if document.value is None else document.value)
        except ValidationError as error:
            problems += _said_by_pydantic(error.errors(include_url=False), document)
        problems += _twice(document)
    if problems or form is None:
        ordered = sorted(problems, key=lambda problem: problem.line)
        raise ConfigError([_line(path, problem) for problem in ordered])
    return _config(form, path=path, data=data)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        said = (
            f"{path}: no such file; make one with `newsfold feeds add URL`, "
            "or name another with --config FILE or NEWSFOLD_CONFIG"
        )
        raise ConfigError([said]) from None
    except OSError as error:
        said = errno.errorcode.get(error.errno or 0, "error") + ": " + (error.strerror or "")
        raise ConfigError([f"{path}: cannot be read ({said})"]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path}:{line}: not UTF-8; save the file as UTF-8"]) from None


def _has_syntax_error(document: Document) -> bool:
    return document.value is None and bool(document.problems)


def _line(path: Path, problem: Problem) -> str:
    place = dotted(problem.place)
    return f"{path}:{problem.line}: {place + ': ' if place else ''}{problem.message}"


def dotted(place: Place) -> str:
    """Return ``place`` as people write it: ``feeds[3].interval``."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(parts).removeprefix(".")


def _said_by_pydantic(errors: Sequence[ErrorDetails], document: Document) -> Iterator[Problem]:
    for error in errors:
        place = error["loc"]
        if place[-1:] == ("[key]",):  # what pydantic calls a mapping's key, which names itself
            place = place[:-1]
        yield Problem(line=document.line_of(place), place=place, message=_message(error))


_MESSAGES = {
    "missing": "is missing",
    "int_type": "expected a whole number, got {got}",
    "int_from_float": "expected a whole number, got {got}",
    "float_type": "expected a number, got {got}",
    "bool_type": "expected true or false, got {got}",
    "list_type": "expected a list, got {got}",
    "dict_type": "expected a mapping, got {got}",
    "model_type": "expected a mapping, got {got}",
    "greater_than_equal": "expected at least {ge}, got {got}",
    "greater_than": "expected more than {gt:g}, got {got}",
    "less_than_equal": "expected at most {le:g}, got {got}",
}


def _message(error: ErrorDetails) -> str:
    kind, place = error["type"], error["loc"]
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind == "model_type" and place[:1] == ("feeds",):
        return f"expected a URL or a mapping with a url, got {shown(error['input'])}"
    if kind not in _MESSAGES:
        return error["msg"]
    context: dict[str, Any] = error.get("ctx", {})
    return _MESSAGES[kind].format(got=shown(error["input"]), **context)


def _unknown(place: Place) -> str:
    known = known_keys(place[:-1])
    near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    if near:
        return f'unknown key; did you mean "{near[0]}"?'
    return f"unknown key; known here: {', '.join(known)}"


def _twice(document: Document) -> Iterator[Problem]:
    """Find ids and addresses that two feeds share, also where the file has other mistakes."""
    feeds = document.value.get("feeds") if isinstance(document.value, dict) else None
    found: tuple[tuple[str, Callable[[str], bool], Callable[[str], str]], ...] = (
        ("id", lambda text: ID.fullmatch(text) is not None, str),
        ("url", is_web_address, same_address),
    )
    for key, is_good, normal in found:
        first: dict[str, int] = {}
        for index, feed in enumerate(feeds if isinstance(feeds, list) else ()):
            value = feed.get(key) if isinstance(feed, dict) else feed if key == "url" else None
            if not isinstance(value, str) or not is_good(value):
                continue
            place: Place = ("feeds", index, key)
            line = document.line_of(place)
            if normal(value) in first:
                earlier = first[normal(value)]
                message = f"{shown(value)} is also the {key} of the feed in line {earlier}"
                yield Problem(line=line, place=place, message=message)
            else:
                first[normal(value)] = line


def _config(form: FileForm, *, path: Path, data: Path | None) -> Config:
    home = path.absolute().parent
    return Config(
        path=path,
        data=(home / Path(form.data).expanduser() if data is None else data).absolute(),
        archive=form.archive,
        polling=PollingSettings(**dict(form.polling)),
        fetch=_fetch(form.fetch),
        dedup=_dedup(form.dedup),
        workers=WorkerSettings(
            count=form.workers.count,
            timeout=form.workers.timeout,
            memory_mb=form.workers.memory // MIB,
        ),
        extract=ExtractSettings(**dict(form.extract)),
        flush=FlushSettings(**dict(form.flush)),
        retry=RetrySettings(**dict(form.retry)),
        daemon=DaemonSettings(**dict(form.daemon)),
        store=StoreSettings(**dict(form.store)),
        websub=WebSubSettings(**dict(form.websub)),
        sites=tuple(SiteRules(host=host, **dict(site)) for host, site in form.sites.items()),
        feeds=_feeds(form),
    )


def _fetch(form: FetchForm) -> FetchSettings:
    same = {
        name: value for name, value in form if name not in {"allow_networks", "per_host", "robots"}
    }
    return FetchSettings(
        **same,
        allow_networks=tuple(form.allow_networks),
        per_host=PerHost(**dict(form.per_host)),
        robots_for_pages=form.robots.pages,
        robots_for_feeds=form.robots.feeds,
    )


def _dedup(form: DedupForm) -> DedupSettings:
    languages = {
        language: LanguageSettings(**dict(own)) for language, own in form.languages.items()
    }
    return DedupSettings(**(dict(form) | {"languages": languages}))


def _feeds(form: FileForm) -> tuple[Feed, ...]:
    unnamed = [feed for feed in form.feeds if feed.id is None]
    taken = [feed.id for feed in form.feeds if feed.id is not None]
    made = iter(made_ids([feed.url for feed in unnamed], taken))
    return tuple(
        _feed(feed, feed_id=feed.id if feed.id is not None else next(made), form=form)
        for feed in form.feeds
    )


def _feed(feed: FeedForm, *, feed_id: str, form: FileForm) -> Feed:
    said = feed.model_fields_set
    return Feed(
        id=feed_id,
        url=feed.url,
        name=feed.name or feed_id,
        tags=tuple(dict.fromkeys(feed.tags)),
        interval=feed.interval if "interval" in said else form.defaults.interval,
        full_text=feed.full_text if "full_text" in said else form.defaults.full_text,
        fold=feed.fold if "fold" in said else form.defaults.fold,
        retention=feed.retention if "retention" in said else form.store.retention,
        archive=next(
            (it.archive for it in (feed, form.defaults) if "archive" in it.model_fields_set),
            form.archive,
        ),
    )
