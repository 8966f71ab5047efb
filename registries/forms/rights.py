"""What a service account is to be able to do, as the manifest beside the form wants to know it."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.ui.fields import ListField
from registries import rbac
from registries.kube import selectors
from registries.models import Registry

from .registry import check_namespace


class RightsForm(forms.Form):
    """`namespaces` and `resource` are those of the registry's own form beside it."""

    namespaces = ListField(required=False, check=check_namespace)
    resource = forms.ChoiceField(
        choices=Registry.Resource.choices, required=False, initial=Registry.Resource.AUTO
    )
    rbac_token = forms.ChoiceField(
        label=_("How the token is made"),
        choices=[
            (rbac.TokenBy.SECRET.value, _("A Secret: lasts until it is deleted")),
            (rbac.TokenBy.REQUEST.value, _("On request: ends after a time")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=rbac.TokenBy.SECRET.value,
    )
    rbac_home = forms.CharField(
        label=_("The account lives in"),
        required=False,
        initial=rbac.HOME,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    rbac_identity = forms.BooleanField(
        label=_("It may also tell this cluster from others"), required=False, initial=True
    )

    def clean_rbac_home(self) -> str:
        name: str = self.cleaned_data["rbac_home"].strip() or rbac.HOME
        if not selectors.is_namespace(name):
            raise ValidationError(_("“%(name)s” is not a namespace name."), params={"name": name})
        return name

    def wish(self) -> rbac.Wish:
        """What was asked for; a form that is not valid asks for nothing."""
        found = self.cleaned_data
        return rbac.Wish(
            namespaces=tuple(found["namespaces"]),
            resource=found["resource"] or Registry.Resource.AUTO,
            home=found["rbac_home"],
            token_by=rbac.TokenBy(found["rbac_token"] or rbac.TokenBy.SECRET),
            identity=found["rbac_identity"],
        )
