"""The command line: serve a practice cluster, or talk to the one that serves a data folder."""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from practice.saying import say
from practice.schema import Json

DATA = Path("var/practice")


def call_side(data: Path, method: str, path: str, body: Json | None = None) -> Any:
    """Ask the side port of the cluster that serves `data`; refusals become SystemExit."""
    try:
        about = json.loads((data / "side.json").read_text())
    except FileNotFoundError:
        raise SystemExit(f"no practice cluster keeps its data in {data}") from None
    request = urllib.request.Request(  # noqa: S310  (the address is our own file's)
        about["url"] + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {about['secret']}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(json.load(error).get("error", str(error))) from None
    except OSError as error:
        raise SystemExit(f"the practice cluster of {data} does not answer: {error}") from None


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="practice", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("--data", type=Path, default=DATA, help="data folder (%(default)s)")
        return command

    serve = add("serve", "run a cluster in the foreground")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=6443)
    serve.add_argument("--side-port", type=int, default=0)
    serve.add_argument("--replicas", type=int, default=3, help="of httpbin, at the first start")
    serve.add_argument("--no-workload", action="store_true", help="start no processes")
    serve.add_argument("--target-port", type=int, default=8081, help="of the replicas")
    serve.add_argument("--drain", type=float, default=1.0, help="seconds from leaving to SIGTERM")
    serve.add_argument("--release", choices=("1.23", "1.36"), default="1.36", help="behave as")
    serve.add_argument("--bookmark-every", type=float, default=60.0)
    scale = add("scale", "set the replicas of a deployment")
    scale.add_argument("name")
    scale.add_argument("replicas", type=int)
    scale.add_argument("-n", "--namespace", default="apisix")
    fault = add("fault", "make something go wrong: KIND [name=value ...], list, or clear [ID]")
    fault.add_argument("kind")
    fault.add_argument("settings", nargs="*")
    add("requests", "count the requests so far")
    add("token", "print the discovery account's token")
    add("kubeconfig", "print the administrator's kubeconfig")
    return parser


def setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SystemExit(f"not name=value: {text}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run_fault(args: argparse.Namespace) -> int:
    if args.kind == "list":
        for standing in call_side(args.data, "GET", "/faults")["faults"]:
            say(json.dumps(standing))
    elif args.kind == "clear":
        query = f"?id={int(args.settings[0])}" if args.settings else ""
        call_side(args.data, "DELETE", f"/faults{query}")
    else:
        body = {"kind": args.kind, **dict(map(setting, args.settings))}
        say(json.dumps(call_side(args.data, "POST", "/faults", body)))
    return 0


def show(path: Path) -> int:
    try:
        say(path.read_text().strip())
    except FileNotFoundError:
        raise SystemExit(f"no practice cluster keeps its data in {path.parent}") from None
    return 0


def main(argv: list[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    if args.command == "serve":
        from practice.serve import serve

        return serve(args)
    if args.command == "scale":
        body = {"namespace": args.namespace, "name": args.name, "replicas": args.replicas}
        call_side(args.data, "POST", "/scale", body)
        return 0
    if args.command == "fault":
        return run_fault(args)
    if args.command == "requests":
        for name, count in call_side(args.data, "GET", "/requests")["counts"].items():
            say(f"{count:7} {name}")
        return 0
    return show(args.data / args.command)
