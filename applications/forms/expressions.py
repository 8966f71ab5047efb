"""Expressions: conditions on a request, a row each."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import Api

SUBJECTS = {
    "header": gettext_lazy("header"),
    "query": gettext_lazy("query parameter"),
    "cookie": gettext_lazy("cookie"),
    "path": gettext_lazy("path"),
    "variable": gettext_lazy("gateway variable"),
}
OPERATORS = {
    "equal": gettext_lazy("is"),
    "not_equal": gettext_lazy("is not"),
    "regex_match": gettext_lazy("matches the pattern"),
    "regex_not_match": gettext_lazy("does not match the pattern"),
    "present": gettext_lazy("is there"),
    "not_present": gettext_lazy("is not there"),
    "larger_than": gettext_lazy("is larger than"),
    "larger_equal": gettext_lazy("is at least"),
    "less_than": gettext_lazy("is less than"),
    "less_equal": gettext_lazy("is at most"),
}
# Whether something is there is not asked with a value.
VALUELESS = ("present", "not_present")
_NUMERIC = ("larger_than", "larger_equal", "less_than", "less_equal")
_PARTS = ("subject", "name", "operator", "value")

Expression = dict[str, str]


class ExpressionsWidget(forms.Widget):
    """The template draws the rows (`applications/_expression_row.html`)."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Expression]:
        columns = [data.getlist(f"{name}-{part}") for part in _PARTS]
        rows = [dict(zip(_PARTS, row, strict=True)) for row in zip(*columns, strict=False)]
        return [row for row in rows if not _blank(row)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-subject" not in data


class ExpressionsField(forms.Field):
    """Cleans to what the model stores. `wrong` are the numbers of the rows that are refused."""

    widget = ExpressionsWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.wrong: set[int] = set()

    def clean(self, value: list[Expression]) -> list[Expression]:
        errors = []
        self.wrong = set()
        for number, row in enumerate(value):
            problem = _problem(row)
            if problem:
                self.wrong.add(number)
                errors.append(ValidationError(problem))
        if errors:
            raise ValidationError(errors)
        return [_stored(row) for row in value]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool([_stored(row) for row in initial or []] != [_stored(row) for row in data])


def _blank(row: Expression) -> bool:
    """A row that was added and left: nothing is named and nothing compared."""
    named = row["name"].strip() or row["value"]
    return not named and row["subject"] != "path"


def _problem(row: Expression) -> str:
    if row["subject"] not in Api.SUBJECTS or row["operator"] not in Api.OPERATORS:
        return _("Choose what is compared, and how.")
    if row["subject"] != "path" and not row["name"].strip():
        return _("Say which %(subject)s is meant.") % {"subject": SUBJECTS[row["subject"]]}
    value = row["value"].strip()
    if row["operator"] in _NUMERIC and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return _("“%(value)s” is no number: a comparison by size needs one.") % {"value": value}
    if row["operator"].startswith("regex") and not value:
        return _("Type the pattern to match.")
    return ""


def _stored(row: Expression) -> Expression:
    kept = {"subject": row["subject"], "operator": row["operator"]}
    if row["subject"] != "path":
        kept["name"] = row.get("name", "").strip()
    if row["operator"] not in VALUELESS:
        kept["value"] = row.get("value", "")
    return kept
