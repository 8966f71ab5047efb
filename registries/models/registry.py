"""A service registry: one Kubernetes cluster, or a part of one, that we watch."""

from __future__ import annotations

import posixpath
import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.models import ControlPlane, Owned, Row
from console.secrets import Secret, SecretField
from registries.kube import selectors
from registries.kube.spec import RegistrySpec


class RegistryQuerySet(models.QuerySet["Registry"]):
    def enabled(self) -> RegistryQuerySet:
        return self.filter(enabled=True)


class Registry(Row, Owned):
    """Where a cluster's API server is, how to authenticate, and what to look at in it.

    What is known of it now (phase, services, lag) is not in this row: `registries.health`.
    """

    class Kind(models.TextChoices):
        KUBERNETES = "kubernetes", "Kubernetes"

    class Resource(models.TextChoices):
        AUTO = "auto", _("EndpointSlice if permitted, else Endpoints")
        ENDPOINT_SLICE = "endpointslices", "EndpointSlice"
        ENDPOINTS = "endpoints", "Endpoints"

    class NamespaceOperator(models.TextChoices):
        NONE = "", _("every namespace")
        EQUAL = "equal", _("equal to one of")
        NOT_EQUAL = "not_equal", _("not equal to any of")
        MATCH = "match", _("matching one of")
        NOT_MATCH = "not_match", _("not matching any of")

    class AddressFamily(models.TextChoices):
        PREFER_IPV4 = "prefer_ipv4", _("IPv4, else IPv6")
        IPV4 = "ipv4", _("only IPv4")
        IPV6 = "ipv6", _("only IPv6")

    class Draining(models.TextChoices):
        READY = "ready", _("only ready endpoints")
        SERVING = "serving", _("if none is ready, terminating ones that still serve")

    control_plane = models.ForeignKey(
        ControlPlane,
        on_delete=models.PROTECT,
        related_name="registries",
        verbose_name=_("control plane"),
    )
    kind = models.CharField(
        _("kind"), max_length=20, choices=Kind, default=Kind.KUBERNETES, editable=False
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)

    server = models.CharField(
        _("API server"),
        max_length=300,
        help_text=_("The https address of the cluster's API server, e.g. https://10.0.0.1:6443"),
    )
    tls_server_name = models.CharField(
        _("TLS server name"),
        max_length=253,
        blank=True,
        help_text=_("The name in the server's certificate, if it is not the one in its address"),
    )
    ca_bundle = models.TextField(
        _("CA bundle"),
        blank=True,
        help_text=_("PEM certificates that the server is verified with; else the system's"),
    )
    verify_tls = models.BooleanField(
        _("verify TLS"),
        default=True,
        help_text=_("Without it anybody on the way can read the token"),
    )
    token = SecretField(_("service account token"))
    token_file = models.CharField(
        _("token file"),
        max_length=300,
        blank=True,
        help_text=_("A path on the workers, read again whenever it changes; instead of a token"),
    )

    namespaces = ArrayField(
        models.CharField(max_length=63),
        verbose_name=_("namespaces"),
        default=list,
        blank=True,
        help_text=_("Only these, each by its own path: a Role in each is enough. Empty: all"),
    )
    namespace_operator = models.CharField(
        _("namespace selector"),
        max_length=10,
        choices=NamespaceOperator,
        default=NamespaceOperator.NONE,
        blank=True,
    )
    namespace_patterns = ArrayField(
        models.CharField(max_length=253),
        verbose_name=_("namespace patterns"),
        default=list,
        blank=True,
    )
    label_selector = models.CharField(
        _("label selector"),
        max_length=500,
        blank=True,
        help_text=_("As kubectl takes it, e.g. team=shop,tier in (web,api)"),
    )
    resource = models.CharField(
        _("resource"), max_length=20, choices=Resource, default=Resource.AUTO
    )
    address_family = models.CharField(
        _("address family"), max_length=20, choices=AddressFamily, default=AddressFamily.PREFER_IPV4
    )
    draining = models.CharField(
        _("draining"), max_length=10, choices=Draining, default=Draining.READY
    )
    deletion_guard = models.BooleanField(
        _("deletion guard"),
        default=True,
        help_text=_("Ask the cluster twice before one reading removes most of its endpoints"),
    )
    # The identity of the cluster that a person has said is the right one, after the address began
    # to lead to another (`registries.actions.accept_cluster`).
    accepted_cluster = models.CharField(max_length=100, blank=True, editable=False)
    revision = models.BigIntegerField(default=0, editable=False)
    # When somebody last asked for everything to be read anew (`registries.resync`).
    resync_asked_at = models.DateTimeField(
        _("asked to be read anew"), null=True, blank=True, editable=False
    )

    objects = RegistryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("service registry")
        verbose_name_plural = _("service registries")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["control_plane", "name"],
                name="registry_name_once",
                violation_error_message=_("A registry of this name exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        for field, check in (
            ("server", self._clean_server),
            ("token", self._clean_token),
            ("token_file", self._clean_token_file),
            ("namespaces", self._clean_namespaces),
            ("namespace_patterns", self._clean_patterns),
            ("label_selector", self._clean_labels),
            ("ca_bundle", self._clean_ca),
        ):
            try:
                check()
            except ValidationError as error:
                errors[field] = error
        if errors:
            raise ValidationError(errors)

    @property
    def resync(self) -> int:
        """The last request to read everything anew, as a number that grows with each: its time in
        milliseconds. 0: there was none."""
        return int(self.resync_asked_at.timestamp() * 1000) if self.resync_asked_at else 0

    def to_spec(self) -> RegistrySpec:
        """What the watcher needs to know, as a value of its own."""
        return RegistrySpec(
            id=str(self.pk),
            name=self.name,
            server=self.server,
            tls_server_name=self.tls_server_name,
            ca_bundle=self.ca_bundle,
            verify_tls=self.verify_tls,
            token=self.token.reveal(),
            token_file=self.token_file,
            namespaces=tuple(self.namespaces),
            namespace_operator=self.namespace_operator,
            namespace_patterns=tuple(self.namespace_patterns),
            label_selector=self.label_selector,
            resource=self.resource,
            address_family=self.address_family,
            draining=self.draining,
            deletion_guard=self.deletion_guard,
            accepted_cluster=self.accepted_cluster,
        )

    def _clean_server(self) -> None:
        self.server = self.server.strip().rstrip("/")
        try:
            parts = urlsplit(self.server)
            port = parts.port
        except ValueError as error:
            raise ValidationError(_("This is not an address: the port is 1 to 65535.")) from error
        if parts.scheme != "https":
            raise ValidationError(
                _("The address starts with https://; a token is never sent without TLS.")
            )
        if parts.username or parts.password:
            raise ValidationError(_("The address must not carry a user or a password."))
        if not parts.hostname or port == 0 or parts.query or parts.fragment:
            raise ValidationError(_("Write it as https://host:port, without query or fragment."))
        if re.search(r"[\s\x00-\x1f\x7f]", self.server):
            raise ValidationError(_("The address must not contain blanks."))

    def _clean_token(self) -> None:
        token = self.token.reveal().strip()
        if token and self.token_file:
            raise ValidationError(_("Give a token or a token file, not both."))
        if not token and not self.token_file:
            raise ValidationError(_("A service account token is needed."))
        if token and not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):
            raise ValidationError(_("This is not a bearer token: it holds blanks or other signs."))
        if token != self.token.reveal():
            self.token = Secret(token)

    def _clean_token_file(self) -> None:
        """What stands in the file is sent to the server, and whoever edits a registry names both:
        only folders that were set aside for tokens."""
        if not self.token_file:
            return
        folders = settings.REGISTRIES_TOKEN_FOLDERS
        inside = any(self.token_file.startswith(f"{one.rstrip('/')}/") for one in folders)
        if not inside or posixpath.normpath(self.token_file) != self.token_file:
            raise ValidationError(
                _("A token file lies in %(folders)s (the setting REGISTRIES_TOKEN_FOLDERS)."),
                params={"folders": ", ".join(folders)},
            )

    def _clean_namespaces(self) -> None:
        for name in self.namespaces:
            if not selectors.is_namespace(name):
                raise ValidationError(
                    _("“%(name)s” is not a namespace name."), params={"name": name}
                )

    def _clean_patterns(self) -> None:
        if not self.namespace_operator:
            self.namespace_patterns = []
            return
        if not self.namespace_patterns:
            raise ValidationError(_("The namespace selector needs at least one pattern."))
        for pattern in self.namespace_patterns:
            try:
                selectors.check_pattern(self.namespace_operator, pattern)
            except ValueError as error:
                raise ValidationError(
                    _("“%(pattern)s” is no valid pattern: %(reason)s"),
                    params={"pattern": pattern, "reason": error},
                ) from error

    def _clean_labels(self) -> None:
        try:
            selectors.check_labels(self.label_selector)
        except ValueError as error:
            raise ValidationError(
                _("This is not a label selector: %(reason)s"), params={"reason": error}
            ) from error

    def _clean_ca(self) -> None:
        if not self.ca_bundle.strip():
            self.ca_bundle = ""
            return
        from cryptography import x509

        try:
            x509.load_pem_x509_certificates(self.ca_bundle.encode())
        except ValueError as error:
            raise ValidationError(
                _("These are no PEM certificates (-----BEGIN CERTIFICATE----- …).")
            ) from error
