"""What a registry adds: whether it is read at all, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from registries import wording
from registries.health import Phase, Status
from registries.kube import selectors
from registries.models import Registry

from .moments import moment
from .sentences import Level, Sentence

_SHOWN = 8  # names in a list


def is_read(status: Status) -> bool:
    """Whether what is not known of a registry does not exist."""
    return status.phase == Phase.CONNECTED


def sentences(registry: Registry, status: Status, *, has_nodes: bool) -> Iterator[Sentence]:
    """Why what is known of a registry may be old or nothing."""
    level = Level.WARNING if has_nodes else Level.PROBLEM
    name = {"registry": registry.name}
    if not registry.enabled:
        yield Sentence(
            code="registry_disabled",
            level=level,
            text=_("The registry “%(registry)s” is disabled; its nodes stay as they were.") % name,
            fix=_("Enable the registry to follow its services again."),
            url=reverse("registries:registry-edit", args=[registry.pk]),
            action=_("Edit the registry"),
            values=name,
        )
    elif status.phase == Phase.FAILING:
        yield _failing(registry, status, level, has_nodes=has_nodes)
    elif status.phase != Phase.CONNECTED and has_nodes:
        yield Sentence(
            code="registry_unread",
            level=Level.NOTE,
            text=_(
                "The registry “%(registry)s” is being read again; its nodes are those from before."
            )
            % name,
            values={**name, "phase": status.phase},
        )
    elif status.phase != Phase.CONNECTED:
        yield Sentence(
            code="registry_unread",
            level=level,
            text=_("The registry “%(registry)s” has not been read yet.") % name,
            fix=_("It takes a moment after its creation. If it stays so, no worker has room."),
            url=reverse("registries:registry-detail", args=[registry.pk]),
            action=_("Open the registry"),
            values={**name, "phase": status.phase},
        )


def _failing(registry: Registry, status: Status, level: Level, *, has_nodes: bool) -> Sentence:
    said = wording.of(status)
    values = {
        "registry": registry.name,
        "why": said.headline,
        "reason": status.reason,
        "since": status.since,
    }
    if status.since:
        shown = {**values, "since": moment(status.since)}
        text = _("The registry “%(registry)s” is failing since %(since)s: %(why)s.") % shown
    else:
        text = _("The registry “%(registry)s” is failing: %(why)s.") % values
    kept = _("Its nodes stay as they were last seen.")
    return Sentence(
        code="registry_failing",
        level=level,
        text=f"{text} {kept}" if has_nodes else text,
        detail=status.text,
        fix=said.fix
        or _("Test the connection: it names the step that fails, and the command that helps."),
        command=said.command,
        url=reverse("registries:registry-detail", args=[registry.pk]),
        action=_("Open the registry"),
        values=values,
    )


def scope(registry: Registry, namespace: str, *, has_nodes: bool) -> Iterator[Sentence]:
    """Which of a registry's rules leave a namespace out. Both may."""
    level = Level.WARNING if has_nodes else Level.PROBLEM
    edit = {
        "url": reverse("registries:registry-edit", args=[registry.pk]),
        "action": _("Edit the registry"),
    }
    if registry.namespaces and namespace not in registry.namespaces:
        values = {
            "registry": registry.name,
            "namespace": namespace,
            "namespaces": shown(registry.namespaces),
        }
        yield Sentence(
            code="namespace_not_listed",
            level=level,
            text=_(
                "The registry “%(registry)s” reads the namespaces %(namespaces)s only;"
                " “%(namespace)s” is not among them."
            )
            % values,
            fix=_("Add the namespace to the registry; its account needs a Role there."),
            values=values,
            **edit,
        )
    operator, patterns = registry.namespace_operator, tuple(registry.namespace_patterns)
    if operator and not selectors.namespace_filter(operator, patterns)(namespace):
        rule = Registry.NamespaceOperator(operator)
        values = {
            "registry": registry.name,
            "namespace": namespace,
            "operator": str(rule.label),
            "patterns": shown(patterns),
        }
        yield Sentence(
            code="namespace_excluded",
            level=level,
            text=_(
                "The namespace selector of the registry “%(registry)s” (%(operator)s: %(patterns)s)"
                " leaves “%(namespace)s” out."
            )
            % values,
            fix=_("Change the registry's namespace selector."),
            values={**values, "operator": operator},
            **edit,
        )


def shown(names: list[str] | tuple[str, ...]) -> str:
    """Names in a sentence; of many the first ones."""
    listed = ", ".join(names[:_SHOWN])
    return f"{listed}, …" if len(names) > _SHOWN else listed
