"""The canary: what is published is what the cluster says, found out by a way of its own."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from console.contract import keys, wire
from console.redis import Client
from practice.testing import PracticeCluster
from registries import health, rounds, truth
from registries.models import Registry
from registries.tasks import compare_feeds
from registries.truth import Comparison, Difference
from tests.registries.watched import Published, registry_of, watching
from tests.threads import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WEB = "shop/web"


@pytest.fixture(scope="module")
def shared() -> Iterator[PracticeCluster]:
    with PracticeCluster() as running:
        yield running


@pytest.fixture
def cluster(shared: PracticeCluster) -> Iterator[PracticeCluster]:
    shared.put_service("shop", "web", addresses=["10.0.0.1", "10.0.0.2"])
    shared.put_service("bank", "web", addresses=[])
    for number in range(3):
        shared.put_service("bank", f"s{number}", addresses=[f"10.0.1.{number}"])
    yield shared
    shared.clear_faults()


@pytest.fixture
def registry(cluster: PracticeCluster, store: Client) -> Registry:
    """A registry that was watched and is watched no longer: its feed stays as it is."""
    registry = registry_of(cluster, label_selector="tier!=none")
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        eventually(lambda: published.status.phase == "connected")
    return registry


def tamper(store: Client, registry: Registry, *endpoints: wire.Endpoint, name: str = WEB) -> None:
    states = keys.feed(keys.registry(str(registry.pk))).states
    namespace, _, service = name.partition("/")
    subset = wire.Subset(ports=(wire.Port(port=80),), endpoints=endpoints)
    made = wire.Service(namespace=namespace, name=service, subsets=(subset,))
    store.hset(states, name, wire.encode(made))


def compare(registry: Registry, **options: object) -> Comparison:
    return truth.compare(registry.to_spec(), services=99, pause=lambda _: None, **options)  # type: ignore[arg-type]


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("compareregistry", *words, stdout=out)
    return out.getvalue()


def test_what_was_published_is_what_the_cluster_says(registry: Registry) -> None:
    found = compare(registry)
    assert (found.differences, found.error) == ((), "")
    assert found.services > truth.SERVICES
    assert truth.compare(registry.to_spec()).services == truth.SERVICES


def test_a_feed_that_was_tampered_with_is_named_by_service_and_address(
    registry: Registry, store: Client
) -> None:
    tamper(
        store,
        registry,
        wire.Endpoint(address="10.0.0.1", ready=False),
        wire.Endpoint(address="6.6.6.6"),
    )
    [found] = compare(registry).differences
    assert found == Difference(
        service=WEB, missing=("10.0.0.2",), surplus=("6.6.6.6",), changed=("10.0.0.1",)
    )


def test_endpoints_are_compared_where_these_are_watched(
    cluster: PracticeCluster, store: Client
) -> None:
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "web", "namespace": "old"},
            "subsets": [
                {
                    "addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}],
                    "notReadyAddresses": [{"ip": "10.0.0.3"}],
                    "ports": [{"port": 80}],
                }
            ],
        }
    )
    registry = registry_of(cluster, resource="endpoints")
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of("old/web") == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    assert compare(registry).differences == ()
    tamper(store, registry, wire.Endpoint(address="10.0.0.1"), name="old/web")
    [found] = compare(registry, resource="endpoints").differences
    assert (found.missing, found.surplus) == (("10.0.0.2", "10.0.0.3"), ())


def test_what_is_refused_or_of_the_other_family_is_no_difference(
    cluster: PracticeCluster, registry: Registry
) -> None:
    labels = {"kubernetes.io/service-name": "web"}
    for number, (family, address) in enumerate(
        [("IPv4", "100.100.100.200"), ("IPv6", "fd00::1"), ("FQDN", "example.org")]
    ):
        cluster.apply(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": f"odd-{number}", "namespace": "shop", "labels": labels},
                "addressType": family,
                "endpoints": [{"addresses": [address]}],
                "ports": [{"name": "", "port": 80}],
            }
        )
    assert compare(registry).differences == ()


def test_what_is_put_right_before_the_second_look_does_not_count(
    cluster: PracticeCluster, registry: Registry, store: Client
) -> None:
    tamper(store, registry, wire.Endpoint(address="6.6.6.6"))
    pauses = []

    def publish(seconds: float) -> None:
        pauses.append(seconds)
        tamper(
            store, registry, wire.Endpoint(address="10.0.0.1"), wire.Endpoint(address="10.0.0.2")
        )

    found = truth.compare(registry.to_spec(), services=99, pause=publish)
    assert found.differences == ()
    assert pauses == [truth.SECOND_LOOK]


def test_a_cluster_that_does_not_answer_is_no_difference(
    cluster: PracticeCluster, registry: Registry, store: Client
) -> None:
    tamper(store, registry, wire.Endpoint(address="6.6.6.6"))
    cluster.fault("revoke")
    found = compare(registry)
    assert (found.services, found.differences) == (0, ())
    assert "401" in found.error
    assert found.reason == "unauthorized"


def test_the_task_leaves_its_finding_for_ten_minutes(registry: Registry, store: Client) -> None:
    compare_feeds()
    registry_id = str(registry.pk)
    found = truth.read([registry_id])[registry_id]
    assert (found.services, found.differences) == (truth.SERVICES, ())
    assert 590 < store.ttl(keys.truth(keys.registry(registry_id))) <= 600
    assert truth.read([str(registry.control_plane_id)]).popitem()[1] == Comparison()


def test_a_round_takes_only_what_is_connected_and_the_longest_unseen_first(
    cluster: PracticeCluster, registry: Registry, store: Client
) -> None:
    other, away = registry_of(cluster), registry_of(cluster)
    health.board.say(str(other.pk), health.Status(phase="connected"))
    health.board.say(str(away.pk), health.Status(phase="failing"))
    ticks = iter([0.0, 0.0, 99.0])
    stop = threading.Event()
    assert rounds.compare_all(stop=stop, clock=lambda: next(ticks)) == 1
    seen = [one for one in (registry, other) if truth.read([str(one.pk)])[str(one.pk)].compared_at]
    assert len(seen) == 1
    ticks = iter([0.0, 0.0, 99.0])
    assert rounds.compare_all(stop=stop, clock=lambda: next(ticks)) == 1
    ids = [str(one.pk) for one in (registry, other, away)]
    assert [bool(truth.read(ids)[one].compared_at) for one in ids] == [True, True, False]


def test_two_rounds_do_not_run_at_once(registry: Registry, store: Client) -> None:
    store.set(keys.lease("truth"), "another")
    assert rounds.compare_all(stop=threading.Event()) == 0


def test_the_command_says_that_all_is_equal(registry: Registry) -> None:
    assert run(registry.name, "--services", "99").endswith("no difference\n")
    assert run("--all").startswith(f"{registry.name}: services compared: 3")


def test_the_command_names_what_differs_and_fails(registry: Registry, store: Client) -> None:
    tamper(store, registry, wire.Endpoint(address="10.0.0.1"))
    out = io.StringIO()
    with pytest.raises(CommandError, match="differ") as failure:
        call_command("compareregistry", registry.name, "--services", "99", stdout=out)
    assert failure.value.returncode == 1
    assert f"{registry.name}: {WEB} differs: missing in the feed 10.0.0.2\n" in out.getvalue()


def test_the_command_names_a_cluster_that_cannot_be_asked(
    cluster: PracticeCluster, registry: Registry
) -> None:
    cluster.fault("revoke")
    with pytest.raises(CommandError) as failure:
        run(registry.name)
    assert failure.value.returncode == 2


@pytest.mark.parametrize(
    "words", [(), ("some", "--all"), ("nobody",), ("--all", "--services", "0")]
)
def test_a_wrong_command_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*words)
