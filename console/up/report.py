"""What `manage.py up` says when everything runs."""

from __future__ import annotations

import os
from pathlib import Path

from console.demo import ADMINISTRATOR, SAMPLE_HOST, Done

from .plan import Plan

_RULE = "─" * 76


def text(plan: Plan, done: Done, *, password: str, problem: str) -> str:
    """The block at the end of the start. `password` is given only at the first one."""
    lines = [("Console", plan.console_url), ("Login", login(password))]
    lines.append(("Gateway", f"{plan.gateway_url}  ({'Traefik' if plan.traefik else 'Envoy'})"))
    if done.sample:
        lines.append(("Try", f"curl {plan.gateway_url}/anything -H 'Host: {SAMPLE_HOST}' -i"))
    if not plan.options.empty:
        data = _data_option(plan.cluster_folder)
        lines.append(("Scale", f".venv/bin/python -m practice scale httpbin 5{data}"))
        lines.append(("Cluster", f"kubectl --kubeconfig {_short(plan.cluster_folder)}/kubeconfig"))
    body = [f"  {name:<9}{value}" for name, value in lines]
    if problem:
        body += [
            "",
            f"  {problem}",
            f"  Look at the registry's status in the console ({plan.console_url}),"
            f" and at the lines of worker and {plan.options.gateway} above.",
        ]
    head = "  Portolan is up." if not problem else "  Portolan is up, but its sample is not."
    return "\n".join(["", _RULE, head, "", *body, "", "  Ctrl-C stops everything.", _RULE, ""])


def login(password: str) -> str:
    """How to log in; without a password: where it was told."""
    if password:
        return f"{ADMINISTRATOR} / {password}  (shown only this once)"
    return (
        f"{ADMINISTRATOR}, with the password printed at the first start; a new one by\n"
        f"           .venv/bin/python manage.py changepassword {ADMINISTRATOR}"
    )


def _data_option(folder: Path) -> str:
    """Nothing where the practice cluster's own default is meant."""
    return "" if _short(folder) == "var/practice" else f" --data {_short(folder)}"


def _short(path: Path) -> str:
    """As it is typed from where we are."""
    try:
        return str(path.relative_to(Path(os.getcwd())))
    except ValueError:
        return str(path)
