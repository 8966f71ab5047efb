"""One row of an upstream's members, and the rows together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext_lazy as _

from applications.models import Member, Upstream
from console.ui.forms import RowForm
from registries.models import Registry


def _typed(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


class MemberForm(RowForm):
    """A static target or a discovered service. The names of a service may be typed freely: it
    may be deployed after it is chosen."""

    home = ""

    class Meta:
        model = Member
        fields = (
            "kind",
            "registry",
            "namespace",
            "service",
            "service_port",
            "host",
            "port",
            "weight",
            "priority",
        )
        widgets = {
            "kind": forms.RadioSelect(attrs={"class": "btn-check"}),
            "namespace": _typed(placeholder="default"),
            "service": _typed(placeholder="httpbin"),
            "service_port": _typed(placeholder="http"),
            "host": _typed(placeholder="10.0.0.7"),
            "port": forms.NumberInput(attrs={"min": 1, "max": 65_535, "placeholder": "80"}),
        }
        labels = {"service_port": _("Port")}

    def __init__(
        self,
        *args: Any,
        upstream: Upstream | None = None,
        registries: Sequence[Registry] = (),
        **kwargs: Any,
    ) -> None:
        if len(registries) == 1 and "instance" not in kwargs:
            kwargs["initial"] = {"registry": registries[0], **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        if upstream is not None:
            self.instance.upstream = upstream
        kind = self.fields.get("kind")
        if isinstance(kind, forms.ChoiceField):
            kind.choices = [
                (Member.Kind.DISCOVERY, _("Kubernetes service discovery")),
                (Member.Kind.STATIC, _("Static address")),
            ]
        registry = self.fields.get("registry")
        if isinstance(registry, forms.ModelChoiceField):
            registry.empty_label = _("Choose a registry")

    def has_changed(self) -> bool:
        """Whether the row names anything; how it would weigh is nothing yet."""
        naming = {"namespace", "service", "service_port", "host", "port"}
        return not naming.isdisjoint(self.changed_data)

    def _post_clean(self) -> None:
        try:
            super()._post_clean()  # type: ignore[misc] # Django's hook, not in the stubs
        except ObjectDoesNotExist:
            # The application is not chosen or wrong, which is reported elsewhere; who owns the
            # registry cannot be compared.
            return


class MemberFormSet(forms.BaseFormSet):  # type: ignore[type-arg] # not generic at run time
    """The rows as they were typed, in the order that they were put in. Rows left blank or taken
    away are passed over."""

    ordering_widget = forms.HiddenInput

    def __init__(
        self,
        *args: Any,
        upstream: Upstream,
        registries: Sequence[Registry],
        members: Sequence[Member] = (),
        **kwargs: Any,
    ) -> None:
        self._upstream = upstream
        self._registries = registries
        self._members = members
        super().__init__(*args, **kwargs)

    def total_form_count(self) -> int:
        return super().total_form_count() if self.is_bound else max(1, len(self._members))

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        kwargs = super().get_form_kwargs(index)
        kwargs |= {"upstream": self._upstream, "registries": self._registries}
        if not self.is_bound and index is not None and index < len(self._members):
            kwargs["instance"] = self._members[index]
        return kwargs

    def add_fields(self, form: MemberForm, index: int | None) -> None:
        super().add_fields(form, index)
        registry = form.fields["registry"]
        assert isinstance(registry, forms.ModelChoiceField)  # noqa: S101 - as the model says
        # The rows share what was read once, instead of asking for it each.
        registry.choices = [
            ("", _("Choose a registry")),
            *((str(row.pk), row.name) for row in self._registries),
        ]

    @property
    def kept(self) -> list[MemberForm]:
        """The forms of the rows that count, in their order; numbers in error paths mean these."""
        return [
            form
            for form in self._ordered
            if not self._taken_away(form) and (form.has_changed() or not form.empty_permitted)
        ]

    @property
    def shown(self) -> list[MemberForm]:
        """The rows to draw: not those that were taken away."""
        return [form for form in self._ordered if not (form.is_bound and self._taken_away(form))]

    @property
    def _ordered(self) -> list[MemberForm]:
        if not self.is_bound:
            return list(self.forms)
        places = [self._place_of(form, number) for number, form in enumerate(self.forms)]
        return [form for _place, form in sorted(zip(places, self.forms, strict=True), key=_first)]

    @staticmethod
    def _place_of(form: MemberForm, number: int) -> int:
        form.errors  # noqa: B018 - cleans the form
        place = form.cleaned_data.get("ORDER")
        return number if place is None else int(place)

    def _taken_away(self, form: MemberForm) -> bool:
        form.errors  # noqa: B018 - cleans the form
        return bool(form.cleaned_data.get("DELETE"))


def _first(pair: tuple[int, MemberForm]) -> int:
    return pair[0]


MemberRows = cast(
    type[MemberFormSet],
    forms.formset_factory(
        MemberForm,
        formset=MemberFormSet,
        extra=0,
        min_num=1,
        can_delete=True,
        can_order=True,
        max_num=64,
    ),
)
