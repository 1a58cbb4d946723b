"""`aztoolkit` in a process of its own that ends when the one that started it does, however it ends.

    python -m train.child PARENT_PID ARGUMENTS...

By the library's command alone one stage may use another: what passes between them stays files.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from aztoolkit.cli import main

_POLL_S = 0.5


def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Starts `aztoolkit` with the arguments; what it says can be read from stdout and stderr.

    It hears no Ctrl-C: send it SIGINT to interrupt it.
    """
    stages = str(Path(__file__).resolve().parent.parent)
    paths = [stages, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "train.child", str(os.getpid()), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    sys.exit(main(sys.argv[2:]))
