"""Form fields for what people type into the console."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class ListField(forms.CharField):
    """Several words in one box, separated by commas, blanks or lines. Cleans to a list.

    `check` is called for each word; all words it refuses are reported.
    """

    def __init__(
        self,
        *,
        check: Callable[[str], None] | None = None,
        lower: bool = False,
        rows: int = 2,
        **kwargs: Any,
    ) -> None:
        widget: forms.Widget = forms.Textarea(attrs={"rows": rows, "spellcheck": "false"})
        if rows == 1:
            widget = forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})
        super().__init__(**{"widget": widget, **kwargs})
        self._glue = ", " if rows == 1 else "\n"
        self._check = check
        self._lower = lower

    def prepare_value(self, value: Any) -> Any:
        return self._glue.join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        words = (text.lower() if self._lower else text).replace(",", " ").split()
        return list(dict.fromkeys(words))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if self._check is None:
            return
        errors: list[ValidationError] = []
        for word in value:
            try:
                self._check(word)
            except ValidationError as error:
                errors.append(error)
        if errors:
            raise ValidationError(errors)

    def run_validators(self, value: Any) -> None:
        """The words were checked one by one; validators of a text do not fit a list."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class JsonField(forms.JSONField):
    """JSON in a box. An empty box is `empty`, never null."""

    def __init__(self, *, empty: Callable[[], Any] = dict, rows: int = 4, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault(
            "widget", forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "class": "code"})
        )
        super().__init__(**kwargs)
        self._empty = empty

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        return self._empty() if found is None else found

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value  # what was typed, perhaps no JSON at all
        if not value:
            return ""
        return json.dumps(value, indent=2, ensure_ascii=False, cls=self.encoder)


class SecretBox(forms.Textarea):
    """A box for a secret: what is typed is not shown, and nothing is ever rendered into it."""

    def __init__(self, *, rows: int = 2) -> None:
        super().__init__(
            attrs={
                "rows": rows,
                "class": "secret",
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
            }
        )

    def format_value(self, value: Any) -> str | None:
        return None


class SecretInput(forms.CharField):
    """A secret that is written and never read: empty means that the stored one stays."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", SecretBox())
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)

    def describe(self, *, stored: bool) -> None:
        """Say in the help text whether there is a secret already."""
        if stored:
            self.help_text = _("A value is stored. Leave this empty to keep it.")


def checkboxes(choices: Iterable[tuple[str, Any]], **kwargs: Any) -> forms.MultipleChoiceField:
    """Several of a few choices; cleans to a list in the order of the choices."""
    return forms.MultipleChoiceField(
        choices=list(choices), widget=forms.CheckboxSelectMultiple, **kwargs
    )
