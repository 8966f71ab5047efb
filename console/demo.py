"""What a first start finds already made: an administrator, a control plane, the running gateway,
and the sample objects of the walk-through. Each through the product's own verbs.

Everything is made once in the life of a database: the audit log remembers what was made, so that
what somebody deleted stays deleted and what somebody changed stays changed. Only addresses follow:
an object that still points where the last start had its server is moved to where it is now.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec
from django.contrib.auth import get_user_model

from applications import actions as applications
from applications.models import Api, Application, Member, Upstream
from console import actions as console
from console.models import AuditEntry, ControlPlane
from console.secrets import Secret
from gateways import actions as gateways
from gateways.models import Gateway
from registries import actions as registries
from registries.models import Registry

ADMINISTRATOR = "admin"
SAMPLE_HOST = "sd.httpbin.org"
_PLANE, _TRAEFIK, _ENVOY = "Default", "traefik", "envoy"
_REGISTRY, _API = "practice", "anything"
# What the walk-through's service is called in the cluster.
_NAMESPACE, _SERVICE, _PORT = "apisix", "httpbin", "80-80"


class Wishes(msgspec.Struct, kw_only=True):
    """What `manage.py up` wants made. `gateway`: the kind that it starts. Redis addresses carry
    their passwords; `cluster_url` is empty where no sample objects are wanted."""

    password: str
    gateway_url: str
    gateway: str = _TRAEFIK
    gateway_host: str = "127.0.0.1"
    traefik_api_url: str = ""
    envoy_admin_url: str = ""
    envoy_admin_url_before: str = ""
    gateway_redis_url: str
    gateway_redis_url_before: str
    cluster_url: str
    cluster_url_before: str
    cluster_folder: str
    report: str


class Done(msgspec.Struct, kw_only=True):
    """`administrator`: was made now. `sample`: the sample API is there and should answer.
    `gateway`: the id of the gateway of the kind that is started; empty: it is gone."""

    administrator: bool
    sample: bool
    gateway: str = ""


def make(wishes: Wishes) -> Done:
    """Make what is wanted and was never made. Raises `ValidationError` if the cluster refuses."""
    administrator = _administrator(wishes.password)
    plane = _control_plane()
    gateway = (_envoy if wishes.gateway == _ENVOY else _traefik)(plane, wishes)
    if wishes.cluster_url:
        _sample(plane, wishes)
    return Done(
        administrator=administrator,
        sample=_sample_is_there(bool(wishes.cluster_url)),
        gateway=str(gateway.pk) if gateway else "",
    )


def _administrator(password: str) -> bool:
    users = get_user_model().objects
    if users.exists():
        return False
    users.create_superuser(ADMINISTRATOR, password=password)
    return True


def _control_plane() -> ControlPlane:
    found = ControlPlane.objects.order_by("created_at").first()
    if found is not None:
        return found
    return console.create_control_plane(
        control_plane=ControlPlane(name=_PLANE, slug=_PLANE.lower()), actor=None
    )


def _traefik(plane: ControlPlane, wishes: Wishes) -> Gateway | None:
    address, secret = _apart(wishes.gateway_redis_url)
    before, _ = _apart(wishes.gateway_redis_url_before)
    if not _was_made("gateway", _TRAEFIK):
        gateway = Gateway(
            control_plane=plane,
            name=_TRAEFIK,
            kind="traefik",
            url=wishes.gateway_url,
            settings={
                "redis_url": address,
                "root_key": "traefik",
                "entry_points": ["web"],
                "api_url": wishes.traefik_api_url,
            },
            secret=Secret(secret),
        )
        return gateways.create_gateway(gateway=gateway, actor=None)
    for gateway in Gateway.objects.filter(name=_TRAEFIK, settings__redis_url__in=[address, before]):
        moved = (gateway.settings["redis_url"], gateway.secret.reveal()) != (address, secret)
        if moved or gateway.url != wishes.gateway_url:
            gateway.settings["redis_url"] = address
            gateway.secret = Secret(secret)
            gateway.url = wishes.gateway_url
            gateways.change_gateway(gateway=gateway, actor=None)
    return Gateway.objects.filter(name=_TRAEFIK, kind="traefik").first()


def _envoy(plane: ControlPlane, wishes: Wishes) -> Gateway | None:
    port = urlsplit(wishes.gateway_url).port or 80
    host = "127.0.0.1" if wishes.gateway_host == "localhost" else wishes.gateway_host
    settings = {"address": host, "port": port, "admin_urls": [wishes.envoy_admin_url]}
    if not _was_made("gateway", _ENVOY):
        gateway = Gateway(
            control_plane=plane,
            name=_ENVOY,
            kind="envoy",
            url=wishes.gateway_url,
            settings=settings,
        )
        return gateways.create_gateway(gateway=gateway, actor=None)
    places = [[wishes.envoy_admin_url], [wishes.envoy_admin_url_before]]
    for gateway in Gateway.objects.filter(kind="envoy", settings__admin_urls__in=places):
        if gateway.settings != gateway.settings | settings or gateway.url != wishes.gateway_url:
            gateway.settings |= settings
            gateway.url = wishes.gateway_url
            gateways.change_gateway(gateway=gateway, actor=None)
    ours = Gateway.objects.filter(kind="envoy", settings__admin_urls=[wishes.envoy_admin_url])
    return ours.first() or Gateway.objects.filter(kind="envoy", name=_ENVOY).first()


def _sample(plane: ControlPlane, wishes: Wishes) -> None:
    folder = Path(wishes.cluster_folder)
    ca, token = (folder / "ca.crt").read_text(), (folder / "token").read_text().strip()
    if _was_made("registry", _REGISTRY):
        _follow_cluster(wishes, ca, token)
    else:
        registry = Registry(
            control_plane=plane,
            name=_REGISTRY,
            description="The practice cluster that script/up starts.",
            server=wishes.cluster_url,
            ca_bundle=ca,
            token=Secret(token),
        )
        registries.create_registry(registry=registry, actor=None)
    registry_there = Registry.objects.filter(control_plane=plane, name=_REGISTRY).first()
    if registry_there is not None and not _was_made("application", SAMPLE_HOST):
        _publish_sample(plane, registry_there)


def _follow_cluster(wishes: Wishes, ca: str, token: str) -> None:
    """The cluster has another port than last time, or has been made anew."""
    places = [wishes.cluster_url, wishes.cluster_url_before]
    for registry in Registry.objects.filter(name=_REGISTRY, server__in=places):
        now = (wishes.cluster_url, ca.strip(), token)
        if (registry.server, registry.ca_bundle.strip(), registry.token.reveal()) != now:
            registry.server, registry.ca_bundle = wishes.cluster_url, ca
            registry.token = Secret(token)
            registries.change_registry(registry=registry, actor=None)


def _publish_sample(plane: ControlPlane, registry: Registry) -> None:
    application = applications.create_application(
        application=Application(control_plane=plane, name=SAMPLE_HOST, hosts=[SAMPLE_HOST]),
        upstream=Upstream(),
        members=[
            Member(
                kind=Member.Kind.DISCOVERY,
                registry=registry,
                namespace=_NAMESPACE,
                service=_SERVICE,
                service_port=_PORT,
            )
        ],
        actor=None,
    )
    applications.publish_application(application=application, actor=None)
    path = {"path": "/anything", "type": "prefix"}
    api = applications.create_api(
        api=Api(application=application, name=_API, paths=[path]), actor=None
    )
    applications.publish_api(api=api, actor=None)


def _sample_is_there(wanted: bool) -> bool:
    found = Api.objects.filter(
        name=_API, published=True, application__name=SAMPLE_HOST, application__published=True
    )
    return wanted and found.exists()


def _was_made(object_type: str, name: str) -> bool:
    """Whether an object of this name has ever been created, by us or by a person."""
    return AuditEntry.objects.filter(
        verb=AuditEntry.Verb.CREATED, object_type=object_type, object_name=name
    ).exists()


def _apart(redis_url: str) -> tuple[str, str]:
    """A Redis address without its login, and the login as a gateway's secret holds it."""
    parts = urlsplit(redis_url)
    if not parts.password:
        return redis_url, ""
    user, password = unquote(parts.username or ""), unquote(parts.password)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, f"{user}:{password}" if user else password
