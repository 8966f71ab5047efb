"""Carrying validation errors to the field that a person typed into.

An action that saves several rows at once names a field by its path, e.g.
``upstream.members.0.service_port``; forms and REST turn the path into a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models


@contextmanager
def under(path: str) -> Iterator[None]:
    """Prefix the fields of a `ValidationError` that the block raises with `path`."""
    try:
        yield
    except ValidationError as error:
        raise ValidationError(
            {f"{path}.{field}": messages for field, messages in by_field(error).items()}
        ) from error


def by_field(error: ValidationError) -> dict[str, list[ValidationError]]:
    if hasattr(error, "error_dict"):
        return dict(error.error_dict)
    return {NON_FIELD_ERRORS: error.error_list}


def validate_all(rows: list[tuple[str, models.Model]], *, exclude: tuple[str, ...] = ()) -> None:
    """`full_clean` every row and raise one error with all their fields; a row's path is put
    before its fields unless it is empty. `exclude` names fields that are set later."""
    errors: dict[str, list[ValidationError]] = {}
    for path, row in rows:
        names = {field.name for field in row._meta.fields}
        try:
            row.full_clean(exclude=[name for name in exclude if name in names])
        except ValidationError as error:
            for field, found in by_field(error).items():
                errors[f"{path}.{field}" if path else field] = found
    if errors:
        raise ValidationError(errors)
