"""Copies of trafilatura's modules of our own, whose patterns for what they discard are asked once.

Copies, for the modules themselves belong to all who import them.
"""

from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Final

from lxml.etree import XPath

from ingest.articles.patterns import asked_once, first_asked_once


def _copied(name: str, *others: ModuleType) -> ModuleType:
    """Return a copy of a module that has its lists of patterns asked once.

    Args:
        name: The module's, within trafilatura.
        others: Copies that were made before, from which it takes what it imported from theirs.
    """
    spec = find_spec(f"trafilatura.{name}")
    assert spec is not None, "trafilatura is among the dependencies"
    assert spec.loader is not None, "and its modules are files"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    for key, value in vars(module).items():
        own = getattr(value, "__module__", None)
        for other in others:
            if own == other.__name__:
                setattr(module, key, getattr(other, key))
        if key == "BODY_XPATH":
            setattr(module, key, first_asked_once(value))
        elif isinstance(value, list) and value and all(isinstance(each, XPath) for each in value):
            setattr(module, key, asked_once(value))
    return module


MAIN_EXTRACTOR: Final = _copied("main_extractor")
CORE: Final = _copied("core", MAIN_EXTRACTOR, _copied("external"))
