"""The parameters of a report: what its parameters cell declares, and what somebody gives for them.

A parameter is an assignment in the cell tagged `parameters`: `banner: str = ""  # only this banner`. Its type is one of
Day, str and int, its comment is its help. A name that is a keyword of Python ends with an underscore there
(`from_`), and is given without it (`from`).
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pixels.errors import BadParameter
from pixels.period import parse_day, parse_period
from pixels.reports.notebooks import ReportNotebook, did_you_mean

Value = str | int
_PERIOD = ("from", "to")


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: `variable` in the notebook, `name` for whoever gives it."""

    variable: str
    type: str
    default: Value
    help: str

    @property
    def name(self) -> str:
        """The name without the underscore that keeps it from being a keyword."""
        return self.variable.removesuffix("_")


def declared_parameters(notebook: ReportNotebook) -> list[Parameter]:
    """Return what the notebook's parameters cell declares, in its order.

    Raises BadParameter for a line that is no declaration.
    """
    cell = notebook.parameters_cell or ""
    comments = _comments(cell)
    return [_declared(statement, comments, notebook.name) for statement in ast.parse(cell).body]


def _declared(statement: ast.stmt, comments: Mapping[int, str], report: str) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=type_), value=ast.Constant(value=default)):
            if type_ in _READERS and isinstance(default, str | int):
                return Parameter(name, type_, default, comments.get(statement.end_lineno or statement.lineno, ""))
    raise BadParameter(
        report,
        f"line {statement.lineno} of its parameters cell declares no parameter; "
        f'write for example: banner: str = ""  # only this banner. Types are {", ".join(_READERS)}',
    )


def _comments(cell: str) -> dict[int, str]:
    """Return the comments by line."""
    tokens = tokenize.generate_tokens(io.StringIO(cell).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def read_parameters(declared: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, Value]:
    """Return the values by variable, those that were not given being left out.

    `given`: texts by name, or by variable. Raises BadParameter for an unknown name, one given twice, and a text that is
    not of the parameter's type.
    """
    by_name = {key: parameter for parameter in declared for key in (parameter.variable, parameter.name)}
    values: dict[str, Value] = {}
    for name, text in given.items():
        parameter = by_name.get(name)
        if parameter is None:
            near = did_you_mean(name, [each.name for each in declared])
            raise BadParameter(name, f"this report has no such parameter{near}; it has\n{describe(declared)}")
        if parameter.variable in values:
            raise BadParameter(parameter.name, "is given twice")
        values[parameter.variable] = _READERS[parameter.type](parameter.name, text)
    _check_period({parameter.name: values.get(parameter.variable) for parameter in declared})
    return values


def describe(declared: Sequence[Parameter]) -> str:
    """Return one line a parameter: name, type and help."""
    return "\n".join(f"  {parameter.name} ({parameter.type}): {parameter.help}" for parameter in declared)


def _check_period(values: Mapping[str, Value | None]) -> None:
    start, end = (values.get(name) for name in _PERIOD)
    if start is not None and end is not None:
        parse_period(start, end, _PERIOD)


def _text(name: str, text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadParameter(name, f"{text!r} is not UTF-8") from None
    return text


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadParameter(name, f"{text!r} is not a whole number") from None


_READERS: Mapping[str, Callable[[str, str], Value]] = {
    "Day": lambda name, text: parse_day(name, text).isoformat(),
    "str": _text,
    "int": _whole_number,
}
