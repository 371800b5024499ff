"""Run a command that does not outlive the thread that started it, and, from root, as another user:
`python tether.py PARENT SIGNAL USER COMMAND...`; SIGNAL 0 and USER '' leave one or the other out.

Linux sends SIGNAL when the parent's thread ends (prctl(2), PR_SET_PDEATHSIG). A change of user
clears that setting and exec does not, so the user comes first. A program of its own, because a
preexec_fn is not safe in a process with threads.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38


def become(name: str) -> None:
    """Be another user for good: no saved id to return to, none of root's groups, and no set-uid
    program that would help. Root's home is closed to the new user, who gets its own."""
    user = pwd.getpwnam(name)
    os.setgroups([user.pw_gid])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("the kernel has no no_new_privs")
    if os.environ.get("HOME") == pwd.getpwuid(0).pw_dir:
        os.environ["HOME"] = user.pw_dir
    os.environ["USER"] = name


if __name__ == "__main__":
    _, parent, number, user, *command = sys.argv
    try:
        if user:
            become(user)
    except (OSError, KeyError) as error:
        print(f"cannot become {user}: {error}", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)  # an exit status would be taken for the command's
    if int(number):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != int(parent):  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error}")
