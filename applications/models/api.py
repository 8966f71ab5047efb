"""An API: methods and paths of an application that requests may take."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.validators import (
    validate_label,
    validate_method,
    validate_path,
    validate_plugins,
)
from console.models import Row

from .application import Application


def _root() -> list[dict[str, str]]:
    return [{"path": "/", "type": "prefix"}]


class Api(Row):
    """One or more paths below the application's prefix."""

    class Kind(models.TextChoices):
        REST = "rest", "REST"
        WEBSOCKET = "websocket", "WebSocket"

    PATH_TYPES = ("prefix", "exact")
    SUBJECTS = ("header", "query", "cookie", "path", "variable")
    OPERATORS = (
        "equal",
        "not_equal",
        "regex_match",
        "regex_not_match",
        "present",
        "not_present",
        "larger_than",
        "larger_equal",
        "less_than",
        "less_equal",
    )

    application = models.ForeignKey(
        Application,
        on_delete=models.CASCADE,
        related_name="apis",
        verbose_name=_("application"),
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    labels = ArrayField(
        models.CharField(max_length=63, validators=[validate_label]),
        verbose_name=_("labels"),
        default=list,
        blank=True,
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.REST)
    methods = ArrayField(
        models.CharField(max_length=7, validators=[validate_method]),
        verbose_name=_("methods"),
        default=list,
        blank=True,
        help_text=_("Empty: every method"),
    )
    paths = models.JSONField(
        _("paths"),
        default=_root,
        help_text=_('A list of {"path": "/anything", "type": "prefix" or "exact"}'),
    )
    strip_path_prefix = models.BooleanField(
        _("strip path prefix"),
        default=False,
        help_text=_("Take the application's prefix off before the request goes on"),
    )
    expressions = models.JSONField(
        _("expressions"),
        default=list,
        blank=True,
        help_text=_('A list of {"subject", "name", "operator", "value"}'),
    )
    match_any = models.BooleanField(_("one expression is enough"), default=False)
    plugins = models.JSONField(
        _("plugins"), default=dict, blank=True, validators=[validate_plugins]
    )
    published = models.BooleanField(_("published"), default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("API")
        verbose_name_plural = _("APIs")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "name"],
                name="api_name_once",
                violation_error_message=_("The application has an API of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        for field, check in (
            ("paths", self._clean_paths),
            ("expressions", self._clean_expressions),
        ):
            try:
                check()
            except ValidationError as error:
                errors[field] = error
        if errors:
            raise ValidationError(errors)

    def _clean_paths(self) -> None:
        if not isinstance(self.paths, list) or not self.paths:
            raise ValidationError(_("At least one path is needed."))
        seen = set()
        for entry in self.paths:
            if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
                raise ValidationError(_('A path is written {"path": "/…", "type": "prefix"}.'))
            entry.setdefault("type", "prefix")
            if entry["type"] not in self.PATH_TYPES or entry.keys() - {"path", "type"}:
                raise ValidationError(_("The type of a path is prefix or exact."))
            validate_path(entry["path"])
            if (entry["path"], entry["type"]) in seen:
                raise ValidationError(
                    _("The path “%(path)s” is there twice."), params={"path": entry["path"]}
                )
            seen.add((entry["path"], entry["type"]))

    def _clean_expressions(self) -> None:
        if not isinstance(self.expressions, list):
            raise ValidationError(_("Expressions are a list."))
        for entry in self.expressions:
            if not isinstance(entry, dict):
                raise ValidationError(_("An expression is an object."))
            if entry.get("subject") not in self.SUBJECTS:
                raise ValidationError(
                    _("The subject is one of %(names)s."),
                    params={"names": ", ".join(self.SUBJECTS)},
                )
            if entry.get("operator") not in self.OPERATORS:
                raise ValidationError(
                    _("The operator is one of %(names)s."),
                    params={"names": ", ".join(self.OPERATORS)},
                )
            if not all(isinstance(value, str) for value in entry.values()):
                raise ValidationError(_("The parts of an expression are texts."))
            if entry["subject"] != "path" and not entry.get("name"):
                raise ValidationError(
                    _("Say which %(s)s is meant."), params={"s": entry["subject"]}
                )
