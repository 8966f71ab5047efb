"""Django admin as a door like the others: what it saves and deletes goes through the actions.

So the audit log, the wake-ups and the rules are the same whichever door is used. What an action
refuses is shown beside the field, as a wrong value is; nothing is saved.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from console.errors import by_field
from console.ui.forms import RowForm, place

RowType = TypeVar("RowType", bound=Model)


class Refused(Exception):
    """An action's `ValidationError` on its way out of the admin's transaction."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(str(error))
        self.error = error


class ActionAdmin(admin.ModelAdmin, Generic[RowType]):  # type: ignore[type-arg] # not at run time
    """An admin that leaves saving and deleting to three methods, which call the actions.

    Its form is a `RowForm`. A path in an action's error that is no field of the form is turned
    into one by `field_of`; what is still none is shown above the form.
    """

    form = RowForm
    list_per_page = 50
    # An address without a scheme is an http one, like in the console's form.
    formfield_overrides = {models.URLField: {"assume_scheme": "http"}}

    def create_row(self, request: HttpRequest, row: RowType, form: Any) -> None:
        raise NotImplementedError

    def change_row(self, request: HttpRequest, row: RowType, form: Any) -> None:
        raise NotImplementedError

    def delete_row(self, request: HttpRequest, row: RowType) -> None:
        raise NotImplementedError

    def field_of(self, path: str) -> str:
        return path

    def save_model(self, request: HttpRequest, obj: RowType, form: Any, change: bool) -> None:
        self._do(lambda: (self.change_row if change else self.create_row)(request, obj, form))

    def delete_model(self, request: HttpRequest, obj: RowType) -> None:
        self._do(lambda: self.delete_row(request, obj))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RowType]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    def get_form(
        self, request: HttpRequest, obj: RowType | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refused: Refused | None = getattr(request, "_refused", None)
        if refused is None:
            return form
        errors = self._placed(by_field(refused.error), set(form.base_fields))

        class Shown(form):  # type: ignore[misc, valid-type]
            """The form with what the action said."""

            def full_clean(self) -> None:
                super().full_clean()
                if not self.errors:
                    place(self, errors, home=self.home)

        return Shown

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refused:
            # The transaction is undone. Go through the same form again, which now is wrong.
            request._refused = refused  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            return self._say(request, refused)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except Refused as refused:
            return self._say(request, refused)

    def _do(self, action: Any) -> None:
        try:
            action()
        except ValidationError as error:
            raise Refused(error) from error

    def _placed(
        self, errors: dict[str, list[ValidationError]], fields: set[str]
    ) -> dict[str, list[ValidationError]]:
        placed: dict[str, list[ValidationError]] = {}
        for path, found in errors.items():
            name = path if path in fields or path == NON_FIELD_ERRORS else self.field_of(path)
            if name in fields or name == NON_FIELD_ERRORS:
                placed.setdefault(name, []).extend(found)
            else:
                said = [ValidationError(f"{path}: {text}") for one in found for text in one]
                placed.setdefault("", []).extend(said)
        return placed

    def _say(self, request: HttpRequest, refused: Refused) -> HttpResponse:
        for text in refused.error.messages:
            messages.error(request, text)
        return HttpResponseRedirect(request.get_full_path().removesuffix("delete/"))


class ReadOnlyAdmin(admin.ModelAdmin, Generic[RowType]):  # type: ignore[type-arg] # not at run time
    """Rows to look at."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
