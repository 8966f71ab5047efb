"""An upstream: one version of an application's backend, and the members it is made of."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications.validators import validate_host, validate_target_host
from console.models import Row
from registries.models import Registry

from .application import Application

_TIMEOUT = [MinValueValidator(1), MaxValueValidator(3_600_000)]
_KEEP_FOR = [MinValueValidator(1), MaxValueValidator(3_600)]
_WEIGHT = [MinValueValidator(0), MaxValueValidator(65_535)]
_DNS_LABEL = RegexValidator(
    r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", _("This is not a Kubernetes name.")
)
_PORT_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_PORT = RegexValidator(
    rf"^({_PORT_NAME})?$",
    _("A port is a name such as http or a number from 1 to 65535."),
)


class Upstream(Row):
    """How requests reach the nodes of one version. Timeouts are milliseconds; `keep_for`, for
    people's patience, is seconds."""

    class Scheme(models.TextChoices):
        HTTP = "http", "HTTP"
        HTTPS = "https", "HTTPS"

    class Balance(models.TextChoices):
        ROUNDROBIN = "roundrobin", _("weighted round robin")
        CONSISTENT_HASH = "consistent_hash", _("consistent hash")
        LEAST_CONN = "least_conn", _("least connections")
        EWMA = "ewma", _("fastest answers (EWMA)")

    class HostMode(models.TextChoices):
        PASS = "pass", _("as the client sent it")
        NODE = "node", _("the node's address")
        REWRITE = "rewrite", _("a fixed name")

    class OnEmpty(models.TextChoices):
        FAIL = "fail", _("answer 503 at once")
        KEEP = "keep", _("keep the last nodes for a while")

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="upstreams")
    version = models.CharField(_("version"), max_length=50, default="default")
    scheme = models.CharField(_("scheme"), max_length=5, choices=Scheme, default=Scheme.HTTP)
    balance = models.CharField(
        _("load balancing"), max_length=20, choices=Balance, default=Balance.ROUNDROBIN
    )
    hash_key = models.CharField(
        _("hash key"),
        max_length=100,
        blank=True,
        help_text=_(
            "For consistent hash: remote_addr, uri, header:NAME, cookie:NAME or query:NAME"
        ),
    )
    retries = models.PositiveSmallIntegerField(
        _("retries"), null=True, blank=True, help_text=_("Empty: the gateway's default")
    )
    connect_timeout = models.PositiveIntegerField(
        _("connect timeout"), default=60_000, validators=_TIMEOUT
    )
    send_timeout = models.PositiveIntegerField(
        _("send timeout"), default=60_000, validators=_TIMEOUT
    )
    read_timeout = models.PositiveIntegerField(
        _("read timeout"), default=60_000, validators=_TIMEOUT
    )
    host_mode = models.CharField(
        _("host header"), max_length=10, choices=HostMode, default=HostMode.PASS
    )
    host = models.CharField(_("host name"), max_length=253, blank=True, validators=[validate_host])
    checks = models.JSONField(_("health checks"), default=dict, blank=True)
    on_empty = models.CharField(
        _("without a ready endpoint"),
        max_length=4,
        choices=OnEmpty,
        default=OnEmpty.FAIL,
        help_text=_(
            "What gateways do when no followed service has a ready endpoint any more, or all are"
            " deleted; a cluster that cannot be read never costs a node."
        ),
    )
    keep_for = models.PositiveIntegerField(
        _("keep for"),
        default=30,
        validators=_KEEP_FOR,
        help_text=_("Seconds, 1 to 3600; after that 503, unless an endpoint is ready again"),
    )

    class Meta:
        ordering: ClassVar = ["version"]
        verbose_name = _("upstream")
        verbose_name_plural = _("upstreams")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "version"],
                name="upstream_version_once",
                violation_error_message=_("The application has this version already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}/{self.version}"

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if self.balance == self.Balance.CONSISTENT_HASH and not self.hash_key:
            errors["hash_key"] = _("Consistent hash needs a key.")
        if self.host_mode == self.HostMode.REWRITE and not self.host:
            errors["host"] = _("Say which host name to send.")
        if not isinstance(self.checks, dict):
            errors["checks"] = _("Health checks are an object.")
        if errors:
            raise ValidationError(errors)


class Member(Row):
    """A part of an upstream: a static target, or a Kubernetes service that is followed.

    A static target has `host` and `port`. A discovered one has `registry`, `namespace`, `service`
    and `service_port` (name or number; empty: the only port there is).
    """

    class Kind(models.TextChoices):
        STATIC = "static", _("static target")
        DISCOVERY = "discovery", _("Kubernetes service discovery")

    upstream = models.ForeignKey(Upstream, on_delete=models.CASCADE, related_name="members")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.DISCOVERY)
    weight = models.PositiveIntegerField(_("weight"), default=100, validators=_WEIGHT)
    priority = models.SmallIntegerField(
        _("priority"), default=0, help_text=_("Nodes of lower priority serve when no higher does")
    )

    host = models.CharField(
        _("host"), max_length=253, blank=True, validators=[validate_target_host]
    )
    port = models.PositiveIntegerField(
        _("port"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(65_535)],
    )

    registry = models.ForeignKey(
        Registry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("registry"),
    )
    namespace = models.CharField(_("namespace"), max_length=63, blank=True, validators=[_DNS_LABEL])
    service = models.CharField(_("service"), max_length=63, blank=True, validators=[_DNS_LABEL])
    service_port = models.CharField(
        _("service port"), max_length=63, blank=True, validators=[_PORT]
    )

    class Meta:
        ordering: ClassVar = ["-priority", "created_at", "pk"]
        verbose_name = _("upstream member")
        verbose_name_plural = _("upstream members")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="member_static_or_discovered",
                condition=(
                    Q(kind="static", registry__isnull=True, port__isnull=False) & ~Q(host="")
                )
                | (
                    Q(kind="discovery", registry__isnull=False, host="", port__isnull=True)
                    & ~Q(namespace="")
                    & ~Q(service="")
                ),
                violation_error_message=_("A member is a static target or a discovered service."),
            ),
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.STATIC:
            return f"{self.host}:{self.port}"
        return f"{self.registry}/{self.namespace}/{self.service}:{self.service_port}"

    def clean(self) -> None:
        if self.kind == self.Kind.STATIC:
            needed: dict[str, object] = {"host": self.host, "port": self.port}
            self.registry, self.namespace, self.service, self.service_port = None, "", "", ""
        else:
            needed = {
                "registry": self.registry_id,
                "namespace": self.namespace,
                "service": self.service,
            }
            self.host, self.port = "", None
        errors: dict[str, Any] = {
            name: _("This field is required.") for name, value in needed.items() if not value
        }
        if self.service_port.isdigit() and not 1 <= int(self.service_port) <= 65_535:
            errors["service_port"] = _PORT.message
        if self.registry and self.registry.control_plane_id != (
            self.upstream.application.control_plane_id
        ):
            errors["registry"] = _("This registry belongs to another control plane.")
        if errors:
            raise ValidationError(errors)
