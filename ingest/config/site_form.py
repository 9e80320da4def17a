"""The form of ``sites`` in ``feeds.yml``: rules for the few sites that need them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator

from ingest.config.said import expected
from ingest.config.selectors import parse_host, parse_selector


def _selectors(value: object) -> str:
    given = value if isinstance(value, list) else [value]
    if not given:
        raise expected("a CSS selector or an XPath, or a list of them", value)
    return " | ".join(map(_selector, given))


def _selector(value: object) -> str:
    try:
        return parse_selector(value)
    except ValueError as error:
        raise expected("a CSS selector or an XPath", value, error) from None


def _host(value: object) -> str:
    try:
        return parse_host(value)
    except ValueError:
        raise expected('a host like "example.org"', value) from None


Selectors = Annotated[str, PlainValidator(_selectors)]
Host = Annotated[str, PlainValidator(_host)]


class SiteForm(BaseModel):
    """The rules of one of ``sites``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    body: Selectors | None = None
    remove: Selectors | None = None
    title: Selectors | None = None
    date: Selectors | None = None
