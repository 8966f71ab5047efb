"""The form of a try: a request as a person types it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from applications.compiler import routes
from applications.models import Api
from applications.tracing.asking import read_headers
from applications.validators import METHODS, validate_host
from console.contract import matching
from console.contract.matching import Pairs
from gateways.models import Gateway

from .sending import Call

BODY = 64 * 1024  # characters
# What a target may hold: a path of quoted bytes, and a query.
_TARGET = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
# What belongs to one connection or is ours to say; so is everything that proxies tell each other.
_OURS = frozenset(
    {
        *("connection", "content-length", "expect", "host", "http2-settings", "keep-alive"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_METHODS = [one for one in METHODS if one not in ("CONNECT", "TRACE")]


def _typed(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", **attrs})


class TryForm(forms.Form):
    gateway = forms.ModelChoiceField(
        label=_("Gateway"), queryset=Gateway.objects.none(), empty_label=None
    )
    method = forms.ChoiceField(label=_("Method"), choices=[(one, one) for one in _METHODS])
    host = forms.CharField(label=_("Host"), max_length=253, widget=_typed())
    path = forms.CharField(
        label=_("Path"), max_length=8_000, help_text=_("With its query"), widget=_typed()
    )
    headers = forms.CharField(
        label=_("Headers"),
        required=False,
        max_length=16_000,
        help_text=_("One a line: Name: value"),
        widget=forms.Textarea(
            attrs={"rows": 2, "class": "mono", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    body = forms.CharField(
        label=_("Body"),
        required=False,
        max_length=BODY,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )
    verify = forms.BooleanField(
        label=_("Verify the certificate"),
        required=False,
        initial=True,
        help_text=_("Of a gateway whose address begins with https://"),
    )

    def __init__(self, *args: Any, api: Api, **kwargs: Any) -> None:
        self._hosts = api.application.hosts
        kwargs["initial"] = {**_initial(api), **kwargs.get("initial", {})}
        super().__init__(*args, **{"prefix": "try", **kwargs})
        field = self.fields["gateway"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = gateways_of(api)

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).lower()
        if host.startswith("*"):
            raise ValidationError(_("A request has one host, no wildcard."))
        validate_host(host)
        if not any(matching.host_fits(one, host) for one in self._hosts or [""]):
            raise ValidationError(
                _("The application has the hosts %(hosts)s."),
                params={"hosts": ", ".join(self._hosts)},
            )
        return host

    def clean_path(self) -> str:
        path = str(self.cleaned_data["path"])
        if not _TARGET.fullmatch(path):
            raise ValidationError(_("A path starts with “/”; other signs are quoted, e.g. %20."))
        return path

    def clean_headers(self) -> Pairs:
        found = read_headers(str(self.cleaned_data["headers"]))
        for name, _value in found:
            if name.lower() in _OURS or name.lower().startswith("proxy-"):
                raise ValidationError(
                    _("The header %(name)s belongs to the connection."), params={"name": name}
                )
        return found

    @property
    def call(self) -> Call:
        """Only of a valid form."""
        chosen = self.cleaned_data
        return Call(
            url=chosen["gateway"].url,
            host=chosen["host"],
            method=chosen["method"],
            target=chosen["path"],
            headers=_with_ours(chosen["headers"]),
            body=chosen["body"].replace("\r\n", "\n").encode(),
            verify=chosen["verify"],
        )


def gateways_of(api: Api) -> Any:
    """The gateways that a request can be sent to: those with an address."""
    return (
        Gateway.objects.enabled()
        .filter(control_plane_id=api.application.control_plane_id)
        .exclude(url="")
        .defer("secret")
    )


def _initial(api: Api) -> dict[str, Any]:
    hosts = api.application.hosts
    methods = [one for one in api.methods if one in _METHODS]
    return {
        "method": "GET" if not methods or "GET" in methods else methods[0],
        "host": hosts[0].replace("*.", "www.", 1) if hosts else "example.org",
        "path": routes.join(api.application.path_prefix, api.paths[0]["path"]),
    }


def _with_ours(headers: Pairs) -> Pairs:
    """With the headers that every client sends, unless they were typed."""
    typed = {name.lower() for name, _value in headers}
    ours = (("User-Agent", "Portolan"), ("Accept", "*/*"))
    return (*headers, *((name, value) for name, value in ours if name.lower() not in typed))
