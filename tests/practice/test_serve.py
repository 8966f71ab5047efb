from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from practice.testing import PracticeCluster
from tests.practice.conftest import SLICES, Api

ROOT = Path(__file__).parents[2]


def practice(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "practice", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False, **more,
    )  # fmt: skip


@contextmanager
def served(data, *words):
    """Run `practice serve` until its ready line; yields the process and its URL."""
    command = [sys.executable, "-u", "-m", "practice", "serve", "--data", str(data), "--port", "0"]
    with subprocess.Popen(
        [*command, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("ready https://127.0.0.1:")
            yield process, line.split()[1]
        finally:
            process.terminate()
            process.communicate(timeout=20)


def get(url, data, path):
    tls = ssl.create_default_context(cafile=data / "ca.crt")
    token = (data / "token").read_text()
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, context=tls, timeout=20) as answer:
        return answer.read().decode()


def gone(pids):
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if not any(psutil.pid_exists(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_objects_uids_and_tokens_outlive_a_restart(tmp_path):
    with PracticeCluster(data=tmp_path) as cluster:
        cluster.put_service("shop", "web", addresses=["10.0.0.1"])
        uid = cluster.get("services", "shop", "web")["metadata"]["uid"]
        identity = cluster.get("ns", "", "kube-system")["metadata"]["uid"]
        version, token = cluster.version, cluster.token
    with PracticeCluster(data=tmp_path) as cluster:
        assert cluster.get("services", "shop", "web")["metadata"]["uid"] == uid
        assert cluster.get("ns", "", "kube-system")["metadata"]["uid"] == identity
        assert int(cluster.version) > int(version)
        api = Api(cluster, token)
        assert len(api.get(SLICES).json["items"]) == 1
        events = list(api.watch(f"{SLICES}?watch=1&resourceVersion={version}"))
        assert [(e["type"], e["object"]["code"]) for e in events] == [("ERROR", 410)]


def test_the_folder_tells_all_one_needs(tmp_path):
    with served(tmp_path, "--no-workload") as (process, url):
        for name in ("kubeconfig", "token", "side.json", "server.key", "admin-token"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600, name
        assert "EndpointSliceList" in get(url, tmp_path, SLICES)
        assert practice("token", "--data", str(tmp_path)).stdout.count(".") == 2
        assert url in practice("kubeconfig", "--data", str(tmp_path)).stdout
        added = practice("fault", "status", "code=503", "count=1", "--data", str(tmp_path))
        assert added.stdout.strip() == '{"id": 1}'
        with pytest.raises(urllib.error.HTTPError, match="503"):
            get(url, tmp_path, SLICES)
        assert "list endpointslices" in practice("requests", "--data", str(tmp_path)).stdout
        assert "no such fault" in practice("fault", "flood", "--data", str(tmp_path)).stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_a_taken_port_is_one_clear_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        tried = practice("serve", "--data", str(tmp_path), "--port", port)
    assert tried.returncode == 1
    assert tried.stdout == ""
    assert re.fullmatch(rf"practice: can't listen on 127\.0\.0\.1:{port} .*\n", tried.stderr)


def test_commands_say_when_nothing_is_served(tmp_path):
    for words in (("scale", "httpbin", "2"), ("token",), ("fault", "compact")):
        tried = practice(*words, "--data", str(tmp_path))
        assert tried.returncode == 1
        assert "no practice cluster keeps its data in" in tried.stderr


def test_replicas_serve_and_a_restart_keeps_them(tmp_path):
    with served(tmp_path, "--replicas", "2") as (process, url):
        first = get(url, tmp_path, SLICES)
        assert practice("scale", "httpbin", "3", "--data", str(tmp_path)).returncode == 0
        children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        time.sleep(1)
        began = time.monotonic()
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - began < 9, "nobody was killed for not ending"
        assert gone(children)
    with served(tmp_path) as (process, url):
        again = get(url, tmp_path, SLICES)
        assert again.count('"ready":true') == 3
        for pod in re.findall(r'"name":"(httpbin-[0-9a-f]+-\w+)"', first):
            assert pod in again


def test_a_killed_cluster_leaves_no_process(tmp_path):
    with served(tmp_path, "--replicas", "2") as (process, _):
        children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        assert len(children) == 3
        os.kill(process.pid, signal.SIGKILL)
        assert gone(children)
