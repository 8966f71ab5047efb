"""A real kubectl against the practice cluster: what the article types must work as typed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from practice.testing import PracticeCluster

# The wheel's, of a known version; script/setup --dev installs it.
KUBECTL = str(Path(sys.executable).with_name("kubectl"))

RBAC = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: apisix-k8s-sd-watcher
rules:
- apiGroups: [""]
  resources: ["endpoints"]
  verbs: ["list", "watch"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: apisix-k8s-sd-watcher-binding
subjects:
- kind: ServiceAccount
  name: apisix-k8s-sd-sa
  namespace: apisix
roleRef:
  kind: ClusterRole
  name: apisix-k8s-sd-watcher
  apiGroup: rbac.authorization.k8s.io
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: apisix-k8s-sd-sa
  namespace: apisix
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: hand-1
  namespace: apisix
  labels: {kubernetes.io/service-name: hand}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
- addresses: ["10.0.0.1"]
"""
SECRET = """
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: reader-token
  namespace: apisix
  annotations: {kubernetes.io/service-account.name: reader}
"""


@pytest.fixture(scope="module")
def running() -> Iterator[PracticeCluster]:
    with PracticeCluster(workload=True, replicas=1) as cluster:
        yield cluster


@pytest.fixture
def kubectl(running, tmp_path):
    def run(words, *, text=None, code=0):
        done = subprocess.run(
            [KUBECTL, "--kubeconfig", str(running.kubeconfig), "--cache-dir", str(tmp_path),
             *words.split()],
            input=text, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_the_article_works_as_typed(kubectl):
    kubectl("create namespace typed")
    kubectl("create deployment httpbin --image=kennethreitz/httpbin:latest --replicas=2 -n typed")
    kubectl("create service clusterip httpbin --tcp=80:8081 -n typed")
    assert "successfully rolled out" in kubectl("rollout status deployment/httpbin -n typed")
    found = kubectl("get endpointslices -n typed -o jsonpath={.items[*].endpoints[*].addresses[0]}")
    assert len(found.split()) == 2
    name = kubectl("get svc httpbin -n typed -o jsonpath={.spec.ports[0].name}")
    assert name == "80-8081"
    kubectl("delete namespace typed --timeout=10s")
    assert "NotFound" in kubectl("get namespace typed", code=1)


def test_rbac_is_applied_and_gives_a_working_token(kubectl, running):
    assert kubectl("apply -f -", text=RBAC).count("created") == 3
    assert kubectl("apply -f -", text=RBAC).count("unchanged") == 3
    token = kubectl("create token apisix-k8s-sd-sa -n apisix").strip()
    base = f"--kubeconfig=/dev/null -s {running.server} --certificate-authority={running.ca_file}"
    assert "httpbin" in kubectl(f"{base} --token={token} get endpoints -n apisix")
    assert kubectl(f"{base} --token={token} auth can-i watch endpoints -A").strip() == "yes"
    assert kubectl(f"{base} --token={token} auth can-i get secrets", code=1).strip() == "no"
    refused = kubectl(f"{base} --token={token} get secrets", code=1)
    assert "Error from server (Forbidden): secrets is forbidden" in refused
    assert "apisix-k8s-sd-sa" in kubectl(f"{base} --token={token} auth whoami")


def test_apply_edits_and_deletes_a_slice(kubectl):
    assert "created" in kubectl("apply -f -", text=SLICE)
    changed = SLICE.replace("10.0.0.1", "10.0.0.2")
    assert "configured" in kubectl("apply -f -", text=changed)
    assert "10.0.0.2" in kubectl("get endpointslice hand-1 -n apisix")
    assert "serverside-applied" in kubectl("apply --server-side --force-conflicts -f -", text=SLICE)
    assert "configured" in kubectl("apply -f - --dry-run=server", text=changed)
    assert "patched" in kubectl(
        "patch endpointslice hand-1 -n apisix --type=json "
        '-p=[{"op":"replace","path":"/ports/0/port","value":9090}]'
    )
    kubectl("label endpointslice hand-1 -n apisix tier=web")
    assert "hand-1" in kubectl("get endpointslices -A -l tier=web --show-labels")
    assert "9090" in kubectl("describe endpointslice hand-1 -n apisix")
    assert "deleted" in kubectl("delete endpointslice hand-1 -n apisix")
    bad = SLICE.replace("IPv4", "IPv9")
    assert "Unsupported value" in kubectl("apply -f -", text=bad, code=1)


def test_get_and_describe_show_what_one_expects(kubectl):
    shown = kubectl("get all -n apisix -o wide")
    assert all(word in shown for word in ("pod/httpbin-", "service/httpbin", "deployment.apps/"))
    assert "80/TCP" in kubectl("describe service httpbin -n apisix")
    assert "Running" in kubectl("describe pods -n apisix")
    assert "httpbin" in kubectl("get deploy httpbin -n apisix -o yaml")
    assert "v1.36" in kubectl("version")
    assert "endpointslices" in kubectl("api-resources")
    assert "ok" in kubectl("get --raw /readyz")


def test_scale_is_followed_by_pods(kubectl):
    kubectl("scale deployment httpbin --replicas=2 -n apisix")
    kubectl("rollout status deployment/httpbin -n apisix --timeout=10s")
    kubectl("wait --for=condition=Ready pod -l app=httpbin -n apisix --timeout=10s")
    assert kubectl("get pods -n apisix -l app=httpbin -o name").count("pod/") == 2
    first = kubectl("get pods -n apisix -o name").split()[0]
    assert "deleted" in kubectl(f"delete {first} -n apisix")
    kubectl("scale deployment httpbin --replicas=1 -n apisix")


def test_get_watch_prints_changes(running, tmp_path):
    command = [
        KUBECTL, "--kubeconfig", str(running.kubeconfig), "--cache-dir", str(tmp_path),
        "get", "endpointslices", "-n", "watched", "-w", "--output-watch-events",
    ]  # fmt: skip
    running.put_service("watched", "web", addresses=["10.0.0.1"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "ADDRESSTYPE" in process.stdout.readline()
        assert "10.0.0.1" in process.stdout.readline()
        time.sleep(0.2)
        running.put_service("watched", "web", addresses=["10.0.0.2"])
        line = process.stdout.readline()
        process.terminate()
    assert line.startswith("MODIFIED")
    assert "10.0.0.2" in line


def test_a_token_secret_reads_as_in_the_article(kubectl):
    kubectl("create serviceaccount reader -n apisix")
    kubectl("apply -f -", text=SECRET)
    token = kubectl("get secrets reader-token -n apisix -ojsonpath={.data.token}")
    assert len(token) > 100
    assert "token:" in kubectl("describe secret reader-token -n apisix")
