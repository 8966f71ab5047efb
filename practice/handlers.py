"""The verbs over HTTP: each handler reads its request, calls lists or writes, and makes the
response.
"""

from __future__ import annotations

from aiohttp import web

from practice import bodies, discovery, tables
from practice.list_options import parse_version
from practice.lists import Lister, Page, make_filter, reach, render
from practice.patches import APPLY_PATCH, read_patch
from practice.rbac import Ask, Rbac
from practice.reviews import answer_review, request_token
from practice.routes import Route
from practice.scales import get_scale, patch_scale, put_scale
from practice.schema import DEPLOYMENTS, NAMESPACES, REVIEWS, SERVICEACCOUNTS, Json, Resource
from practice.status import ApiError, Causes, method_not_allowed, no_such_path
from practice.store import Entry, Store
from practice.tokens import Tokens, User
from practice.watches import WatchSettings
from practice.writes import Writer, check_delete_options, check_dry_run

Headers = dict[str, str]
HEALTH = {"healthz", "livez", "readyz"}


class Handlers:
    def __init__(
        self,
        store: Store,
        *,
        lister: Lister,
        writer: Writer,
        rbac: Rbac,
        tokens: Tokens,
        watching: WatchSettings,
        release: str = "1.36",
    ) -> None:
        self.store = store
        self.lister = lister
        self.writer = writer
        self.rbac = rbac
        self.tokens = tokens
        self.watching = watching
        self.release = release
        self.address = ""

    def unknown(self, _: Route) -> ApiError:
        return no_such_path()

    def stored(self, route: Route) -> Resource:
        resource = route.resource
        if resource is None or (route.namespace and not _may_be_in_namespace(resource, route)):
            raise no_such_path()
        if not resource.stored:
            raise method_not_allowed()
        return resource

    def plain_path(self, request: web.Request, route: Route, headers: Headers) -> web.Response:
        """Paths outside the resources; they can only be read."""
        parts = [part for part in route.path.split("/") if part]
        first = parts[0] if parts else ""
        if route.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        if first in HEALTH:
            return web.Response(text="ok", headers=headers)
        body: Json | None = None
        if route.group_version is not None:
            body = discovery.resources(route.group_version)
        elif parts == ["version"]:
            body = discovery.version(self.release)
        elif parts == ["api"]:
            body = discovery.api_versions(self.address)
        elif parts == ["apis"]:
            body = discovery.groups()
        elif first == "apis":
            found = discovery.group(parts[1])
            body = found and {"kind": "APIGroup", "apiVersion": "v1", **found}
        elif parts == ["openapi", "v2"]:
            body = discovery.openapi_v2()
        elif parts == ["openapi", "v3"]:
            body = discovery.openapi_index()
        elif first == "openapi":
            body = discovery.openapi_document("/".join(parts[2:]))
        elif not parts:
            body = {
                "paths": [
                    "/api",
                    "/apis",
                    "/healthz",
                    "/livez",
                    "/openapi/v3",
                    "/readyz",
                    "/version",
                ]
            }
        if body is None:
            if route.group_version is None and first not in ("apis", "openapi"):
                return web.Response(text="404 page not found\n", status=404, headers=headers)
            raise no_such_path()
        return bodies.json_response(request, body, headers)

    async def resource(
        self, request: web.Request, route: Route, resource: Resource, user: User, headers: Headers
    ) -> web.Response:
        if resource in REVIEWS:
            if route.verb != "create":
                raise method_not_allowed()
            body = await bodies.read_body(request)
            review = answer_review(
                resource, body or {}, user=user, rbac=self.rbac, tokens=self.tokens
            )
            return bodies.json_response(request, review, headers, code=201)
        self.stored(route)
        if route.subresource not in ("", *resource.subresources):
            raise no_such_path()
        if resource.namespaced and not route.namespace:
            if route.name and route.path.rstrip("/").endswith(f"/{route.name}"):
                raise no_such_path()
            if route.verb not in ("list", "deletecollection"):
                raise method_not_allowed()
        if route.subresource in ("scale", "token"):
            return await self._special(request, route, resource, headers)
        verb = route.verb if route.verb != "deletecollection" else "delete_collection"
        if verb == "list":
            return await self._list(request, route, resource, headers)
        if verb == "get":
            await self._reach(request.query.get("resourceVersion", ""))
            entry = self.store.must(resource, resource.key(route.namespace, route.name))
            return self._object(request, resource, entry, headers)
        if verb in ("update", "patch") and not route.name:
            raise method_not_allowed()
        if verb in ("create", "update", "patch"):
            return await self._write(request, route, resource, user, headers)
        if verb == "delete":
            return await self._delete(request, route, resource, headers)
        if verb == "delete_collection":
            return await self._delete_collection(request, route, resource, headers)
        raise method_not_allowed()

    async def _list(
        self, request: web.Request, route: Route, resource: Resource, headers: Headers
    ) -> web.Response:
        include = bodies.table_wanted(request)
        namespace = route.namespace if resource.namespaced else ""
        page = await self.lister.list(resource, namespace, request.query)
        if page.token:
            headers = {**headers, "X-Practice-Continue": page.token}
        if include is None:
            return bodies.json_response(request, render(resource, page), headers)
        shown = tables.table(resource, page.entries, _list_meta(page), include=include)
        return bodies.json_response(request, shown, headers)

    async def _reach(self, asked: str) -> None:
        """Wait for the version that one object is asked at, or a later one."""
        try:
            version = parse_version(asked)
        except ValueError as error:
            raise ApiError(500, "", str(error)) from None
        await reach(self.store, version)

    def _object(
        self,
        request: web.Request,
        resource: Resource,
        entry: Entry,
        headers: Headers,
        code: int = 200,
    ) -> web.Response:
        include = bodies.table_wanted(request)
        if include is not None:
            meta = {"resourceVersion": str(entry.rv)}
            shown = tables.table(resource, [entry], meta, include=include)
            return bodies.json_response(request, shown, headers, code=code)
        return bodies.json_response(request, bodies.full(resource, entry.raw), headers, code=code)

    async def _write(
        self, request: web.Request, route: Route, resource: Resource, user: User, headers: Headers
    ) -> web.Response:
        namespace, name, part = route.namespace, route.name, route.subresource
        if resource is NAMESPACES:
            namespace = ""
        options = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
        dry = check_dry_run(request.query.getall("dryRun", []), options[route.verb])
        if route.verb == "patch":
            kind = request.content_type
            patch = read_patch(kind, await bodies.read_raw(request))
            self._check_apply(
                request, kind, route, user, exists=self._exists(resource, namespace, name)
            )
            entry, new = self.writer.patch(
                resource, namespace, name, kind, patch, part=part, dry=dry
            )
            return self._object(request, resource, entry, headers, 201 if new else 200)
        body = await bodies.read_body(request)
        if route.verb == "create":
            if name:
                raise method_not_allowed()
            entry = self.writer.create(resource, namespace, body, dry=dry)
            return self._object(request, resource, entry, headers, 201)
        entry, new = self.writer.update(resource, namespace, name, body, part=part, dry=dry)
        return self._object(request, resource, entry, headers, 201 if new else 200)

    def _exists(self, resource: Resource, namespace: str, name: str) -> bool:
        return self.store.get(resource, resource.key(namespace, name)) is not None

    def _check_apply(
        self, request: web.Request, kind: str, route: Route, user: User, *, exists: bool
    ) -> None:
        if kind != APPLY_PATCH:
            return
        causes = Causes()
        if not request.query.get("fieldManager"):
            causes.required("fieldManager", "is required for apply patch")
        causes.raise_for("PatchOptions", "", group="meta.k8s.io")
        if not exists:
            # Applying what is not there creates it, so it takes the right to create as well.
            ask = route.ask
            self.rbac.require(
                user,
                Ask(
                    verb="create",
                    group=ask.group,
                    resource=ask.resource,
                    namespace=ask.namespace,
                    name=ask.name,
                ),
            )

    async def _options(self, request: web.Request) -> tuple[Json, bool]:
        options = await bodies.read_body(request)
        options = dict(options) if isinstance(options, dict) else {}
        grace = request.query.get("gracePeriodSeconds")
        if grace is not None and grace.isdigit():
            options["gracePeriodSeconds"] = int(grace)
        values = [*request.query.getall("dryRun", []), *(options.get("dryRun") or [])]
        check_delete_options(options)
        return options, check_dry_run(values, "DeleteOptions")

    async def _delete(
        self, request: web.Request, route: Route, resource: Resource, headers: Headers
    ) -> web.Response:
        options, dry = await self._options(request)
        gone = self.writer.delete(resource, route.namespace, route.name, options, dry=dry)
        if resource.returns_deleted or self._exists(resource, route.namespace, route.name):
            return bodies.json_response(request, bodies.full(resource, gone.raw), headers)
        details: Json = {"name": gone.name}
        if resource.group:
            details["group"] = resource.group
        details |= {"kind": resource.name, "uid": gone.object()["metadata"]["uid"]}
        success = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }
        return bodies.json_response(request, success, headers)

    async def _delete_collection(
        self, request: web.Request, route: Route, resource: Resource, headers: Headers
    ) -> web.Response:
        if "deletecollection" not in resource.verbs:
            raise method_not_allowed()
        options, dry = await self._options(request)
        chosen = make_filter(resource, request.query)
        prefix = f"{route.namespace}/" if resource.namespaced and route.namespace else ""
        found = [e for e in self.store.tables[resource].walk(prefix=prefix) if chosen.matches(e)]
        gone = [
            self.writer.delete(resource, entry.namespace, entry.name, options, dry=dry)
            for entry in found
        ]
        return bodies.json_response(request, render(resource, Page(gone, self.store.rv)), headers)

    async def _special(
        self, request: web.Request, route: Route, resource: Resource, headers: Headers
    ) -> web.Response:
        namespace, name, verb = route.namespace, route.name, route.verb
        if resource is SERVICEACCOUNTS:
            if verb != "create":
                raise method_not_allowed()
            body = await bodies.read_body(request)
            made = request_token(self.store, self.tokens, namespace, name, body)
            return bodies.json_response(request, made, headers, code=201)
        entry = self.store.must(DEPLOYMENTS, DEPLOYMENTS.key(namespace, name))
        if verb == "get":
            return bodies.json_response(request, get_scale(entry), headers)
        dry = check_dry_run(request.query.getall("dryRun", []), "UpdateOptions")
        if verb == "update":
            scale = put_scale(self.writer, entry, await bodies.read_body(request), dry=dry)
        elif verb == "patch":
            kind = request.content_type
            patch = read_patch(kind, await bodies.read_raw(request))
            scale = patch_scale(self.writer, entry, kind, patch, dry=dry)
        else:
            raise method_not_allowed()
        return bodies.json_response(request, scale, headers)


def _may_be_in_namespace(resource: Resource, route: Route) -> bool:
    return resource.namespaced or (resource is NAMESPACES and route.name == route.namespace)


def _list_meta(page: Page) -> Json:
    meta: Json = {"resourceVersion": str(page.rv)}
    if page.token:
        meta["continue"] = page.token
        if page.remaining is not None:
            meta["remainingItemCount"] = page.remaining
    return meta
