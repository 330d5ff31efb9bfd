"""One run of one system over lines of its own: programs that are started, watched, and ended whatever happens."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

from cases import WARM_UPS
from wan import Wan, die_with_parent

MERGED = re.compile(r"^merge \d+/\d+ (.+)\n", re.MULTILINE)  # what each system's programs say after each merge
PART = re.compile(r"([0-9.]+) (ns|us|ms|s|min|h)\b")
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}


class Failure(Exception):
    """Why a run has no figure."""


def seconds_of(words):
    """Of '0.815 s', '815 ms' or '2 min 3 s'."""
    parts = PART.findall(words)
    if not parts:
        raise Failure(f"'{words}' is no time of a merge")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


@dataclass
class Outcome:
    """Of a run: `merges` of each site in seconds, of those that count; `counts`: the emulator's statistics while they were made."""
    merges: list = field(default_factory=list)
    cpu_seconds: float | None = None  # of all sites together
    counts: dict = field(default_factory=dict)
    streams: int = 1
    wanted: int = 0  # merges that were asked for
    more: dict = field(default_factory=dict)  # what only this system says


class Space:
    """Lines of a profile and a folder, both gone at the end; the folder is copied to `keep` first, if that is set by then."""

    def __init__(self, options, case):
        self.case, self.profile, self.keep = case, case.profile, None
        self.folder = tempfile.mkdtemp(prefix="intertie-wan-")
        self.lines = Wan(options.wan, self.profile.sites, "bench", self.profile.options(case.congestion_control))
        self.processes = {}

    def __enter__(self):
        for command in self.profile.commands():
            self.lines.tell(command)
        return self

    def __exit__(self, *_):
        self.end()
        self.lines.close()
        if self.keep:
            shutil.copytree(self.folder, self.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("state"))
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, name):
        with contextlib.suppress(FileNotFoundError), open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()
        return ""

    def start(self, site, command, environment=None, name=None):
        """What it prints goes to NAME.out and NAME.txt; NAME: the site's, unless told."""
        self.start_by(self.lines.within(site, []), command, name or site, environment)

    def start_by(self, entering, command, name, environment=None):
        """`entering`: the words that lead into a site's namespace."""
        with open(self.path(name + ".out"), "wb") as output, open(self.path(name + ".txt"), "wb") as words:
            self.processes[name] = subprocess.Popen(
                [*entering, *command], cwd=self.folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=words, start_new_session=True, preexec_fn=die_with_parent)

    def end(self):
        for process in self.processes.values():
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.lines.end_programs()

    def require_no_failure(self):
        for name, process in self.processes.items():
            if process.poll() not in (None, 0):
                said = (self.read(name + ".txt") + self.read(name + ".out")).strip()
                raise Failure(f"{name} ended with code {process.returncode}: {said[-300:]}")

    def wait(self, limit):
        """For the end of all programs."""
        deadline = time.monotonic() + limit
        while any(process.poll() is None for process in self.processes.values()):
            self.require_no_failure()
            if time.monotonic() > deadline:
                raise Failure(f"not done within {limit:.0f} s")
            time.sleep(0.05)
        self.require_no_failure()

    def merged(self, site):
        """Seconds of its merges so far, those to warm up too."""
        return [seconds_of(words) for words in MERGED.findall(self.read(f"{site}.txt"))]

    def wait_for_merges(self, count, limit):
        """At the first site, those to warm up too."""
        deadline = time.monotonic() + limit
        while len(self.merged(self.profile.sites[0])) < count:
            self.require_no_failure()
            if time.monotonic() > deadline:
                raise Failure(f"no {count} merges within {limit:.0f} s")
            time.sleep(0.02)

    def watch(self, limit):
        """Until the programs have ended. Returns what the emulator did from the last warm-up to the last merge, at the first site, and
        whether they ended in time; Failure: one of them did not do well, or not a merge that counts was made in time."""
        first, deadline = self.profile.sites[0], time.monotonic() + limit
        began, counts = False, None
        while any(process.poll() is None for process in self.processes.values()) and time.monotonic() < deadline:
            self.require_no_failure()
            done = len(self.merged(first))
            if not began and done >= WARM_UPS:
                self.lines.tell("reset")
                began = True
            if counts is None and done >= WARM_UPS + self.case.merges:
                counts = self.lines.counts()
            time.sleep(0.01)
        counts = counts or self.lines.counts()
        in_time = time.monotonic() < deadline
        self.end()
        if in_time:
            self.require_no_failure()
        if len(self.merged(first)) <= WARM_UPS:
            raise Failure(f"not done within {limit:.0f} s")
        return counts, in_time
