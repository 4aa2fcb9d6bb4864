"""A Kafka cluster on this machine, all of its state under one folder. Standard library only.

DATA_DIR/cluster.json         what the folder was made as: cluster id, number of brokers, first port
DATA_DIR/broker-N/            one node: server.properties (written at every start), data/, pid,
                              server.log (Kafka's own log), output.log (what Java says)
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from java import HERE, KafkaError, java_command, start_tool

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Broker:
    """One node, broker and controller in one process."""

    node: int
    folder: Path
    port: int
    controller_port: int

    @property
    def properties(self) -> Path:
        """Its settings."""
        return self.folder / "server.properties"

    @property
    def data(self) -> Path:
        """Its log segments."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "server.log"

    def pid(self) -> int | None:
        """Return the process that runs this node, or None. A process id that was given to another does not deceive it."""
        try:
            pid, birth = (self.folder / "pid").read_text("utf-8").split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if birth == _birth(int(pid)) else None

    def launch(self, heap: str) -> None:
        """Start the process; it outlives the caller."""
        command = java_command(
            "kafka.Kafka",
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
            f"-Dpixels.kafka.log={self.log}",
        )
        with (self.folder / "output.log").open("ab") as output:
            process = subprocess.Popen(
                [*command, str(self.properties)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the shell that started it is not meant for the broker
            )
        (self.folder / "pid").write_text(f"{process.pid}\n{_birth(process.pid)}\n", "utf-8")

    def accepts_connections(self) -> bool:
        """Tell whether somebody listens on the broker's port."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def last_words(self) -> str:
        """Return the end of what it said."""
        said = [path.read_text("utf-8", "replace") for path in (self.folder / "output.log", self.log) if path.exists()]
        return "\n".join("\n".join(said).splitlines()[-15:])


@dataclass(frozen=True)
class Cluster:
    """What the folder was made as. Broker N listens on `port + N - 1`, the controllers on the ports after the brokers'."""

    cluster_id: str
    brokers: int
    port: int

    @property
    def bootstrap_servers(self) -> str:
        """The addresses that a client wants to know."""
        return ",".join(f"127.0.0.1:{self.port + i}" for i in range(self.brokers))

    def nodes(self, folder: Path) -> list[Broker]:
        """Return the nodes under `folder`."""
        return [
            Broker(i + 1, folder / f"broker-{i + 1}", self.port + i, self.port + self.brokers + i)
            for i in range(self.brokers)
        ]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder: one start or stop at a time."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def read_cluster(folder: Path) -> Cluster | None:
    """Return what the folder was made as, or None for a new folder."""
    path = folder / "cluster.json"
    if path.exists():
        return Cluster(**json.loads(path.read_text("utf-8")))
    if strangers := sorted(p.name for p in folder.iterdir() if p.name != "cluster.json.draft"):
        raise KafkaError(f"{folder} holds other things ({strangers[0]}); give Kafka a folder of its own")
    return None


def write_cluster(folder: Path, cluster: Cluster) -> None:
    """Remember what the folder is, all of it or nothing."""
    draft = folder / "cluster.json.draft"
    draft.write_text(json.dumps(asdict(cluster), indent=2) + "\n", "utf-8")
    draft.replace(folder / "cluster.json")


def new_cluster_id() -> str:
    """Return a random id in Kafka's form: 16 bytes, URL-safe base64, no padding, no leading dash."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")


def prepare(cluster: Cluster, nodes: list[Broker]) -> None:
    """Write the settings of each node, and format the data folders that are new."""
    template = Template((HERE / "server.properties.template").read_text("utf-8"))
    for broker in nodes:
        broker.folder.mkdir(exist_ok=True)
        settings = template.substitute(
            node=broker.node,
            port=broker.port,
            controller_port=broker.controller_port,
            voters=",".join(f"{n.node}@127.0.0.1:{n.controller_port}" for n in nodes),
            replicas=cluster.brokers,
            in_sync=min(cluster.brokers, 2),
        )
        broker.properties.write_text(settings, "utf-8")
    formatting = [
        start_tool(
            "kafka.tools.StorageTool",
            *("format", "--ignore-formatted", "--cluster-id", cluster.cluster_id, "--config", str(broker.properties)),
            cwd=broker.folder,
        )
        for broker in nodes
        if not (broker.data / "meta.properties").exists()
    ]
    for tool in formatting:
        said, _ = tool.communicate()
        if tool.returncode:
            raise KafkaError(f"Kafka could not format its data folder; it said:\n{said.strip()}")


def wait_until_up(nodes: list[Broker], deadline: float) -> None:
    """Return when every node accepts connections; raise KafkaError when one has ended, or time is up."""
    for broker in nodes:
        while not broker.accepts_connections():
            if broker.pid() is None:
                raise KafkaError(f"broker {broker.node} ended while it started; {broker.log}:\n{broker.last_words()}")
            if time.monotonic() > deadline:
                raise KafkaError(f"broker {broker.node} is not up in time; {broker.log}:\n{broker.last_words()}")
            time.sleep(_POLL_SECONDS)


def stop(nodes: list[Broker], patience: float) -> list[int]:
    """End the processes: asked first, killed after `patience` seconds. Returns the nodes that were killed."""
    _signal(nodes, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while (running := [n for n in nodes if n.pid()]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    _signal(running, signal.SIGKILL)
    while any(n.pid() for n in running):
        time.sleep(_POLL_SECONDS)
    for broker in nodes:
        (broker.folder / "pid").unlink(missing_ok=True)
    return [n.node for n in running]


def check_ports_are_free(nodes: list[Broker]) -> None:
    """Raise KafkaError when something else listens on a port that is needed."""
    for port in [p for n in nodes for p in (n.port, n.controller_port)]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise KafkaError(f"port {port} is not free ({error.strerror}); give another with --port") from None


def _birth(pid: int) -> str | None:
    """Return what tells a process from any other that ever has this id: boot and clock tick. None: it has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, threads, started = status[0], int(status[17]), status[19]
    if state in "ZX" and threads <= 1:  # with more, its main thread has ended before the others
        return None
    return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip() + f"/{started}"


def _signal(nodes: list[Broker], number: signal.Signals) -> None:
    for broker in nodes:
        if pid := broker.pid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
