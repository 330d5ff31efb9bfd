"""What the tests of real runs share: a folder with a run file of three paced sites of the toy problem, their event logs, and the loop
over a test's cases. Python's standard library only.
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "runs"))

from event_log import EventLog  # noqa: E402

SITES = ("ashburn", "columbus", "quincy")
RUN = """[run]
name = "toy"
[model]
kind = "toy"
toy_elements = 20_000
[data]
train = ["TEXT"]
[train]
tokens = "STEPS steps"
local_batch_size = 2
sequence_length = 16
threads = 1
checkpoint_every = "CHECKPOINT steps"
evaluate_every = "EVALUATE steps"
[sync]
every = 5
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class ToyRun:
    """A folder of its own with run.toml; close() removes it."""

    def __init__(self, options, steps, step_time="20 ms", checkpoint_every=100, evaluate_every=200):
        self.folder = tempfile.mkdtemp()
        self.intertie = os.path.abspath(options.intertie)
        self.logs = {site: EventLog(os.path.join(self.folder, "runs/toy", site, "events.jsonl")) for site in SITES}
        text = RUN
        for word, value in (("TEXT", os.path.abspath(options.text)), ("STEPS", steps), ("CHECKPOINT", checkpoint_every),
                            ("EVALUATE", evaluate_every)):
            text = text.replace(word, str(value))
        for site, port in zip(SITES, free_ports(len(SITES))):
            text += f'[[site]]\nname = "{site}"\nstep_time = "{step_time}"\naddress = "127.0.0.1:{port}"\n'
        self.write("run.toml", text)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def events(self, site, name=None, after=0.0, before=float("inf")):
        return self.logs[site].find(name, after, before)

    def version(self):
        return max((e["version"] for e in self.events("ashburn", "merge.committed")), default=0)

    def evidence(self):
        """What a failure shows beside its trace."""
        return ""

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run_cases(cases, make, more_options=lambda parser: None):
    """Each case is a function of what make(options, steps) returns, and of the options, with its steps; 1 if one failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--intertie", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--case", help="only this one")
    more_options(parser)
    options = parser.parse_args()
    failed = []
    for check, steps in cases:
        if options.case not in (None, check.__name__):
            continue
        run = make(options, steps)
        begin = time.monotonic()
        try:
            check(run, options)
        except (AssertionError, subprocess.TimeoutExpired, StopIteration):
            traceback.print_exc()
            print(run.evidence(), flush=True)
            failed.append(check.__name__)
        finally:
            run.close()
        print(f"{check.__name__}: {'FAILED' if check.__name__ in failed else 'ok'}, {time.monotonic() - begin:.1f} s", flush=True)
    return 1 if failed else 0
