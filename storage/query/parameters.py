"""The values that a query's parameters are given."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from storage.errors import QueryError

Parameters = Sequence[object] | Mapping[str, object]


def check_values(wanted: AbstractSet[str], given: Parameters) -> None:
    """Refuse values that are not just those a query wants.

    Args:
        wanted: The names of its parameters; of ``?`` and ``$1`` that is the number.
        given: The values, in their order or by name. SQL's names know no case of letters.

    Raises:
        QueryError: some are missing, or too many.
    """
    if isinstance(given, Mapping):
        have = {name.lower() for name in given}
        missing = [name for name in wanted if name.lower() not in have]
        too_many = have - {name.lower() for name in wanted}
        if missing or too_many:
            raise QueryError(_unlike(wanted, given))
    elif wanted != {str(number + 1) for number in range(len(given))}:
        raise QueryError(_unlike(wanted, given))


def _unlike(wanted: AbstractSet[str], given: Parameters) -> str:
    if isinstance(given, Mapping):
        have = ", ".join(f"${name}" for name in given) or "none"
    else:
        have = _count(len(given))
    if not wanted:
        return f"the query has no parameters, and is given {have}"
    if all(name.isdecimal() for name in wanted):
        number = max(map(int, wanted))
        what = _count(number)
        options = " ".join(["--param VALUE"] * number)
        python = f"[{', '.join(['VALUE'] * number)}]"
    else:
        names = sorted(wanted)
        what = f"values of {', '.join(f'${name}' for name in names)}"
        options = " ".join(f"--param {name}=VALUE" for name in names)
        python = "{" + ", ".join(f'"{name}": VALUE' for name in names) + "}"
    return f"the query wants {what}, and is given {have}; give `{options}` ({python} in Python)"


def _count(number: int) -> str:
    return {0: "none", 1: "1 value"}.get(number, f"{number} values")
