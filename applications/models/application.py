"""An application: hosts and a path prefix under which a team publishes APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.validators import (
    validate_host,
    validate_label,
    validate_path,
    validate_plugins,
)
from console.models import ControlPlane, Row

if TYPE_CHECKING:
    from .upstream import Upstream


def _http() -> list[str]:
    return ["http"]


class ApplicationQuerySet(models.QuerySet["Application"]):
    def published(self) -> ApplicationQuerySet:
        return self.filter(published=True)


class Application(Row):
    """What a team publishes. Its upstreams are versions of one service; one is the default."""

    class Protocol(models.TextChoices):
        HTTP = "http", "HTTP"
        HTTPS = "https", "HTTPS"

    control_plane = models.ForeignKey(
        ControlPlane,
        on_delete=models.PROTECT,
        related_name="applications",
        verbose_name=_("control plane"),
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    labels = ArrayField(
        models.CharField(max_length=63, validators=[validate_label]),
        verbose_name=_("labels"),
        default=list,
        blank=True,
    )
    protocols = ArrayField(
        models.CharField(max_length=5, choices=Protocol),
        verbose_name=_("protocols"),
        default=_http,
        help_text=_("HTTPS alone redirects HTTP requests to it"),
    )
    hosts = ArrayField(
        models.CharField(max_length=253, validators=[validate_host]),
        verbose_name=_("hosts"),
        default=list,
        blank=True,
        help_text=_("e.g. shop.example.org or *.example.org; empty: every host"),
    )
    path_prefix = models.CharField(
        _("path prefix"), max_length=4096, default="/", validators=[validate_path]
    )
    plugins = models.JSONField(
        _("plugins"), default=dict, blank=True, validators=[validate_plugins]
    )
    published = models.BooleanField(_("published"), default=False, editable=False)
    default_version = models.CharField(
        _("default upstream version"), max_length=50, default="default", editable=False
    )
    revision = models.BigIntegerField(default=0, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["control_plane", "name"],
                name="application_name_once",
                violation_error_message=_("An application of this name exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.hosts = sorted({host.strip().lower() for host in self.hosts if host.strip()})
        self.path_prefix = _normal_prefix(self.path_prefix)

    @property
    def default_upstream(self) -> Upstream | None:
        """The version that requests go to; reads all versions, so that a prefetch serves it."""
        versions = {upstream.version: upstream for upstream in self.upstreams.all()}
        return versions.get(self.default_version)

    def claims(self) -> list[str]:
        """The hosts that this application claims; “*” stands for every host."""
        return self.hosts or ["*"]


class Claim(models.Model):
    """A host and a path prefix that one application has: the constraint that no two claim the
    same, which an array column cannot express."""

    control_plane = models.ForeignKey(ControlPlane, on_delete=models.CASCADE)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="claimed")
    host = models.CharField(max_length=253)
    path_prefix = models.CharField(max_length=4096)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["control_plane", "host", "path_prefix"], name="host_and_prefix_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host}{self.path_prefix}"


def _normal_prefix(prefix: str) -> str:
    """``/shop/`` and ``/shop`` are one prefix; the root stays ``/``."""
    return prefix.strip().rstrip("/") or "/"
