"""YAML as plain values, with the line each of them stands in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Place = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong: the line (from 1; 0 for the file as a whole), the place, and the words."""

    line: int
    place: Place = ()
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML document: dicts, lists, strings, numbers, booleans and ``None``.

    ``lines`` has the line of each value by its place; of a value in a mapping, its key's line.
    """

    value: object
    lines: Mapping[Place, int]
    problems: tuple[Problem, ...] = ()

    def line_of(self, place: Place) -> int:
        """Return the line of the value at ``place``, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(text: str) -> Document:
    """Parse ``text``; syntax errors and keys given twice come back as problems."""
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
        reader = _Reader(yaml.constructor)
        value = None if root is None else reader.read(root, ())
    except RecursionError:
        problem = Problem(line=1, message="nested too deeply")
        return Document(value=None, lines={}, problems=(problem,))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        said = "; ".join(part for part in (error.context, error.problem) if part)
        problem = Problem(line=line, message=f"not valid YAML: {said}")
        return Document(value=None, lines={}, problems=(problem,))
    except YAMLError as error:  # a character YAML does not allow: no mark, only words
        said = " ".join(str(error).split())
        problem = Problem(line=1, message=f"not valid YAML: {said}")
        return Document(value=None, lines={}, problems=(problem,))
    return Document(value=value, lines=reader.lines, problems=tuple(reader.problems))


@dataclass(slots=True)
class _Reader:
    """Walks the composed nodes: unlike constructed values, each of them has its mark."""

    construct: SafeConstructor
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    around: list[Node] = field(default_factory=list)

    def read(self, node: Node, place: Place) -> object:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if any(node is outer for outer in self.around):
            self.problems.append(Problem(line=line, place=place, message="contains itself"))
            return None
        self.around.append(node)
        try:
            match node:
                case MappingNode():
                    return self.read_mapping(node, place)
                case SequenceNode():
                    return [self.read(item, (*place, i)) for i, item in enumerate(node.value)]
                case _:
                    return self.read_scalar(node)
        finally:
            self.around.pop()

    def read_mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else "?"
            inner = (*place, key)
            line = key_node.start_mark.line + 1
            if key in values:
                message = f"given twice, first in line {self.lines[inner]}"
                self.problems.append(Problem(line=line, place=inner, message=message))
                continue
            self.lines[inner] = line
            values[key] = self.read(value_node, inner)
        return values

    def read_scalar(self, node: Node) -> object:
        match str(node.tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return self.construct.construct_yaml_bool(node)
            case "int":
                return self.construct.construct_yaml_int(node)
            case "float":
                return self.construct.construct_yaml_float(node)
            case _:
                return str(node.value)
