"""One pass in a process of its own, that kills itself with SIGKILL: `python -m tests.interrupted_pass STEP [HIT] [DELAY_MS] [KIND]`.

It dies when STEP is reached for the HIT-th time, or DELAY_MS later in the middle of what follows. KIND: pass, rebuild, requeue, erase,
banners (of the file PIXELS_HOME/banners.csv).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

from aggregator.banners import import_banners
from aggregator.erasure import erase
from aggregator.rebuild import rebuild
from aggregator.requeue import requeue
from aggregator.run import run_pass
from aggregator.store.refused import Choice
from collector.refused_again import RefusedRequests
from pixels.config import load_settings


def main() -> None:
    step, hit, delay_ms, kind = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    left = hit

    def die_at(reached: str) -> None:
        nonlocal left
        left -= reached == step
        if reached == step and left == 0:
            if delay_ms:
                threading.Timer(delay_ms / 1000, kill_self).start()
            else:
                kill_self()

    KINDS[kind](die_at)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def a_pass(on_step: Callable[[str], None]) -> None:
    run_pass(load_settings(), on_step=on_step)


def a_rebuild(on_step: Callable[[str], None]) -> None:
    rebuild(load_settings(), on_step=on_step)


def a_requeue(on_step: Callable[[str], None]) -> None:
    settings = load_settings()
    requeue(settings, Choice(), RefusedRequests(settings).judge, on_step=on_step)


def an_erasure(on_step: Callable[[str], None]) -> None:
    erase(load_settings(), ["p1"], on_step=on_step)


def an_import_of_banners(on_step: Callable[[str], None]) -> None:
    settings = load_settings()
    import_banners(settings, str(settings.home / "banners.csv"), on_step=on_step)


KINDS = {
    "pass": a_pass,
    "rebuild": a_rebuild,
    "requeue": a_requeue,
    "erase": an_erasure,
    "banners": an_import_of_banners,
}

if __name__ == "__main__":
    main()
