"""The shapes of values in Stripe's contract.

Each shape does two things: `check` a value of an answer, and `read` the strings of a form into
typed values. Both append `Problem`s instead of raising, so that one look finds them all.
"""

import re
from dataclasses import dataclass, field

MAX_TEXT = 5000


@dataclass(frozen=True)
class Problem:
    """What breaks the contract: `kind` is unknown, missing, type, enum, length, empty or rule."""

    kind: str
    where: str
    message: str
    code: str | None = None


def inside(where: str, key) -> str:
    """The name of a key inside a parameter, as Stripe writes it: `line_items[0][quantity]`."""
    return f"{where}[{key}]" if where else str(key)


class Shape:
    """Anything at all; the other shapes narrow it."""

    def fits(self, value) -> bool:
        """Whether the value is of this shape's kind, whatever is inside."""
        return True

    def check(self, value, where: str, problems: list) -> None:
        """Append what is wrong with a decoded JSON value."""
        if not self.fits(value):
            problems.append(Problem("type", where, f"{value!r:.60} is not {self.name()}"))

    def read(self, raw, where: str, problems: list):
        """The typed value of a form's string (or hash of strings)."""
        return raw

    def name(self) -> str:
        """The kind in words."""
        return type(self).__name__.lower()


@dataclass
class Text(Shape):
    """A string, or a decimal number written as one."""

    longest: int = MAX_TEXT
    decimal: bool = False

    def fits(self, value):
        return isinstance(value, str)

    def read(self, raw, where, problems):
        if not isinstance(raw, str):
            problems.append(Problem("type", where, "Invalid string: expected text, got a hash"))
        elif raw == "":
            problems.append(_empty(where))
        elif self.decimal and not re.fullmatch(r"-?\d+(\.\d+)?", raw):
            problems.append(Problem("type", where, f"Invalid decimal: {raw}"))
        elif len(raw) > self.longest:
            message = f"Invalid string: {raw[:10]}...; must be at most {self.longest} characters"
            problems.append(Problem("length", where, message))
        return raw


def _empty(where):
    return Problem(
        "empty",
        where,
        f"You passed an empty string for '{where}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{where}' cannot be unset. You should remove '{where}' from your "
        "request or supply a non-empty value.",
        "parameter_invalid_empty",
    )


class Integer(Shape):
    """A whole number."""

    def fits(self, value):
        return isinstance(value, int) and not isinstance(value, bool)

    def read(self, raw, where, problems):
        if isinstance(raw, str) and re.fullmatch(r"-?\d+", raw):
            return int(raw)
        message = f"Invalid integer: {raw}"
        problems.append(Problem("type", where, message, "parameter_invalid_integer"))
        return raw


class Number(Shape):
    """A number with decimals."""

    def fits(self, value):
        return isinstance(value, int | float) and not isinstance(value, bool)

    def read(self, raw, where, problems):
        try:
            return float(raw)
        except (TypeError, ValueError):
            problems.append(Problem("type", where, f"Invalid decimal: {raw}"))
            return raw


class Boolean(Shape):
    """True or false."""

    def fits(self, value):
        return isinstance(value, bool)

    def read(self, raw, where, problems):
        if raw not in ("true", "false"):
            problems.append(Problem("type", where, f"Invalid boolean: {raw}"))
        return raw == "true"


@dataclass
class Choice(Shape):
    """One of a closed list of values."""

    values: tuple

    def fits(self, value):
        return value in self.values and type(value) is type(self.values[0])

    def read(self, raw, where, problems):
        for value in self.values:
            if raw == (value if isinstance(value, str) else str(value).lower()):
                return value
        leaf = re.findall(r"[^\[\]]+", where)[-1] if where else "value"
        message = f"Invalid {leaf}: must be one of {_listed(self.values)}"
        problems.append(Problem("enum", where, message))
        return raw

    def name(self):
        return f"one of {_listed(self.values[:12])}"


