"""Run a command off the network: `python -m mmrec_helpers.course.offline COMMAND ...`.

Where the kernel allows it the command runs in a network namespace of its own with only loopback up, which Jupyter's
kernels need: no other machine can be reached. Elsewhere a guard in every Python below it refuses connections, packets
and look-ups of names that leave this machine. The guard catches mistakes, not malice: other programs, `ctypes` and
`python -I` get past it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

UP = "import fcntl,socket,struct;s=socket.socket();fcntl.ioctl(s,0x8914,struct.pack('16sh14x',b'lo',0x49))"
"""Brings loopback up without the `ip` command: SIOCSIFFLAGS with IFF_UP, IFF_LOOPBACK and IFF_RUNNING."""

GUARD = '''"""Refuse what leaves this machine; written for the course's tests. It catches mistakes, not malice."""
import ipaddress
import socket
import sys


def _local(host):
    if not isinstance(host, (str, bytes)):
        return True  # none, or no internet address
    host = host.decode() if isinstance(host, bytes) else host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost", socket.gethostname())
    return address.is_loopback or address.is_unspecified


def _guard(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not _local(host):
        raise OSError(f"off the network: {event} of {host!r} was refused")


sys.addaudithook(_guard)
'''


def namespace_works() -> bool:
    """Whether this user may make a network namespace and bring its loopback up."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run(_in_namespace([sys.executable, "-c", ""]), capture_output=True).returncode == 0


def run(command: Sequence[str], guard: bool | None = None) -> int:
    """Run a command off the network; returns its exit code. guard: True for the guard, None for what works here."""
    if guard is None:
        guard = not namespace_works()
    if not guard:
        return subprocess.run(_in_namespace(command)).returncode
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(GUARD, encoding="utf-8")
        paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
        return subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}).returncode


def _in_namespace(command: Sequence[str]) -> list[str]:
    return ["unshare", "-rn", "sh", "-c", '"$0" -c "$1" && shift && exec "$@"', sys.executable, UP, *map(str, command)]


def main(command: Sequence[str]) -> int:
    """Run it and return its exit code; 2 without a command, 127 for one that is not there."""
    if not command:
        print("usage: python -m mmrec_helpers.course.offline COMMAND ...", file=sys.stderr)
        return 2
    if not shutil.which(command[0]):
        print(f"offline: no command {command[0]!r}", file=sys.stderr)
        return 127
    return run(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
