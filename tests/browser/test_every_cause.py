"""Why no node, for each cause as it comes about in a real cluster: on its page, and in the form
before anything is published."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House

pytestmark = pytest.mark.slow

NAMESPACE = "causes"
_Fields = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """What is unlike a member with nodes: of its registry, of itself, of its service's slice; and
    what is said of it. `draft`: it is said of the application, not of the member."""

    code: str
    says: str
    registry: _Fields = field(default_factory=dict)
    member: _Fields = field(default_factory=dict)
    service: _Fields = field(default_factory=dict)
    draft: bool = False


CAUSES = [
    Cause("registry_failing", "is failing since", registry={"token": "nonsense", "verify": False}),
    Cause("registry_disabled", "is disabled", registry={"enabled": False}),
    Cause(
        "namespace_not_listed",
        f"“{NAMESPACE}” is not among them",
        registry={"namespaces": ["apisix"]},
    ),
    Cause(
        "namespace_excluded",
        f"leaves “{NAMESPACE}” out",
        registry={"namespace_operator": "not_equal", "namespace_patterns": [NAMESPACE]},
    ),
    Cause("namespace_unknown", "nor any other in that namespace", member={"namespace": "nowhere"}),
    Cause("service_absent", "Did you mean", member={"service": "a-caus"}),
    Cause("no_endpoints", "no pod is behind it", service={"addresses": []}),
    Cause("none_ready", "None of its 3 endpoints is ready.", service={"ready": False}),
    Cause(
        "port_unknown",
        "has no port “http”; it offers metrics, web",
        member={"service_port": "http"},
    ),
    Cause("port_not_chosen", "has several ports", member={"service_port": ""}),
    Cause("application_draft", "is a draft: gateways do not know it", draft=True),
]


class Scene:
    """An application whose member has a cause to have no nodes."""

    def __init__(self, house: House, cause: Cause) -> None:
        self.house = house
        self.service = f"a-cause-{time.time_ns()}"
        self._paths: list[str] = []
        self._slice = {"addresses": [f"127.1.55.{n}" for n in (1, 2, 3)], **cause.service}

    def make(self, cause: Cause) -> None:
        # With one port at first: nobody is let choose none of several that are known.
        self._serve(("web", 8080))
        house = self.house
        registry = self._made(
            "registries/",
            {
                "name": f"{cause.code}-{time.time_ns()}",
                "server": house.cluster.server,
                "token": house.cluster.token,
                "ca_bundle": house.cluster.ca,
                **cause.registry,
            },
        )
        member = {"namespace": NAMESPACE, "service": self.service, "service_port": "web"}
        self.application = self._made(
            "applications/",
            {
                "name": self.service,
                "hosts": [f"{self.service}.org"],
                "upstream": {
                    "members": [
                        {
                            "kind": "discovery",
                            "registry": registry["id"],
                            **member,
                            **cause.member,
                        }
                    ]
                },
            },
        )

        self._serve(("web", 8080), ("metrics", 9090))

    def _serve(self, *ports: tuple[str, int]) -> None:
        self.house.cluster.put_service(NAMESPACE, self.service, ports=list(ports), **self._slice)

    def _made(self, path: str, body: _Fields) -> Any:
        made = self.house.made(path, body)
        self._paths.append(f"{path}{made['id']}/")
        return made

    def forget(self) -> None:
        for path in reversed(self._paths):
            self.house.api("DELETE", path)
        self.house.cluster.delete_service(NAMESPACE, self.service)


@pytest.fixture(params=CAUSES, ids=lambda one: one.code)
def cause(request: pytest.FixtureRequest) -> Cause:
    found: Cause = request.param
    return found


@pytest.fixture
def scene(house: House, cause: Cause) -> Iterator[Scene]:
    made = Scene(house, cause)
    try:
        made.make(cause)
        yield made
    finally:
        made.forget()


def test_each_cause_is_said_on_its_page_and_in_the_form(
    inside: Page, scene: Scene, cause: Cause
) -> None:
    tab, application = inside, scene.application
    tab.goto(f"/applications/upstreams/{application['upstream']['id']}/explain/")
    said = tab.locator(f"#why [data-code={cause.code}]").first
    expect(said).to_contain_text(cause.says)
    # What may have been drawn before the registry was read is drawn anew by itself; what is asked
    # for once, the form, is asked for after that.
    tab.goto(f"/applications/{application['id']}/edit/")
    form = tab.locator(f"#upstream [data-code={cause.code}]")
    if cause.draft:
        expect(tab.locator("#upstream")).to_contain_text("3 ready nodes")
        expect(form).to_have_count(0)
    else:
        expect(form.first).to_contain_text(cause.says)
        expect(tab.get_by_label("Publish")).not_to_be_checked()
    tab.goto("about:blank")
