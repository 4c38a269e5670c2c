"""Type annotations of the SDK, turned into shapes."""

import ast
import functools
import re

from . import shapes
from .sdk import Module, find_class, module

_PLAIN = {
    "str": shapes.Text,
    "int": shapes.Integer,
    "bool": shapes.Boolean,
    "float": shapes.Number,
    "Any": shapes.Shape,
    "object": shapes.Shape,
    "Decimal": lambda: shapes.Text(decimal=True),
    "StripeObject": lambda: shapes.Mapping(shapes.Shape()),
    "UntypedStripeObject": lambda: shapes.Mapping(shapes.Shape()),
    "dict": lambda: shapes.Mapping(shapes.Shape()),
}
_LENGTH = re.compile(
    r"(?:maximum(?: length)?(?: of)?|up to|limit(?:ed)? (?:of|to)) (\d+) characters", re.I
)


@functools.cache
def class_shape(module_name: str, class_name: str) -> shapes.Shape:
    """The shape of a class of the SDK, by its module and name."""
    found = find_class(class_name, module(module_name))
    if found is None:
        raise LookupError(f"{module_name} has no class {class_name}")
    return _hash(found[0], found[1], ())


def annotation_shape(node: ast.expr, owner: Module) -> shapes.Shape:
    """The shape of an annotation that stands in `owner`, outside of any class's body."""
    return _shape(node, owner, ())


def _shape(node, owner, scopes) -> shapes.Shape:
    if isinstance(node, ast.Constant):
        if node.value is None:
            return shapes.Choice((None,))
        return _shape(ast.parse(node.value, mode="eval").body, owner, scopes)
    if isinstance(node, ast.BinOp):  # A | B
        return _union([node.left, node.right], owner, scopes)
    if isinstance(node, ast.Name):
        return _named(node.id, owner, scopes)
    if isinstance(node, ast.Subscript):
        return _generic(node, owner, scopes)
    return shapes.Shape()


def _generic(node, owner, scopes) -> shapes.Shape:
    head, inner = node.value.id, node.slice
    arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    match head:
        case "Literal":
            return shapes.Choice(tuple(argument.value for argument in arguments))
        case "Union":
            return _union(arguments, owner, scopes)
        case "Optional":
            return shapes.Nullable(_shape(inner, owner, scopes))
        case "ExpandableField":
            return shapes.Either([shapes.Text(), _shape(inner, owner, scopes)])
        case "List" | "Sequence":
            return shapes.Listing(_shape(inner, owner, scopes))
        case "Dict" | "Mapping" | "UntypedStripeObject":
            return shapes.Mapping(_shape(arguments[-1], owner, scopes))
        case "ListObject":
            return _page(_shape(inner, owner, scopes))
        case "NotRequired" | "Required" | "ClassVar":
            return _shape(inner, owner, scopes)
    raise NotImplementedError(f"annotation {ast.unparse(node)} in {owner.name}")


def _page(item: shapes.Shape) -> shapes.Hash:
    fields = {
        "object": shapes.Choice(("list",)),
        "data": shapes.Listing(item),
        "has_more": shapes.Boolean(),
        "url": shapes.Text(),
    }
    return shapes.Hash(fields, frozenset(fields))


def _union(nodes, owner, scopes) -> shapes.Shape:
    options = []
    for node in nodes:
        shape = _shape(node, owner, scopes)
        options += shape.options if isinstance(shape, shapes.Either) else [shape]
    # The SDK writes an enum that may grow as `Literal[…] | str`: today's list is the contract.
    if any(isinstance(o, shapes.Choice) and o.values != ("",) for o in options):
        options = [o for o in options if not isinstance(o, shapes.Text)]
    return options[0] if len(options) == 1 else shapes.Either(options)


def _named(name, owner, scopes) -> shapes.Shape:
    if name in _PLAIN:
        return _PLAIN[name]()
    for depth in range(len(scopes), 0, -1):  # classes nested in the enclosing ones, inside out
        for statement in scopes[depth - 1].body:
            if isinstance(statement, ast.ClassDef) and statement.name == name:
                return shapes.Reference(functools.partial(_hash, statement, owner, scopes[:depth]))
    found = find_class(name, owner)
    if found is None:
        raise LookupError(f"{owner.name} names an unknown type {name}")
    return shapes.Reference(functools.partial(class_shape, found[1].name, found[0].name))


def _hash(node: ast.ClassDef, owner, scopes) -> shapes.Hash:
    """A class with annotated fields: a TypedDict of parameters or a StripeObject of an answer."""
    is_params = any(
        getattr(base, "id", "") in ("TypedDict", "RequestOptions") for base in node.bases
    )
    renamed = _renamed_fields(node)
    fields, required = {}, set()
    for name, annotation, doc in _fields(node):
        shape = _shape(annotation, owner, (*scopes, node))
        key = renamed.get(name, name)
        fields[key] = _limited(shape, doc)
        if is_params:
            optional = getattr(getattr(annotation, "value", None), "id", "") == "NotRequired"
        else:
            optional = isinstance(shape, shapes.Nullable)
        if not optional:
            required.add(key)
    name = _object_name(node)
    if name:
        fields.setdefault("object", shapes.Choice((name,)))
    return shapes.Hash(fields, frozenset(required))


def _fields(node):
    following = [*node.body[1:], None]
    for statement, after in zip(node.body, following, strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name = statement.target.id
        if name.startswith("_") or name == "OBJECT_NAME":
            continue
        doc = after.value.value if _is_text(after) else ""
        yield name, statement.annotation, doc


def _is_text(statement):
    return isinstance(statement, ast.Expr) and isinstance(
        getattr(statement.value, "value", None), str
    )


def _limited(shape, doc):
    """The length that the field's own description gives."""
    found = _LENGTH.search(" ".join(doc.split()))
    if found and isinstance(shape, shapes.Text):
        return shapes.Text(int(found[1]), shape.decimal)
    return shape


def _renamed_fields(node) -> dict:
    """Fields whose name is a word of Python's, such as `from`."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "_field_remappings":
            return ast.literal_eval(statement.value)
    return {}


def _object_name(node) -> str | None:
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and statement.target.id == "OBJECT_NAME":
            return statement.value.value
    return None
