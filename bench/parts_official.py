"""The official client against a server of the bench: for comparison in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def slices_api(server: str, ca_file: Path, *, token: str = "") -> Any:
    """The API object for EndpointSlices; `Watch` and `SharedInformer` take its methods."""
    import kubernetes.client

    configuration = kubernetes.client.Configuration(host=server)
    configuration.ssl_ca_cert = str(ca_file)
    if token:
        configuration.api_key["authorization"] = f"Bearer {token}"
    kubernetes.client.Configuration.set_default(configuration)
    return kubernetes.client.DiscoveryV1Api()


def make_watch() -> Any:
    import kubernetes.watch

    untyped: Any = kubernetes.watch.Watch
    return untyped()


def make_informer(listing: Any) -> Any:
    import kubernetes.informer

    untyped: Any = kubernetes.informer.SharedInformer
    return untyped(listing)
