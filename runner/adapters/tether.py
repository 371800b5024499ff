"""Run a command that does not outlive the thread that started it: `python tether.py SIGNAL COMMAND...`.

Linux sends SIGNAL when the parent's thread ends (prctl(2), PR_SET_PDEATHSIG), and the setting
survives exec. A program of its own, because a preexec_fn is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    _, parent, number, *command = sys.argv
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != int(parent):  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error}")
