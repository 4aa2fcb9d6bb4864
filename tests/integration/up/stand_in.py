"""Stands in for `python` under `pixels up`: called as `stand_in.py -m pixels COMMAND ...`, it behaves like a small service.

STAND_IN_FAULTS names what is to go wrong, `COMMAND:FAULT` separated by spaces:
    dies        exit code 3 at once, every time
    misset      exit code 78, as for wrong settings
    stubborn    ignores SIGTERM
    family      has a child in its own process group and one in another session, both ignoring SIGTERM
    fails       the task exits with 4
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

PORT_OF = {"collect": "COLLECTOR_PORT", "api": "API_PORT", "dashboard": "DASHBOARD_PORT", "lab": "LAB_PORT"}
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def main() -> None:
    module, command = sys.argv[2], sys.argv[3].lstrip("-")
    home = Path(os.environ["PIXELS_HOME"])
    faults = [
        fault for name, _, fault in (f.partition(":") for f in os.environ["STAND_IN_FAULTS"].split()) if name == command
    ]
    with (home / "starts.jsonl").open("a") as starts:
        settings = {name: value for name, value in os.environ.items() if name.startswith(("PIXELS_", "JUPYTER_TOKEN"))}
        starts.write(json.dumps({"pid": os.getpid(), "module": module, "arguments": sys.argv[3:], **settings}) + "\n")
    print(f"{command} says \x1b[31mhello", flush=True)
    if "dies" in faults:
        sys.exit(3)
    if "fails" in faults:
        sys.exit(4)
    if "misset" in faults:
        sys.exit(78)
    if "stubborn" in faults:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "family" in faults:
        for new_session in (False, True):
            child = subprocess.Popen(
                [sys.executable, "-c", DEAF], start_new_session=new_session, stdout=subprocess.PIPE
            )
            assert child.stdout is not None
            child.stdout.readline()
    if command in {"backfill", "banners"}:
        return
    if command == "aggregate":
        (home / "published").mkdir(exist_ok=True)
        (home / "published" / "current.json").write_text('{"is_demo": false}')
    if command in PORT_OF:
        socketserver.TCPServer.allow_reuse_address = True
        server = socketserver.TCPServer(
            (os.environ["PIXELS_HOST"], int(os.environ[f"PIXELS_{PORT_OF[command]}"])), socketserver.BaseRequestHandler
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        signal.pause()


main()
