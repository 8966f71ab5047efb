"""Reading requests and making responses: media types, sizes, compression, the headers every answer
carries.
"""

from __future__ import annotations

import re
import uuid
import zlib
from typing import Any

import msgspec
import yaml
from aiohttp import web

from practice.protobuf import decode_request
from practice.schema import ENDPOINTS, Json, Resource
from practice.status import ApiError, bad_request, not_acceptable, unsupported_media
from practice.store import encode

LARGEST = 3 * 1024 * 1024
GZIP_FROM = 128 * 1024
PROTOBUF = "application/vnd.kubernetes.protobuf"
BODY_TYPES = ("application/json", "application/yaml", PROTOBUF)
DEPRECATED = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
FLOW = "00000000-0000-4000-8000-000000000001"


def common_headers() -> dict[str, str]:
    return {
        "Audit-Id": str(uuid.uuid4()),
        "Cache-Control": "no-cache, private",
        "X-Kubernetes-Pf-Flowschema-Uid": FLOW,
        "X-Kubernetes-Pf-Prioritylevel-Uid": FLOW,
    }


def warnings(resource: Resource | None) -> dict[str, str]:
    """What is said to everybody who may ask, whatever the answer is."""
    return {"Warning": DEPRECATED} if resource is ENDPOINTS else {}


async def read_raw(request: web.BaseRequest) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        message = f"Request entity too large: limit is {LARGEST}"
        raise ApiError(413, "RequestEntityTooLarge", message) from None


async def read_body(request: web.BaseRequest) -> Any:
    """Decode a request's object; an empty body is None."""
    raw = await read_raw(request)
    kind = request.content_type if request.headers.get("Content-Type") else BODY_TYPES[0]
    if not raw:
        return None
    if kind not in BODY_TYPES:
        raise unsupported_media(BODY_TYPES)
    try:
        if kind == PROTOBUF:
            return decode_request(raw)
        return yaml.safe_load(raw) if kind == "application/yaml" else msgspec.json.decode(raw)
    except (msgspec.DecodeError, yaml.YAMLError, ValueError) as error:
        raise bad_request(f"error decoding object: {error}") from None


def table_wanted(request: web.BaseRequest) -> str | None:
    """Return includeObject when the first acceptable type is a table, None for plain JSON."""
    accept = request.headers.get("Accept", "*/*")
    plain = False
    for part in accept.split(","):
        kind, *options = [piece.strip() for piece in part.split(";")]
        if kind in ("application/json", "application/*", "*/*"):
            if "as=Table" in options and "v=v1" in options:
                return request.query.get("includeObject") or "Metadata"
            if not any(option.startswith("as=") for option in options):
                return None
            plain = True
        elif kind == "text/plain":
            plain = True
    if not plain:
        raise not_acceptable()
    return None


def json_response(
    request: web.BaseRequest, body: Json | bytes, headers: dict[str, str], *, code: int = 200
) -> web.Response:
    raw = body if isinstance(body, bytes) else encode(body) + b"\n"
    if len(raw) >= GZIP_FROM and re.search(r"\bgzip\b", request.headers.get("Accept-Encoding", "")):
        packer = zlib.compressobj(level=1, wbits=31)
        raw = packer.compress(raw) + packer.flush()
        headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(body=raw, status=code, headers=headers, content_type="application/json")


def full(resource: Resource, raw: bytes) -> bytes:
    """An object's bytes with its kind, from those of a list item."""
    head = f'{{"kind":"{resource.kind}","apiVersion":"{resource.api_version}",'
    return head.encode() + raw[1:] + b"\n"
