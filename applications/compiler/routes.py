"""From an API to its route. Pure."""

from __future__ import annotations

import msgspec

from applications.specs import ApiSpec, ApplicationSpec
from console.contract import wire


def route(application: ApplicationSpec, api: ApiSpec) -> wire.Route:
    """The requests of one API."""
    default = next(
        one for one in application.upstreams if one.version == application.default_version
    )
    prefix = application.path_prefix
    compiled = wire.Route(
        id=api.id,
        name=f"{application.name}/{api.name}",
        upstream=default.id,
        hosts=application.hosts,
        paths=tuple(
            sorted(
                (
                    wire.Path(path=join(prefix, path), exact=kind == "exact")
                    for path, kind in api.paths
                ),
                key=lambda path: (path.path, path.exact),
            )
        ),
        methods=tuple(sorted(api.methods)),
        strip_prefix=prefix if api.strip_path_prefix and prefix != "/" else "",
        rewrite_host=default.host if default.host_mode == "rewrite" else "",
        retries=default.retries,
        websocket=api.websocket,
        expressions=api.expressions,
        match_any=api.match_any,
        redirect_https=application.protocols == ("https",),
        # The same plugin on the API stands for the one on the application.
        plugins={**application.plugins, **api.plugins},
    )
    return msgspec.structs.replace(compiled, digest=wire.digest(compiled))


def join(prefix: str, path: str) -> str:
    """Put a path below a prefix with exactly one slash between: ``/shop`` + ``/cart``."""
    return f"{prefix.rstrip('/')}{path}" if path != "/" else prefix
