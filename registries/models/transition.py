"""One step of a registry's history: from then on it stood like this."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from registries.health import Phase

from .registry import Registry


class Transition(models.Model):
    """A phase or a reason began. Written by `registries.history`, never changed afterwards."""

    registry = models.ForeignKey(
        Registry,
        on_delete=models.CASCADE,
        related_name="transitions",
        verbose_name=_("service registry"),
    )
    at = models.DateTimeField(_("at"))
    phase = models.CharField(_("phase"), max_length=20, choices=Phase)
    reason = models.CharField(_("reason"), max_length=50, blank=True)
    text = models.TextField(_("text"), blank=True)

    class Meta:
        # In the order of writing: the clocks of two workers may differ.
        ordering: ClassVar = ["-id"]
        verbose_name = _("transition")
        verbose_name_plural = _("history")
        indexes: ClassVar = [models.Index(fields=["registry", "-id"], name="transition_newest")]

    def __str__(self) -> str:
        return f"{self.phase} {self.reason}".strip()
