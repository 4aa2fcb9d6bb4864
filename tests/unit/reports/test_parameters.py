"""What a report takes, and what it refuses before it runs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import nbformat
import pytest

from pixels.errors import BadParameter
from pixels.reports.notebooks import ReportNotebook
from pixels.reports.parameters import Parameter, declared_parameters, described, read_parameters

TODAY = date(2026, 11, 22)  # a Sunday
CELL = """from_: Day = ""  # first day
to_: Day = ""  # last day
banner: str = ""  # only this banner
limit: int = 15  # rows at most
on: Day = "2026-11-01"  # one day"""


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> list[Parameter]:
    return declared_parameters(notebook_with(tmp_path_factory.mktemp("notebooks"), CELL))


def notebook_with(folder: Path, parameters: str) -> ReportNotebook:
    """Write a notebook with this parameters cell."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell("not_a_parameter = 1"),
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
    ]
    nbformat.write(notebook, folder / "small.ipynb")
    return ReportNotebook(folder / "small.ipynb")


def test_names_types_defaults_and_help_are_those_of_the_cell(declared: list[Parameter]) -> None:
    """The parameters cell is the one place that says what a report takes."""
    assert declared[0] == Parameter("from_", "Day", "", "first day")
    assert declared[3] == Parameter("limit", "int", 15, "rows at most")
    assert [parameter.name for parameter in declared] == ["from", "to", "banner", "limit", "on"]


def test_what_is_given_becomes_values_by_variable(declared: list[Parameter]) -> None:
    """Texts are read by type; what is not given is left to the notebook."""
    values = read_parameters(declared, {"from": "2026-11-01", "limit": "7"}, TODAY)

    assert values == {"from_": "2026-11-01", "limit": 7}


def test_the_name_of_the_variable_is_taken_too(declared: list[Parameter]) -> None:
    """Somebody who reads the notebook may write from_."""
    assert read_parameters(declared, {"from_": "2026-11-01"}, TODAY) == {"from_": "2026-11-01"}


@pytest.mark.parametrize(
    ("given", "parameter", "message"),
    [
        (
            {"form": "2026-11-01"},
            "form",
            "no such parameter (did you mean 'from'?); it has\n  from (Day): first day\n  to (Day)",
        ),
        ({"from": "2026-02-30"}, "from", "not a day of the calendar"),
        ({"from": "tomorrow"}, "from", "is not a day; write it as 2026-11-22, today, yesterday"),
        ({"from": "today", "to": "yesterday"}, "to", "2026-11-21 is before from 2026-11-22"),
        ({"days": "last_week", "from": "today"}, "days", "says what from says too: give one of them"),
        ({"days": "last_week", "to_": "today"}, "days", "says what to_ says too: give one of them"),
        ({"days": "nonsense"}, "days", "is not a day"),
        ({"dais": "last_week"}, "dais", "did you mean 'days'?"),
        ({"on": "last_week"}, "on", "'last_week' is not one day"),
        ({"from": ""}, "from", "is not a day"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "to", "2026-11-01 is before from 2026-11-02"),
        ({"from": "2026-11-02", "from_": "2026-11-02"}, "from", "is given twice"),
        ({"limit": "many"}, "limit", "'many' is not a whole number"),
        ({"banner": "\udc80"}, "banner", "is not UTF-8"),
        ({"not_a_parameter": "2"}, "not_a_parameter", "no such parameter"),
    ],
)
def test_what_is_unknown_or_wrong_is_refused_by_name(
    declared: list[Parameter], given: dict[str, str], parameter: str, message: str
) -> None:
    """The error names the parameter as the person knows it, and says what is taken."""
    with pytest.raises(BadParameter) as refused:
        read_parameters(declared, given, TODAY)

    assert refused.value.parameter == parameter
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "line", ["days = 3", "limit: float = 1.5", "print('x')", "rows: int = 3 * 5", "a: list[int] = 3"]
)
def test_a_parameters_cell_declares_and_does_nothing_else(tmp_path: Path, line: str) -> None:
    """A line that would be no parameter is named, so that its author finds it and nobody runs it."""
    with pytest.raises(BadParameter, match="small: line 2 of its parameters cell declares no parameter"):
        declared_parameters(notebook_with(tmp_path, f"limit: int = 1  # rows\n{line}"))


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"from": "last_week"}, {"from_": "2026-11-09"}),
        ({"to": "last_week"}, {"to_": "2026-11-15"}),
        ({"from": "last_month", "to": "yesterday"}, {"from_": "2026-10-01", "to_": "2026-11-21"}),
        ({"days": "2026-11", "banner": "a"}, {"banner": "a", "from_": "2026-11-01", "to_": "2026-11-30"}),
        ({"days": "2026-11-01..2026-11-21"}, {"from_": "2026-11-01", "to_": "2026-11-21"}),
        ({"on": "yesterday"}, {"on": "2026-11-21"}),
    ],
)
def test_days_are_given_as_people_say_them(
    declared: list[Parameter], given: dict[str, str], values: dict[str, str]
) -> None:
    """`from` takes the first of several days, `to` the last, `days` both."""
    assert read_parameters(declared, given, TODAY) == values


def test_days_can_be_given_where_there_are_from_and_to(declared: list[Parameter]) -> None:
    """It is told beside the others, and is unknown to a report without them."""
    assert described(declared)[-1][0] == "days (days)"
    assert [name for name, _ in described(declared[1:])] == ["to (Day)", "banner (str)", "limit (int)", "on (Day)"]
    with pytest.raises(BadParameter, match="no such parameter"):
        read_parameters(declared[1:], {"days": "today"}, TODAY)
