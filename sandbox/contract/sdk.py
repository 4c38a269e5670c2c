"""The installed Stripe SDK's source, read as syntax trees: nothing of it is imported or run."""

import ast
import functools
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Module:
    """Classes of one module of the SDK, and where the names it imports come from."""

    name: str
    classes: dict[str, ast.ClassDef]
    imports: dict[str, tuple[str, str]]


@functools.cache
def _site() -> Path:
    spec = importlib.util.find_spec("stripe")
    if spec is None or not spec.origin:
        raise RuntimeError("the sandbox needs the stripe package: its types are the contract")
    return Path(spec.origin).parent.parent


def _source(name: str) -> str:
    path = _site().joinpath(*name.split("."))
    file = path.with_suffix(".py")
    return (file if file.exists() else path / "__init__.py").read_text(encoding="utf-8")


@functools.cache
def module(name: str) -> Module:
    """A module by its dotted name, parsed once a process."""
    tree = ast.parse(_source(name))
    statements = list(tree.body)
    for statement in tree.body:
        if isinstance(statement, ast.If):  # if TYPE_CHECKING:
            statements += statement.body
    classes, imports = {}, {}
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            classes[statement.name] = statement
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            for alias in statement.names:
                imports[alias.asname or alias.name] = (statement.module, alias.name)
    return Module(name, classes, imports)


def find_class(name: str, start: Module) -> tuple[ast.ClassDef, Module] | None:
    """A class by the name under which `start` knows it, and the module that holds it."""
    for _hop in range(5):
        if name in start.classes:
            return start.classes[name], start
        if name not in start.imports:
            return None
        origin, name = start.imports[name]
        start = module(origin)
    return None


def api_version() -> str:
    """The API version that the SDK is pinned to."""
    return _constant("stripe._api_version", "CURRENT")


def sdk_version() -> str:
    """The SDK's own version."""
    return _constant("stripe._version", "VERSION")


def _constant(name: str, variable: str) -> str:
    return re.search(rf'{variable} = "([^"]+)"', _source(name))[1]
