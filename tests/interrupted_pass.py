"""One pass in a process of its own, that kills itself with SIGKILL: `python -m tests.interrupted_pass STEP [HIT] [DELAY_MS]`.

It dies when STEP is reached for the HIT-th time, or DELAY_MS later in the middle of what follows.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from aggregator.run import run_pass
from pixels.config import load_settings


def main() -> None:
    step, hit, delay_ms = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    left = hit

    def die_at(reached: str) -> None:
        nonlocal left
        left -= reached == step
        if reached == step and left == 0:
            if delay_ms:
                threading.Timer(delay_ms / 1000, kill_self).start()
            else:
                kill_self()

    run_pass(load_settings(), on_step=die_at)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
