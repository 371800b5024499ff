"""Root's way of running what it does not trust: as another user, with folders lent for the while.

Where Lockgate runs as root (CodeBuild ignores an image's USER), whatever executes a solution's code
runs as the user that LOCKGATE_TEST_USER names, which the image sets. What that user made is taken
back when the process has ended, so that no later test can change an environment or an artifact.
Where Lockgate is not root, or the variable is not set, everything here does nothing.
"""

from __future__ import annotations

import os
import pwd
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from runner.errors import InfrastructureError, SolutionError

VARIABLE = "LOCKGATE_TEST_USER"
# What root needs to run another user's process and to end it: capabilities(7), by their bits.
NEEDED = {"CHOWN": 0, "KILL": 5, "SETGID": 6, "SETUID": 7}


def test_user(
    environ: Mapping[str, str] = os.environ, uid: int | None = None, capabilities: int | None = None
) -> pwd.struct_passwd | None:
    """The user that solution code is run as; None where this process has no root to lose.

    Raises InfrastructureError where the variable names nobody or root again, and where this root
    has not the rights to become somebody else."""
    name = environ.get(VARIABLE, "")
    if not name or (os.geteuid() if uid is None else uid) != 0:
        return None
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise InfrastructureError(f"there is no user {name!r}", where=VARIABLE) from None
    if user.pw_uid == 0:
        raise InfrastructureError(f"{name!r} is root", where=VARIABLE, hint="name another user, or unset it")
    if missing := missing_capabilities(capabilities):
        raise InfrastructureError(
            f"root without CAP_{', CAP_'.join(missing)} cannot run anything as {name!r}",
            where=VARIABLE,
            hint="start the image as its own user, not as root, or leave root these capabilities",
        )
    return user


def missing_capabilities(held: int | None = None) -> list[str]:
    """What root needs and this process does not hold (a mask; by default its own, on Linux)."""
    if held is None:
        try:
            status = Path("/proc/self/status").read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        held = int(next(line for line in status.splitlines() if line.startswith("CapEff")).split()[1], 16)
    return [name for name, bit in NEEDED.items() if not held >> bit & 1]


def require_readable(root: Path) -> None:
    """The test user gets to the solution; raises InfrastructureError where a folder is in the way."""
    user = test_user()
    for folder in (root, *root.parents) if user else ():
        found, wanted = folder.stat(), stat.S_IROTH | stat.S_IXOTH if folder == root else stat.S_IXOTH
        if user and found.st_uid != user.pw_uid and found.st_mode & wanted != wanted:
            raise InfrastructureError(
                f"{user.pw_name}, who runs the tests, cannot get into this folder",
                where=str(folder),
                hint=f"chmod o+rx {folder}",
            )


def give(folder: Path) -> None:
    """A folder, and what is in it, to the test user for good."""
    if user := test_user():
        _own(folder, user.pw_uid, user.pw_gid)


@contextmanager
def lent(*folders: Path) -> Iterator[None]:
    """Folders, made where missing, that are the test user's with all that is in them; then again
    whose the folder above is."""
    user = test_user()
    if user is None:
        yield
        return
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        _own(folder, user.pw_uid, user.pw_gid)
    try:
        yield
    finally:
        for folder in folders:
            above = folder.parent.stat()
            _own(folder, above.st_uid, above.st_gid)


@contextmanager
def writable(root: Path, outputs: Sequence[str]) -> Iterator[None]:
    """Outputs of a command (paths relative to root) that the test user may write and replace.

    The folders that hold them stay open, with the sticky bit (commands run side by side, and none
    may close what another needs); the outputs are taken back. Raises SolutionError for an output
    that lies outside the root."""
    user = test_user()
    if user is None:
        yield
        return
    paths = [root / name for name in outputs]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        _open(root, path.parent, user.pw_gid)
        _own(path, user.pw_uid, user.pw_gid)
    try:
        yield
    finally:
        owner = root.stat()
        for path in paths:
            _own(path, owner.st_uid, owner.st_gid)


def _open(root: Path, folder: Path, group: int) -> None:
    """Let a group write into a folder, but not replace what is another's. The folder is opened
    first and then looked at: no link that is swapped meanwhile leads elsewhere."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not Path(f"/proc/self/fd/{handle}").readlink().is_relative_to(root.resolve()):
            raise SolutionError("an output lies outside the solution", where=str(folder))
        os.fchown(handle, -1, group)
        os.fchmod(handle, stat.S_IMODE(os.fstat(handle).st_mode) | stat.S_ISVTX | stat.S_IRWXG)
    finally:
        os.close(handle)


def _own(path: Path, uid: int, gid: int) -> None:
    """chown a file, or a folder with all that is in it. Never through a link of either kind: a hard
    link could name a file from elsewhere."""
    if not path.is_dir() or path.is_symlink():
        _own_entry(path.name, uid, gid, path.parent)
        return
    for _, _, files, handle in os.fwalk(path):
        os.fchown(handle, uid, gid)
        for name in files:
            _own_entry(name, uid, gid, handle)


def _own_entry(name: str, uid: int, gid: int, folder: Path | int) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if isinstance(folder, Path) else folder
    try:
        found = os.stat(name, dir_fd=handle, follow_symlinks=False)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            os.chown(name, uid, gid, dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return
    finally:
        if isinstance(folder, Path):
            os.close(handle)


def hide() -> None:
    """Let no other process of this user read this one's memory or environment (prctl(2),
    PR_SET_DUMPABLE). It does not reach over exec: each child decides for itself."""
    import ctypes

    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(4, 0, 0, 0, 0)
