"""What the first start makes is made once; what people do with it afterwards is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from applications import actions as applications
from applications.models import Api, Application, Member
from console import demo
from console.models import ControlPlane
from gateways import actions as gateways
from gateways.models import Gateway
from practice.testing import PracticeCluster
from registries import actions as registries
from registries.models import Registry
from tests.factories import make_control_plane

pytestmark = pytest.mark.django_db


@pytest.fixture
def wishes(cluster: PracticeCluster, store: Any) -> demo.Wishes:
    return demo.Wishes(
        password="first-password",
        gateway_url="http://127.0.0.1:9080",
        gateway_redis_url="redis://:hidden@127.0.0.1:7000/2",
        gateway_redis_url_before="",
        cluster_url=cluster.server,
        cluster_url_before="",
        cluster_folder=str(cluster.ca_file.parent),
        report="",
    )


def counts() -> list[int]:
    models = (User, ControlPlane, Gateway, Registry, Application, Member, Api)
    return [model.objects.count() for model in models]


def test_the_first_start_makes_the_walk_through_and_the_second_nothing(wishes: demo.Wishes) -> None:
    done = demo.make(wishes)
    assert (done.administrator, done.sample) == (True, True)
    assert counts() == [1] * 7
    assert User.objects.get().check_password("first-password")
    again = demo.make(wishes)
    assert (again.administrator, again.sample) == (False, True)
    assert counts() == [1] * 7


def test_the_password_of_redis_is_kept_as_a_secret(wishes: demo.Wishes) -> None:
    demo.make(wishes)
    gateway = Gateway.objects.get()
    assert gateway.settings["redis_url"] == "redis://127.0.0.1:7000/2"
    assert gateway.secret.reveal() == "hidden"


def test_a_user_of_redis_goes_into_the_secret_as_well(wishes: demo.Wishes) -> None:
    wishes.gateway_redis_url = "rediss://house:p%3Aw@redis.example.org/2"
    demo.make(wishes)
    gateway = Gateway.objects.get()
    assert gateway.settings["redis_url"] == "rediss://redis.example.org/2"
    assert gateway.secret.reveal() == "house:p:w"


def test_an_empty_house_has_a_gateway_and_no_samples(wishes: demo.Wishes) -> None:
    wishes.cluster_url = ""
    assert not demo.make(wishes).sample
    assert counts() == [1, 1, 1, 0, 0, 0, 0]


def test_what_was_deleted_stays_deleted(wishes: demo.Wishes) -> None:
    demo.make(wishes)
    applications.delete_api(api=Api.objects.get(), actor=None)
    applications.delete_application(application=Application.objects.get(), actor=None)
    registries.delete_registry(registry=Registry.objects.get(), actor=None)
    assert not demo.make(wishes).sample
    assert counts() == [1, 1, 1, 0, 0, 0, 0]


def test_objects_follow_the_servers_that_have_moved(
    wishes: demo.Wishes, cluster: PracticeCluster
) -> None:
    demo.make(wishes)
    Registry.objects.update(server="https://127.0.0.1:1")
    wishes.cluster_url_before = "https://127.0.0.1:1"
    wishes.gateway_redis_url_before = wishes.gateway_redis_url
    wishes.gateway_redis_url = "redis://:other@127.0.0.1:7001/2"
    demo.make(wishes)
    gateway = Gateway.objects.get()
    assert Registry.objects.get().server == cluster.server
    assert gateway.settings["redis_url"] == "redis://127.0.0.1:7001/2"
    assert gateway.secret.reveal() == "other"


def test_objects_that_people_have_pointed_elsewhere_stay_there(
    wishes: demo.Wishes, tmp_path: Path
) -> None:
    demo.make(wishes)
    Registry.objects.update(server="https://kubernetes.example.org")
    Gateway.objects.update(settings={"redis_url": "redis://redis.example.org/0"})
    wishes.cluster_url_before, wishes.gateway_redis_url_before = wishes.cluster_url, "redis://x/2"
    demo.make(wishes)
    assert Registry.objects.get().server == "https://kubernetes.example.org"
    assert Gateway.objects.get().settings["redis_url"] == "redis://redis.example.org/0"


def test_a_control_plane_that_is_there_is_used(wishes: demo.Wishes) -> None:
    plane = make_control_plane(name="Ours", slug="ours")
    demo.make(wishes)
    assert Gateway.objects.get().control_plane == plane


def test_a_house_with_envoy_makes_a_gateway_of_that_kind(wishes: demo.Wishes) -> None:
    wishes.gateway, wishes.envoy_admin_url = "envoy", "http://127.0.0.1:9901"
    done = demo.make(wishes)
    gateway = Gateway.objects.get()
    assert done.gateway == str(gateway.pk)
    assert (gateway.kind, gateway.settings["port"]) == ("envoy", 9080)
    assert demo.make(wishes).gateway == done.gateway
    wishes.gateway_url = "http://127.0.0.1:9090"
    wishes.envoy_admin_url_before = wishes.envoy_admin_url
    wishes.envoy_admin_url = "http://127.0.0.1:9902"
    assert demo.make(wishes).gateway == done.gateway
    gateway.refresh_from_db()
    assert gateway.settings["port"] == 9090
    assert gateway.settings["admin_urls"] == ["http://127.0.0.1:9902"]


def test_an_envoy_whose_gateway_was_deleted_has_none(wishes: demo.Wishes) -> None:
    wishes.gateway, wishes.envoy_admin_url = "envoy", "http://127.0.0.1:9901"
    demo.make(wishes)
    gateways.delete_gateway(gateway=Gateway.objects.get(), actor=None)
    assert demo.make(wishes).gateway == ""
