import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from aztoolkit.errors import DataError, MachineError
from train.supervised.workers import map_ordered

END_S = 60


def slow_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0)
    return number * number


def fail_at_two(number: int) -> int:
    if number == 2:
        raise DataError("two")
    return number


def die(_number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_results_come_in_the_order_of_the_tasks() -> None:
    assert list(map_ordered(slow_first, range(20), workers=2)) == [n * n for n in range(20)]


def test_endless_tasks_are_begun_only_a_little_ahead() -> None:
    begun = 0

    def tasks() -> Iterator[int]:
        nonlocal begun
        for number in itertools.count():
            begun += 1
            yield number

    results = map_ordered(slow_first, tasks(), workers=2)
    assert list(itertools.islice(results, 10)) == [n * n for n in range(10)]
    results.close()
    assert begun < 20


def test_what_the_work_raises_is_raised_here() -> None:
    with pytest.raises(DataError, match="two"):
        list(map_ordered(fail_at_two, range(5), workers=1))


def test_a_killed_worker_is_one_line() -> None:
    with pytest.raises(MachineError, match="one that was killed"):
        list(map_ordered(die, range(3), workers=1))


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import itertools\n"
        "from tests.train.supervised.test_workers import slow_first\n"
        "from train.supervised.workers import map_ordered\n"
        "if __name__ == '__main__':\n"
        "    for result in map_ordered(slow_first, itertools.count(), workers=2):\n"
        "        print(result, flush=True)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"0\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(children) >= 2
    parent.kill()
    parent.communicate()
    _, alive = psutil.wait_procs(children, timeout=END_S)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
