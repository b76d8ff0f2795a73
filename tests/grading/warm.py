"""nbgrader's commands in forks of one process that has imported it, for each start takes seconds.

Reads requests as lines of JSON (``arguments``, ``folder``, ``log``) and answers each with the exit
status; what the command says goes to the file ``log``.
"""

import json
import os
import sys
import traceback

from nbgrader.apps import NbGraderApp

import labcode.publish.autograding  # noqa: F401  (what the configuration of a course imports)


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(run(**request))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(arguments: list[str], folder: str, log: str) -> int:
    """One command, in a process of its own; its exit status."""
    os.chdir(folder)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(out, stream)
    sys.argv = ["nbgrader", *arguments]
    try:
        NbGraderApp.launch_instance(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    main()
