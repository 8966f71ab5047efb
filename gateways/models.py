"""A gateway: one data plane that a control plane's resources go out to."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import ControlPlane, Owned, Row
from console.secrets import SecretField
from gateways import drivers, wording
from gateways.drivers.base import BadSetting


class GatewayQuerySet(models.QuerySet["Gateway"]):
    def enabled(self) -> GatewayQuerySet:
        return self.filter(enabled=True)


class Gateway(Row, Owned):
    """One gateway, or a fleet of like instances that read one configuration.

    `settings` belong to the kind and are validated by it; what must not be seen is in `secret`.
    """

    control_plane = models.ForeignKey(
        ControlPlane,
        on_delete=models.PROTECT,
        related_name="gateways",
        verbose_name=_("control plane"),
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    kind = models.CharField(_("kind"), max_length=20, choices=drivers.choices, default="traefik")
    url = models.URLField(
        _("address"),
        blank=True,
        help_text=_("Where clients reach it, e.g. http://127.0.0.1:9080; shown in examples"),
    )
    by_agent = models.BooleanField(
        _("driven by an agent"),
        default=False,
        help_text=_(
            "An agent beside the gateway drives it, because our workers cannot reach it; what it"
            " needs is in its own configuration"
        ),
    )
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    secret = SecretField(_("secret"))
    revision = models.BigIntegerField(default=0, editable=False)

    objects = GatewayQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["control_plane", "name"],
                name="gateway_name_once",
                violation_error_message=_("A gateway of this name exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.kind not in drivers.KINDS:
            return  # the field's own error says so
        try:
            self.settings = drivers.check_settings(self.kind, self.settings)
        except BadSetting as error:
            raise ValidationError({"settings": _refusal(error)}) from error


def _refusal(error: BadSetting) -> ValidationError:
    """What is wrong with a setting, in words that name it; a form finds its field and the words
    alone in the parameters."""
    text = wording.setting(error)
    params = {"setting": error.setting, "text": text}
    named = error.setting and error.setting not in text
    return ValidationError(
        "%(setting)s: %(text)s" if named else "%(text)s", code="setting", params=params
    )
