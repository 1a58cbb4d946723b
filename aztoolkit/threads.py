"""How threads of torch wait for each other."""

import os


def let_waiting_threads_sleep() -> None:
    """Makes threads that wait sleep, unless the environment says otherwise; before torch is loaded.

    Spinning, they starve each other where cores are shared (measured: a learner step 20 times slower beside
    one busy process).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
