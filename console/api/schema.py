"""The OpenAPI description: how one authenticates, and what can go wrong anywhere."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

_DETAIL = {
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
_FIELDS = {
    "type": "object",
    "description": "Messages by field, nested as the body is; `detail` if the body is no JSON.",
    "additionalProperties": {},
    "example": {"upstream": {"members": [{}, {"port": ["A valid integer is required."]}]}},
}
_CHANGES = frozenset({"post", "put", "patch"})


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # registers itself
    """How the description names API tokens."""

    target_class = "console.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token, `ptl_…`, from the console or `manage.py createtoken`.",
        }


def describe_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to every operation the refusals that `console.api.errors` may answer with."""
    result["components"]["schemas"] |= {"Detail": _DETAIL, "FieldErrors": _FIELDS}
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            for status, (text, shape) in _refusals(path, method).items():
                operation["responses"].setdefault(status, _answer(text, shape))
    return result


def _refusals(path: str, method: str) -> dict[str, tuple[str, str]]:
    found = {
        "401": ("No token, or one that is not valid", "Detail"),
        "503": ("PostgreSQL or Redis does not answer", "Detail"),
    }
    if method in _CHANGES:
        found["400"] = ("Something in the body is wrong; nothing was saved", "FieldErrors")
    if method != "get":
        found["409"] = ("It is in use, or was changed at the same moment", "Detail")
    if "{" in path:
        found["404"] = ("There is no such thing", "Detail")
    return found


def _answer(text: str, shape: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{shape}"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
