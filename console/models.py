"""The rows that every room stands on: control planes and their members, API tokens, the audit
log."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import validate_slug
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.roles import Role

_SOON = timedelta(days=7)


class Row(models.Model):
    """What all objects of the console have in common."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """As Django's, but what is unique within something is said at its own field: a name that
        is taken at the name."""
        errors: dict[str, list[ValidationError]] = {}
        for model, constraints in self.get_constraints():
            for constraint in constraints:
                fields = getattr(constraint, "fields", ())
                try:
                    constraint.validate(model, self, exclude=set(exclude or ()))
                except ValidationError as error:
                    field = fields[-1] if fields else NON_FIELD_ERRORS
                    errors.setdefault(field, []).extend(error.error_list)
        if errors:
            raise ValidationError(errors)


class Owned(models.Model):
    """A row that a long task works for. Every worker that takes it over gets a new epoch."""

    epoch = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def claim_epoch(cls, row_id: str | uuid.UUID) -> int:
        """Count the epoch up and return it. The update locks the row until the epoch has been
        read, so that no two workers can get the same. Raises `DoesNotExist`."""
        rows = cls._default_manager.filter(pk=row_id)
        with transaction.atomic():
            rows.update(epoch=F("epoch") + 1)
            return rows.values_list("epoch", flat=True).get()

    @classmethod
    def lift_epoch(cls, row_id: str | uuid.UUID, epoch: int) -> bool:
        """Raise the epoch to this one; tell whether it was lower. Never lowers it."""
        rows = cls._default_manager.filter(pk=row_id, epoch__lt=epoch)
        return bool(rows.update(epoch=epoch))


class ControlPlane(Row, Owned):
    """Owns registries, applications and gateways; what belongs to one never meets another's."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.CharField(_("slug"), max_length=50, unique=True, validators=[validate_slug])
    description = models.TextField(_("description"), blank=True)
    revision = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("control plane")
        verbose_name_plural = _("control planes")

    def __str__(self) -> str:
        return self.name

    def next_revision(self) -> int:
        """Count the revision of the published objects up, inside the caller's transaction; the
        row lock orders writers, so that a revision that can be read is complete."""
        ControlPlane.objects.filter(pk=self.pk).update(revision=F("revision") + 1)
        self.refresh_from_db(fields=["revision"])
        return self.revision


class Membership(Row):
    """What a person may do in one control plane. Superusers need none: `console.access`."""

    control_plane = models.ForeignKey(
        ControlPlane,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("control plane"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("user"),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        ordering: ClassVar = ["user__username"]
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["control_plane", "user"],
                name="member_once",
                violation_error_message=_("This person is a member already."),
            ),
        ]

    def __str__(self) -> str:
        return self.user.get_username()


class Preferences(models.Model):
    """How a person wants the console to look; kept here so that it follows their login. Empty:
    as the browser says."""

    class Theme(models.TextChoices):
        AUTO = "", _("as the system")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="preferences",
        primary_key=True,
    )
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=settings.LANGUAGES
    )
    theme = models.CharField(_("theme"), max_length=10, blank=True, choices=Theme)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return self.user.get_username()


class ApiToken(Row):
    """A key to the REST API. Only its hash is kept; the text is shown once, at its creation."""

    PREFIX = "ptl_"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=100)
    hint = models.CharField(_("ends with"), max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    def clean(self) -> None:
        if self._state.adding and self.expires_at and self.expires_at <= timezone.now():
            raise ValidationError({"expires_at": _("This time has already passed.")})

    def renew_text(self) -> str:
        """Give the token a new text and return it; the only moment at which it exists."""
        text = self.PREFIX + secrets.token_urlsafe(32)
        self.digest = self.digest_of(text)
        self.hint = text[-4:]
        return text

    @staticmethod
    def digest_of(text: str) -> str:
        """SHA-256: a random 256-bit text needs no slow hash."""
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def ends_soon(self) -> bool:
        """Within a week: time to make another."""
        return self.expires_at is not None and self.expires_at <= timezone.now() + _SOON


class AuditEntry(models.Model):
    """Who did what to which object, with the values before and after, without secrets.

    Append-only: nothing in the house changes or deletes an entry. The object is named, not
    referenced, so that its history outlives it.
    """

    class Verb(models.TextChoices):
        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")
        PUBLISHED = "published", _("published")
        UNPUBLISHED = "unpublished", _("unpublished")

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    actor_name = models.CharField(_("actor"), max_length=150)
    verb = models.CharField(_("verb"), max_length=20, choices=Verb)
    control_plane_id = models.UUIDField(null=True, db_index=True)
    object_type = models.CharField(_("object type"), max_length=50)
    object_id = models.CharField(max_length=64, db_index=True)
    object_name = models.CharField(_("object"), max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.object_type} {self.object_name}"
