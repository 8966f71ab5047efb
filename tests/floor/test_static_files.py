"""In production static files are packed, and have names under which browsers keep them for good."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BASE = Path(__file__).parents[2]
# Of packages whose pages we show, what their templates name.
OTHERS = (
    "admin/css/base.css",
    "admin/js/core.js",
    "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
    "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-standalone-preset.js",
    "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
    "drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png",
    "django_htmx/htmx-2.min.js",
)
_ASK = """
from django.templatetags.static import static
from django.test import Client
url = static("tabler/css/tabler.min.css")
answer = Client().get(url, HTTP_ACCEPT_ENCODING="gzip", HTTP_HOST="localhost")
print(url, answer.status_code, answer.headers["Content-Encoding"], answer.headers["Cache-Control"])
print(len(b"".join(answer)))
"""


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_collected_files_are_packed_and_kept_for_good(tmp_path: Path) -> None:
    told = {**os.environ, "STATIC_FROM_SOURCE": "0", "PORTOLAN_VAR": str(tmp_path)}

    def manage(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=BASE,
            env=told,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    manage("collectstatic", "--no-input", "--verbosity=0")
    listed = json.loads((tmp_path / "static/staticfiles.json").read_text())["paths"]
    named = {
        name
        for one in (BASE / "templates").rglob("*.html")
        for name in re.findall(r"{% static ['\"]([^'\"]+)['\"] %}", one.read_text())
    }
    assert named
    assert {*named, *OTHERS} <= listed.keys()
    first, size = manage("shell", "--no-imports", "-c", _ASK).splitlines()[-2:]
    assert re.fullmatch(
        r"/static/tabler/css/tabler\.min\.[0-9a-f]{12}\.css 200 gzip"
        r" max-age=315360000, public, immutable",
        first,
    )
    assert int(size) < 100_000
