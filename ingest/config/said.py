"""How values of the file, and what was expected of them, are named in messages."""

from pydantic_core import PydanticCustomError


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


def expected(what: str, value: object, why: object = None) -> PydanticCustomError:
    """Return the error that says what was expected, what stands there, and why that is wrong."""
    context = {"what": what, "got": shown(value), "why": "" if why is None else f": {why}"}
    return PydanticCustomError("expected", "expected {what}, got {got}{why}", context)
