"""Forms that lean on actions: the form reads what was typed, the action decides.

What an action refuses is put beside the field that it names, and everything typed stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from console.errors import by_field
from console.ui.fields import SecretInput


def place(
    form: forms.BaseForm, errors: dict[str, list[ValidationError]], *, home: str = ""
) -> None:
    """Add errors to a form at their fields. What belongs to no field goes to the field `home`
    (for a row whose name is taken: the name), else above the form."""
    for name, found in errors.items():
        field = name if name in form.fields else home or None
        form.add_error(field, found)


def attempt(form: forms.BaseForm, action: Callable[[], object], *, home: str = "") -> bool:
    """Validate a form and run the action. Tell whether it was done; else the form has the errors
    and its first wrong field the focus."""
    if form.is_valid():
        try:
            action()
        except ValidationError as error:
            place(form, by_field(error), home=home)
        else:
            return True
    for name, field in form.fields.items():
        if isinstance(field, SecretInput) and form[name].data:
            form[name].help_text = _("Paste it again: a secret is not sent back to the page.")
    focus_first_error(form)
    return False


def focus_first_error(*parts: forms.BaseForm) -> None:
    """Give the focus to the first wrong field of a page that may consist of several forms."""
    for form in parts:
        for field in form:
            field.field.widget.attrs.pop("autofocus", None)
    for form in parts:
        for name in form.fields:
            if name in form.errors:
                form.fields[name].widget.attrs["autofocus"] = True
                return


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of a row. A name that is taken is reported at the name, by the form and by the
    action alike."""

    home = "name"

    def add_error(self, field: str | None, error: Any) -> None:
        if field is None and isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            found = by_field(error)
            general = found.pop(NON_FIELD_ERRORS, [])
            if found:
                super().add_error(None, ValidationError(dict(found)))
            if general:
                super().add_error(self.home if self.home in self.fields else None, general)
            return
        super().add_error(field, error)

    def attempt(self, action: Callable[[], object]) -> bool:
        return attempt(self, action, home=self.home if self.home in self.fields else "")


class ConfirmForm(forms.Form):
    """What cannot be taken back asks for the name: a slip of the mouse does nothing."""

    name = forms.CharField(
        label=_("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )

    def __init__(self, *args: Any, expected: str, refusal: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._expected = expected
        self._refusal = refusal or _("This is not the name. Nothing was deleted.")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        # Pages show one blank for several, and none at the ends.
        if name.split() != self._expected.split():
            raise ValidationError(self._refusal)
        return name

    def attempt(self, action: Callable[[], object]) -> bool:
        return attempt(self, action)