def _listed(values):
    words = [str(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}, or {words[-1]}"


@dataclass
class Listing(Shape):
    """An array."""

    item: Shape

    def fits(self, value):
        return isinstance(value, list)

    def check(self, value, where, problems):
        if not isinstance(value, list):
            problems.append(Problem("type", where, f"{value!r:.60} is not an array"))
            return
        for index, element in enumerate(value):
            self.item.check(element, inside(where, index), problems)

    def read(self, raw, where, problems):
        if raw == "":
            return []
        if not isinstance(raw, dict) or not all(key.isdigit() for key in raw):
            problems.append(Problem("type", where, "Invalid array"))
            return []
        return [
            self.item.read(raw[key], inside(where, key), problems) for key in sorted(raw, key=int)
        ]


@dataclass
class Mapping(Shape):
    """A hash with keys of the caller's choice, such as metadata."""

    value: Shape

    def fits(self, value):
        return isinstance(value, dict)

    def check(self, value, where, problems):
        super().check(value, where, problems)
        if isinstance(value, dict):
            for key, element in value.items():
                self.value.check(element, inside(where, key), problems)

    def read(self, raw, where, problems):
        if not isinstance(raw, dict):
            problems.append(Problem("type", where, "Invalid object"))
            return {}
        return {  # an empty value unsets its key
            key: "" if value == "" else self.value.read(value, inside(where, key), problems)
            for key, value in raw.items()
        }


@dataclass
class Hash(Shape):
    """A hash with known keys; any other key is a problem, both ways."""

    fields: dict[str, Shape] = field(default_factory=dict)
    required: frozenset = frozenset()

    def fits(self, value):
        return isinstance(value, dict)

    def check(self, value, where, problems):
        if not isinstance(value, dict):
            problems.append(Problem("type", where, f"{value!r:.60} is not a hash"))
            return
        for key, element in value.items():
            shape = self.fields.get(key)
            if shape is None:
                problems.append(Problem("unknown", inside(where, key), "not in the contract"))
            else:
                shape.check(element, inside(where, key), problems)
        for key in self.required - value.keys():
            problems.append(Problem("missing", inside(where, key), "required by the contract"))

    def read(self, raw, where, problems):
        if not isinstance(raw, dict):
            problems.append(Problem("type", where, "Invalid object"))
            return {}
        values = {}
        for key, element in raw.items():
            name = inside(where, key)
            if key in self.fields:
                values[key] = self.fields[key].read(element, name, problems)
            else:
                message = f"Received unknown parameter: {name}"
                problems.append(Problem("unknown", name, message, "parameter_unknown"))
        for key in sorted(self.required - raw.keys()):
            name = inside(where, key)
            message = f"Missing required param: {name}."
            problems.append(Problem("missing", name, message, "parameter_missing"))
        return values


@dataclass
class Either(Shape):
    """One of several shapes: the first that takes the value without a problem."""

    options: list[Shape]

    def fits(self, value):
        return any(option.fits(value) for option in self.options)

    def check(self, value, where, problems):
        self._best(value, where, problems, lambda option, found: option.check(value, where, found))

    def read(self, raw, where, problems):
        return self._best(
            raw, where, problems, lambda option, found: option.read(raw, where, found)
        )

    def _best(self, value, where, problems, attempt):
        closest = None
        for option in self.options:
            found: list[Problem] = []
            result = attempt(option, found)
            if not found:
                return result
            rank = (not option.fits(value), len(found))
            if closest is None or rank < closest[0]:
                closest = (rank, found, result)
        problems.extend(closest[1])
        return closest[2]


@dataclass
class Nullable(Shape):
    """A shape or null. In a form there is no null: the shape itself."""

    inner: Shape

    def fits(self, value):
        return value is None or self.inner.fits(value)

    def check(self, value, where, problems):
        if value is not None:
            self.inner.check(value, where, problems)

    def read(self, raw, where, problems):
        return self.inner.read(raw, where, problems)


class Reference(Shape):
    """A shape that is worked out when it is first needed: the SDK's classes refer to each other."""

    def __init__(self, build):
        self._build, self._shape = build, None

    @property
    def shape(self) -> Shape:
        """What is referred to."""
        if self._shape is None:
            self._shape = self._build()
        return self._shape

    def fits(self, value):
        return self.shape.fits(value)

    def check(self, value, where, problems):
        self.shape.check(value, where, problems)

    def read(self, raw, where, problems):
        return self.shape.read(raw, where, problems)
