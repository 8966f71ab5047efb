"""Where a driver may write files: who edits a gateway must not write anywhere on the machine of its
driver."""

from __future__ import annotations

import os
from pathlib import Path

from .base import BadSetting, gettext_noop

FOLDERS = "GATEWAYS_FILE_FOLDERS"


def permitted_file(file: str) -> Path:
    """The path of a gateway's setting `file`, if it is below one of the folders that the
    environment of this process names in `FOLDERS` (blanks or commas between). Raises
    `BadSetting`."""
    path = Path(file)
    path = path.parent.resolve() / path.name
    named = os.environ.get(FOLDERS, "").replace(",", " ").split()
    if not any(path.is_relative_to(Path(one).resolve()) for one in named):
        raise BadSetting(
            "file",
            gettext_noop("It is in none of the folders that %(name)s names to the driver."),
            name=FOLDERS,
        )
    return path
