"""Java and Kafka's jars: found, checked, fetched from Maven Central when missing. Standard library only."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
JARS = HERE / "target" / "lib"
FETCHED = JARS / ".fetched"  # written last, so that half a download is never taken for a whole one

OLDEST_JAVA = 17


class KafkaError(Exception):
    """What went wrong, why, and what to do, for a person."""


def java() -> str:
    """Return the java program to use: `$JAVA_HOME/bin/java`, else the one on PATH. Raises KafkaError when too old."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if program is None:
        where = f"JAVA_HOME={home}" if home else "PATH"
        raise KafkaError(f"java is missing ({where}); Kafka needs it. On Debian: apt install openjdk-17-jre-headless")
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found is None or int(found[1]) < OLDEST_JAVA:
        version = found[1] if found else f"of unknown version ({told.strip() or 'it does not run'})"
        raise KafkaError(
            f"{program} is Java {version}; Kafka 4 needs {OLDEST_JAVA} or newer. "
            "On Debian: apt install openjdk-17-jre-headless"
        )
    return program


def java_command(main_class: str, *options: str) -> list[str]:
    """Return the start of a command line that runs a class out of Kafka's jars; its arguments follow."""
    return [java(), *options, "-cp", f"{JARS}/*", main_class]


def start_tool(main_class: str, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start one of Kafka's own tools; `communicate()` gives what it says."""
    small = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    command = [*java_command(main_class, *small), *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def fetch() -> Path:
    """Copy Kafka's jars from Maven Central to target/lib, unless they are there for this pom.xml; return that folder."""
    JARS.parent.mkdir(exist_ok=True)
    with (JARS.parent / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _fetched() != POM.read_text("utf-8"):
            _fetch_with_maven()
    return JARS


def _fetched() -> str | None:
    return FETCHED.read_text("utf-8") if FETCHED.exists() else None


def _fetch_with_maven() -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaError("mvn is missing; it fetches Kafka's jars from Maven Central. On Debian: apt install maven")
    java()  # the clearer message of the two, where Java is missing or too old
    shutil.rmtree(JARS, ignore_errors=True)  # jars of another version must not stay on the class path
    print("Fetching Kafka from Maven Central, once ...", file=sys.stderr)
    command = [maven, "--batch-mode", "--no-transfer-progress", "--quiet", "--file", str(POM), "package"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise KafkaError(f"Maven could not fetch Kafka's jars; it said:\n{done.stdout.strip()}")
    FETCHED.write_text(POM.read_text("utf-8"), "utf-8")
