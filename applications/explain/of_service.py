"""What a service adds: whether it is there, has the port, and has endpoints that are ready."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications import nodes
from applications.models import Member
from console.contract import wire
from registries import oddities
from registries.health import Status

from .of_registry import shown
from .sentences import Level, Sentence

_ALIKE = 3  # names that are offered in another's place
_NAMED = 3  # pods that are named in a sentence
_CUT_AT = 1_000  # addresses that an Endpoints object holds at most


def absent(member: Member, names: list[str]) -> Iterator[Sentence]:
    """Why a service is not known, though its registry is read. `names` are all that it has."""
    namespaces = sorted({name.partition("/")[0] for name in names})
    here = [name.partition("/")[2] for name in names if name.partition("/")[0] == member.namespace]
    values: dict[str, Any] = {"namespace": member.namespace, "service": member.service}
    elsewhere = [
        name.partition("/")[0] for name in names if name.partition("/")[2] == member.service
    ]
    if not names:
        yield Sentence(
            code="registry_empty",
            level=Level.PROBLEM,
            text=_("No service %(namespace)s/%(service)s with endpoints is known.") % values,
            fix=_(
                "The registry knows no service at all: its namespaces or label selector may fit"
                " nothing in the cluster."
            ),
            command=_kubectl("get", "endpointslices", "--all-namespaces"),
            values=values,
        )
    elif not here:
        alike = _alike(member.namespace, namespaces)
        yield Sentence(
            code="namespace_unknown",
            level=Level.PROBLEM,
            text=_(
                "No service %(namespace)s/%(service)s with endpoints is known, nor any other in"
                " that namespace."
            )
            % values,
            fix=_did_you_mean(alike),
            command=_kubectl("get", "namespace", member.namespace),
            values={**values, "alike": alike},
        )
    else:
        alike = _alike(member.service, here)
        yield Sentence(
            code="service_absent",
            level=Level.PROBLEM,
            text=_("No service %(namespace)s/%(service)s with endpoints is known.") % values,
            fix=_did_you_mean(alike),
            command=_kubectl("-n", member.namespace, "get", "service", member.service),
            values={**values, "alike": alike},
        )
    if elsewhere:
        values = {"service": member.service, "namespaces": elsewhere}
        yield Sentence(
            code="service_elsewhere",
            level=Level.NOTE,
            text=_("A service “%(service)s” is in %(namespaces)s.")
            % {"service": member.service, "namespaces": shown(elsewhere)},
            fix=_("Choose that namespace if it is the one that is meant."),
            values=values,
        )
    yield from _labels(member)


def _labels(member: Member) -> Iterator[Sentence]:
    selector = member.registry.label_selector if member.registry else ""
    if not selector:
        return
    own = f"kubernetes.io/service-name={member.service}"
    yield Sentence(
        code="labels_may_exclude",
        level=Level.WARNING,
        text=_(
            "The registry reads only what has the labels “%(selector)s”: the service may lack them."
        )
        % {"selector": selector},
        fix=_("Compare with the labels of its EndpointSlices, which are those of the service:"),
        command=_kubectl(
            "-n", member.namespace, "get", "endpointslices", "-l", own, "--show-labels"
        ),
        values={"selector": selector},
    )


def sentences(member: Member, service: wire.Service, status: Status) -> Iterator[Sentence]:
    """Why a service that is known brings no node, or fewer than it could."""
    total = sum(len(subset.endpoints) for subset in service.subsets)
    if not total:
        yield _without_endpoints(member)
    elif not nodes.has_port(service, member.service_port):
        yield _without_port(member, service)
    else:
        yield from _readiness(member, service, total)
    yield from _left_out(status, some=bool(total))
    if status.truncated and total >= _CUT_AT:
        yield Sentence(
            code="truncated",
            level=Level.WARNING,
            text=_("The cluster tells the first 1,000 addresses of the service only."),
            fix=_("Let the service account read EndpointSlices: they have no such limit."),
            values={"endpoints": total},
        )


def _without_endpoints(member: Member) -> Sentence:
    return Sentence(
        code="no_endpoints",
        level=Level.PROBLEM,
        text=_("The service has no endpoints: no pod is behind it."),
        fix=_("It is scaled to zero, or its selector fits no pod. Compare both:"),
        command=_kubectl("-n", member.namespace, "describe", "service", member.service),
        values={"namespace": member.namespace, "service": member.service},
    )


def _without_port(member: Member, service: wire.Service) -> Sentence:
    offered = nodes.offered_ports(service)
    values = {"port": member.service_port, "offered": offered}
    words = {"port": member.service_port, "ports": shown(offered) or _("none")}
    if not member.service_port and len(offered) > 1:
        return Sentence(
            code="port_not_chosen",
            level=Level.PROBLEM,
            text=_("The service has several ports; choose one of %s.") % shown(offered),
            values=values,
        )
    if member.service_port in offered or not member.service_port:
        return Sentence(
            code="port_not_tcp",
            level=Level.PROBLEM,
            text=_("The port %(ports)s is not TCP: gateways cannot call it.") % words
            if not member.service_port
            else _("The port “%(port)s” is not TCP: gateways cannot call it.") % words,
            values=values,
        )
    return Sentence(
        code="port_unknown",
        level=Level.PROBLEM,
        text=_("The service has no port “%(port)s”; it offers %(ports)s.") % words,
        fix=_did_you_mean(_alike(member.service_port, offered)),
        values=values,
    )


def _readiness(member: Member, service: wire.Service, total: int) -> Iterator[Sentence]:
    served = [endpoint for endpoint, _port in nodes.served(service, member.service_port)]
    ready = [one for one in served if one.ready]
    leaving = [one for one in served if one.terminating and not one.ready]
    unready = [one for one in served if not one.ready and not one.terminating]
    pods = _kubectl("-n", member.namespace, "get", "pods", "-o", "wide")
    if not ready:
        draining = [one for one in leaving if one.serving] if service.serve_terminating else []
        if draining:
            yield Sentence(
                code="draining",
                level=Level.WARNING,
                text=ngettext(
                    "No endpoint is ready; %(count)d that terminates and still serves is used.",
                    "No endpoint is ready; %(count)d that terminate and still serve are used.",
                    len(draining),
                )
                % {"count": len(draining)},
                fix=_("The registry wishes it so (draining). New pods should become ready soon."),
                command=pods,
                values={"count": len(draining), "pods": _pods(draining)},
            )
        else:
            yield Sentence(
                code="none_ready",
                level=Level.PROBLEM,
                text=_("None of its %d endpoints is ready.") % len(served),
                fix=_("Look why the readiness probe of a pod fails:"),
                command=_describe(member, unready or leaving),
                values={"count": len(served), "pods": _pods(unready or leaving)},
            )
    if unready and ready:
        values = {"count": len(unready), "total": len(served), "pods": _pods(unready)}
        yield Sentence(
            code="not_ready",
            level=Level.WARNING,
            text=ngettext(
                "%(count)d of %(total)d endpoints is not ready: %(pods)s.",
                "%(count)d of %(total)d endpoints are not ready: %(pods)s.",
                len(unready),
            )
            % {**values, "pods": _named(unready)},
            fix=_("Look why the readiness probe of a pod fails:"),
            command=_describe(member, unready),
            values=values,
        )
    if leaving and ready:
        values = {"count": len(leaving), "pods": _pods(leaving)}
        yield Sentence(
            code="terminating",
            level=Level.NOTE,
            text=ngettext(
                "%(count)d endpoint is terminating: %(pods)s.",
                "%(count)d endpoints are terminating: %(pods)s.",
                len(leaving),
            )
            % {**values, "pods": _named(leaving)},
            values=values,
        )
    if len(served) < total:
        values = {"count": total - len(served), "total": total, "port": member.service_port}
        yield Sentence(
            code="port_on_some",
            level=Level.WARNING,
            text=ngettext(
                "%(count)d of %(total)d endpoints does not offer the port.",
                "%(count)d of %(total)d endpoints do not offer the port.",
                total - len(served),
            )
            % values,
            fix=_("Pods of different versions are behind the service; all should name the port."),
            values=values,
        )


def _left_out(status: Status, *, some: bool) -> Iterator[Sentence]:
    count = sum(status.refused.values())
    if not count:
        return
    yield Sentence(
        code="addresses_refused",
        level=Level.NOTE if some else Level.WARNING,
        text=ngettext(
            "The registry leaves %(count)d endpoint out, perhaps of this service: %(why)s.",
            "The registry leaves %(count)d endpoints out, perhaps of this service: %(why)s.",
            count,
        )
        % {"count": count, "why": oddities.in_short(status.refused)},
        fix=_("Such addresses never lead to a pod from elsewhere; correct them in the cluster."),
        values={"count": count, "refused": dict(status.refused)},
    )


def _alike(name: str, known: Iterable[str]) -> list[str]:
    """Known names that are like one: also those that contain it, or that it contains."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=_ALIKE, cutoff=0.6)
    part = [one for one in names if one != name and (name in one or one in name)]
    return list(dict.fromkeys([*close, *part]))[:_ALIKE]


def _did_you_mean(alike: list[str]) -> str:
    return _("Did you mean %(names)s?") % {"names": shown(alike)} if alike else ""


def _pods(endpoints: list[wire.Endpoint]) -> list[str]:
    return [one.pod or one.address for one in endpoints[:_NAMED]]


def _named(endpoints: list[wire.Endpoint]) -> str:
    listed = ", ".join(_pods(endpoints))
    return f"{listed}, …" if len(endpoints) > _NAMED else listed


def _describe(member: Member, endpoints: list[wire.Endpoint]) -> str:
    pod = next((one.pod for one in endpoints if one.pod), "")
    if not pod:
        return _kubectl("-n", member.namespace, "get", "pods", "-o", "wide")
    return _kubectl("-n", member.namespace, "describe", "pod", pod)


def _kubectl(*words: str) -> str:
    """A command for a shell; names of a cluster or a person are quoted."""
    return shlex.join(["kubectl", *words])
