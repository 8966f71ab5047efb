"""A move in the words of who reads it."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registries.chronicle.moves import Change, Kind, Move, What

_FEW = 2  # changes that are told one by one


def cause(move: Move) -> str:
    """Why the nodes are as they are now: “pod x became not ready, pod y was removed”."""
    if move.kind == Kind.MOVED:
        return _changes(move)
    return _whole(move)


def change_in_words(change: Change) -> str:
    """What happened to one address."""
    if change.pod:
        subject = _("pod %(name)s") % {"name": change.pod}
    else:
        subject = _("address %(name)s") % {"name": change.address}
    return _sentence(change) % {"subject": subject}


def _sentence(change: Change) -> str:
    match change.what:
        case What.ADDED if change.ready:
            return _("%(subject)s was added")
        case What.ADDED:
            return _("%(subject)s was added, not ready yet")
        case What.REMOVED:
            return _("%(subject)s was removed")
        case What.READY:
            return _("%(subject)s became ready")
        case What.NOT_READY:
            return _("%(subject)s became not ready")
        case What.TERMINATING:
            return _("%(subject)s is terminating")
        case What.DRAINED:
            return _("%(subject)s stopped serving")
        case What.BACK:
            return _("%(subject)s is no longer terminating")
        case What.DIPPED:
            return _("%(subject)s was not ready for a moment")
    return _("%(subject)s changed")


def _changes(move: Move) -> str:
    if len(move.changes) <= _FEW and not move.left_out:
        return _(", ").join(change_in_words(one) for one in move.changes)
    counted = Counter(one.what for one in move.changes)
    parts = [_counted(what, number) for what, number in counted.items()]
    if move.left_out:
        more = ngettext("%(n)d other change", "%(n)d other changes", move.left_out)
        parts.append(more % {"n": move.left_out})
    return _(", ").join(parts)


def _counted(what: str, n: int) -> str:
    match what:
        case What.ADDED:
            text = ngettext("%(n)d node was added", "%(n)d nodes were added", n)
        case What.REMOVED:
            text = ngettext("%(n)d node was removed", "%(n)d nodes were removed", n)
        case What.READY:
            text = ngettext("%(n)d node became ready", "%(n)d nodes became ready", n)
        case What.NOT_READY:
            text = ngettext("%(n)d node became not ready", "%(n)d nodes became not ready", n)
        case What.TERMINATING:
            text = ngettext("%(n)d node is terminating", "%(n)d nodes are terminating", n)
        case What.DRAINED:
            text = ngettext("%(n)d node stopped serving", "%(n)d nodes stopped serving", n)
        case What.BACK:
            text = ngettext(
                "%(n)d node is no longer terminating", "%(n)d nodes are no longer terminating", n
            )
        case What.DIPPED:
            text = ngettext(
                "%(n)d node was not ready for a moment",
                "%(n)d nodes were not ready for a moment",
                n,
            )
        case _other:
            text = ngettext("%(n)d node changed", "%(n)d nodes changed", n)
    return text % {"n": n}


def _whole(move: Move) -> str:
    n = move.services
    match move.kind:
        case Kind.APPEARED:
            return _("the service appeared")
        case Kind.DELETED:
            return _("the service was deleted")
        case Kind.FIRST:
            text = ngettext(
                "%(n)d service was read for the first time",
                "%(n)d services were read for the first time",
                n,
            )
        case Kind.RESTORED:
            text = ngettext(
                "%(n)d service was written again: Redis had lost it",
                "%(n)d services were written again: Redis had lost them",
                n,
            )
        case Kind.MANY:
            text = ngettext("%(n)d service changed at once", "%(n)d services changed at once", n)
        case Kind.MISSED:
            text = ngettext(
                "up to %(n)d change was not recorded", "up to %(n)d changes were not recorded", n
            )
        case _other:
            return ""
    return text % {"n": n}
