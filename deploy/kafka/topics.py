"""The topics that Pixels appends to, made with Kafka's TopicCommand. Standard library only."""

from __future__ import annotations

import re
import subprocess
import time

from java import KafkaError, start_tool

PARTITIONS = 10
SETTINGS = "message.timestamp.type=LogAppendTime"


def make_topics(bootstrap_servers: str, names: list[str], deadline: float) -> None:
    """Return when the topics can be written to; those that are missing are made.

    Tries again until `deadline`: the last broker may still be joining, and a new topic is not known everywhere at once.
    """
    problems: list[str] = []
    while missing := [name for name in names if name not in ready_topics(bootstrap_servers, names)]:
        if time.monotonic() > deadline:
            raise KafkaError("\n".join([f"its topics are not ready in time: {', '.join(missing)}", *problems]))
        problems = create(bootstrap_servers, missing)


def ready_topics(bootstrap_servers: str, names: list[str]) -> set[str]:
    """Return those of the topics that exist and have a leader for each partition."""
    pattern = "|".join(map(re.escape, names))
    said, _ = _topic_command(bootstrap_servers, "--describe", "--topic", pattern).communicate()
    described: dict[str, list[str]] = {}
    for name, leader in re.findall(r"^\s*Topic: (\S+)\s+Partition: \d+\s+Leader: (\S+)", said, re.MULTILINE):
        described.setdefault(name, []).append(leader)
    return {name for name, leaders in described.items() if "none" not in leaders}


def create(bootstrap_servers: str, names: list[str]) -> list[str]:
    """Make the topics that do not exist; return what Kafka said about those it did not make."""
    options = ("--create", "--if-not-exists", "--partitions", str(PARTITIONS), "--config", SETTINGS)
    tools = [_topic_command(bootstrap_servers, *options, "--topic", name) for name in names]
    said = [tool.communicate()[0].strip() for tool in tools]
    return [words for words, tool in zip(said, tools, strict=True) if tool.returncode]


def _topic_command(bootstrap_servers: str, *options: str) -> subprocess.Popen[str]:
    return start_tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", bootstrap_servers, *options)
