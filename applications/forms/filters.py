"""What the list of applications can be narrowed to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, Func, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from applications.models import Api, Application


class ApplicationFilterForm(forms.Form):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.SearchInput(attrs={"placeholder": _("Name, host or description")}),
    )
    label = forms.ChoiceField(label=_("Label"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), ("published", _("published")), ("draft", _("drafts"))],
    )

    def __init__(self, *args: Any, rows: QuerySet[Application], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = rows
        used = rows.order_by().annotate(one=Func(F("labels"), function="unnest"))
        labels = sorted(set(used.values_list("one", flat=True)))
        field = self.fields["label"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", _("All labels")), *((label, label) for label in labels)]

    def found(self) -> QuerySet[Application]:
        """The applications that fit; a filter that makes no sense is passed over."""
        rows = self._rows
        if not self.is_valid():
            return rows
        chosen = self.cleaned_data
        if chosen["q"]:
            text = chosen["q"]
            rows = rows.filter(
                Q(name__icontains=text)
                | Q(description__icontains=text)
                | Q(hosts__icontains=text.lower())
            )
        if chosen["label"]:
            rows = rows.filter(labels__contains=[chosen["label"]])
        if chosen["state"]:
            rows = rows.filter(published=chosen["state"] == "published")
        return rows


class ApiFilterForm(forms.Form):
    """What the APIs of an application can be narrowed to."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.SearchInput(attrs={"placeholder": _("Name, path or label")}),
    )

    def found(self, rows: QuerySet[Api]) -> QuerySet[Api]:
        if not self.is_valid() or not self.cleaned_data["q"]:
            return rows
        text = self.cleaned_data["q"]
        return rows.annotate(paths_text=Cast("paths", TextField())).filter(
            Q(name__icontains=text)
            | Q(description__icontains=text)
            | Q(labels__icontains=text)
            | Q(paths_text__icontains=text)
        )
