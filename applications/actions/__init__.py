"""The verbs of the chart room. Each is one transaction, writes the audit log and wakes the
compiler; each raises `ValidationError` with field paths and then has saved nothing."""

from .apis import change_api, create_api, delete_api, publish_api, unpublish_api
from .applications import (
    change_application,
    create_application,
    delete_application,
    publish_application,
    unpublish_application,
)
from .touch import hold
from .upstreams import change_upstream, create_upstream, delete_upstream

__all__ = [
    "change_api",
    "change_application",
    "change_upstream",
    "create_api",
    "create_application",
    "create_upstream",
    "delete_api",
    "delete_application",
    "delete_upstream",
    "hold",
    "publish_api",
    "publish_application",
    "unpublish_api",
    "unpublish_application",
]
