"""Errors as the API says them: an exception that is a Status object, and one builder for each kind
of failure.

The wording follows the real server's, because clients and people search for it.
"""

from __future__ import annotations

from typing import Any

from practice.schema import Json, Resource

CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You can start a new list without the continue parameter, or use the continue token in this "
    "response to retrieve the remainder of the results. Continuing with the provided token results "
    "in an inconsistent list - objects that were created, modified, or deleted between the time "
    "the first chunk was returned and now may show up in the list."
)


class ApiError(Exception):
    """A failure that the server answers with a Status body."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Json | None = None,
        metadata: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}

    @property
    def headers(self) -> dict[str, str]:
        retry = (self.details or {}).get("retryAfterSeconds")
        return {"Retry-After": str(retry)} if retry else {}

    def body(self) -> Json:
        status: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def details_of(resource: Resource, name: str) -> Json:
    details: Json = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return {**details, "kind": resource.name}


def not_found(resource: Resource, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" not found'
    return ApiError(404, "NotFound", message, details=details_of(resource, name))


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: Resource, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details=details_of(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> ApiError:
    why = why or (
        "the object has been modified; "
        "please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, details=details_of(resource, name))


def precondition_failed(resource: Resource, name: str, why: str) -> ApiError:
    """A conflict as a deletion says it: with the kind where others name the resource."""
    message = f'Operation cannot be fulfilled on {resource.qualified_kind} "{name}": {why}'
    details = {**details_of(resource, name), "kind": resource.kind}
    return ApiError(409, "Conflict", message, details=details)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, details={})


def unsupported_media(accepted: tuple[str, ...]) -> ApiError:
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return ApiError(415, "UnsupportedMediaType", message)


def not_acceptable() -> ApiError:
    message = "only the following media types are accepted: application/json, application/yaml"
    return ApiError(406, "NotAcceptable", message)


def expired(message: str, *, token: str = "") -> ApiError:
    return ApiError(410, "Expired", message, metadata={"continue": token} if token else {})


def too_large_version(asked: int, current: int) -> ApiError:
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details={
            "causes": [
                {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
            ],
            "retryAfterSeconds": 1,
        },
    )


class Causes:
    """Collects the field errors of one object, then raises them all as one 422."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str, str]] = []

    def add(self, field: str, reason: str, message: str) -> None:
        self.items.append((field, reason, message))

    def required(self, field: str, why: str = "") -> None:
        self.add(field, "FieldValueRequired", f"Required value: {why}" if why else "Required value")

    def invalid(self, field: str, value: Any, why: str) -> None:
        shown = "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
        self.add(field, "FieldValueInvalid", f"Invalid value: {shown}: {why}")

    def duplicate(self, field: str, value: Any) -> None:
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        self.add(field, "FieldValueDuplicate", f"Duplicate value: {shown}")

    def unsupported(self, field: str, value: str, supported: tuple[str, ...]) -> None:
        names = ", ".join(f'"{name}"' for name in supported)
        self.add(
            field,
            "FieldValueNotSupported",
            f'Unsupported value: "{value}": supported values: {names}',
        )

    def forbidden(self, field: str, why: str) -> None:
        self.add(field, "FieldValueForbidden", f"Forbidden: {why}")

    def too_many(self, field: str, count: int, most: int) -> None:
        self.add(
            field,
            "FieldValueTooMany",
            f"Too many: {count}: must have at most {most} items",
        )

    def raise_for(self, kind: str, name: str, *, group: str = "") -> None:
        """Raise nothing if nothing was found."""
        if not self.items:
            return
        said = [f"{field}: {message}" for field, _, message in self.items]
        text = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
        qualified = f"{kind}.{group}" if group else kind
        details: Json = {"name": name} if name else {}
        if group:
            details["group"] = group
        if kind:
            details["kind"] = kind
        details["causes"] = [
            {"reason": reason, "message": message, "field": field}
            for field, reason, message in self.items
        ]
        raise ApiError(422, "Invalid", f'{qualified} "{name}" is invalid: {text}', details=details)
