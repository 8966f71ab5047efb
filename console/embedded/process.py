"""Starting a child that ends with us, whatever ends us.

A child gets a session of its own: a Ctrl-C in the terminal reaches us alone, and we stop children
in our order. On Linux the kernel signals it when we die, by kill -9 too; elsewhere only an orderly
end is covered.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

# A child that sees us die before it has asked for the signal; any value but 0 will do.
_ORPHANED = 111


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_our_death: signal.Signals = signal.SIGKILL,
    user: str | None = None,
    **streams: Any,
) -> subprocess.Popen[bytes]:
    """Start a program; `streams` are those of `subprocess.Popen`. With `user` it runs as that user,
    which only root can ask for.

    Call it from the main thread: for the kernel the parent is the thread that started the child.
    """
    return subprocess.Popen(  # noqa: S603 - our own programs with our own arguments
        list(argv),
        env=env,
        cwd=cwd,
        start_new_session=True,
        user=user,
        group=_group_of(user),
        extra_groups=[] if user else None,
        preexec_fn=_ending_with(os.getpid(), on_our_death),
        **streams,
    )


def signal_all(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a child and everything it has started, if any of it is still there."""
    # macOS says the latter of a dead group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _ending_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    libc = _LIBC
    if libc is None:
        return None

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(_ORPHANED)

    return ask_the_kernel


def _group_of(user: str | None) -> int | None:
    if user is None:
        return None
    import pwd

    return pwd.getpwnam(user).pw_gid
