"""Real runs: one process a site, each in its namespace, and what their event logs say. Everything that a run starts ends with it."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "emulated"), os.path.join(HERE, "..", "..", "tools", "runs")]

from event_log import EventLog  # noqa: E402
from wan import die_with_parent  # noqa: E402

SITES = ("ashburn", "columbus", "quincy", "dallas")
RUN = """[run]
name = "faults"
seed = {seed}
store_wait = "{store_wait}"
[model]
{model}
[data]
train = ["{text}"]
tokenizer = "characters"
[train]
tokens = "{steps} steps"
local_batch_size = {batch}
sequence_length = {sequence}
threads = 1
warmup = "10 steps"
checkpoint_every = "0 steps"
evaluate_every = "{evaluate_every} steps"
evaluate_batches = 0
[sync]
method = "{method}"
reduction = "{reduction}"
every = {every}
hash_every = 1
"""
TOY = 'kind = "toy"\ntoy_elements = 1_500_000'
STEP_MS = {"synchronous": 300, "diloco": 100}
EVERY = 5
ROUND_TRIP_MS = 80


class Violation(AssertionError):
    """A promise that the run broke, or something that was waited for in vain."""


def expect(condition, what):
    if not condition:
        raise Violation(what)


class Run:
    def __init__(self, wan, options, method, reduction, *, num_sites=3, steps=1_000_000, model=TOY, seed=1, batch=2, sequence=16,
                 store_wait="10 min", evaluate_every=0, step_ms=None, access="off"):
        self.wan, self.options, self.sites = wan, options, SITES[:num_sites]
        self.name = f"{method}, {reduction}"
        self.folder = tempfile.mkdtemp(prefix="intertie-faults-")
        self.processes = {}
        self.logs = {site: EventLog(os.path.join(self.folder, "runs/faults", site, "events.jsonl")) for site in self.sites}
        text = RUN.format(seed=seed, store_wait=store_wait, model=model, text=os.path.abspath(options.text), steps=steps,
                          batch=batch, sequence=sequence, method=method, reduction=reduction, every=EVERY,
                          evaluate_every=evaluate_every)
        for site in self.sites:
            text += (f'[[site]]\nname = "{site}"\naddress = "{wan.address(site)}:7400"\n'
                     f'step_time = "{step_ms or STEP_MS[method]} ms"\n')
        with open(os.path.join(self.folder, "run.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        wan.mend_all()
        wan.limit_access(access)
        made = subprocess.run([options.intertie, "ca", "run.toml"], cwd=self.folder, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        expect(made.returncode == 0, made.stdout)

    # ---- processes ----

    def start(self, site, *more):
        """Returns when it was started."""
        expect(site not in self.processes or self.processes[site].poll() is not None, f"{site} runs already")
        command = self.wan.within(site, [self.options.intertie, "train", "run.toml", "--site", site, *more])
        with open(os.path.join(self.folder, site + ".txt"), "ab") as output:
            self.processes[site] = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                                                    stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        return time.time()

    def start_all(self, more=None):
        """Until they merge. What the lines had to do before, with programs that load and connections that are new, is forgotten."""
        for site in self.sites:
            self.start(site, *(more or {}).get(site, ()))
        for site in self.sites:
            self.wait_for_commits(site, 2)
        self.wan.tell("reset")

    def kill(self, site):
        self.processes[site].kill()
        self.processes[site].wait()
        return time.time()

    def alive(self, site):
        return site in self.processes and self.processes[site].poll() is None

    def stop(self, seconds=60):
        """Ctrl-C at the first site stops the run; returns the hashes of all sites' parameters."""
        self.processes[self.sites[0]].send_signal(signal.SIGINT)
        return self.ends([site for site in self.sites if self.alive(site)], seconds)

    def ends(self, sites, seconds):
        for site in sites:
            try:
                code = self.processes[site].wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise Violation(f"{site} has not ended within {seconds} s") from None
            expect(code in (0, 3), f"{site} ended with code {code}: {self.words(site)[-300:]}")
        return {site: self.all(site, "run.finished")[-1]["parameters_hash"] for site in sites}

    def words(self, site):
        with open(os.path.join(self.folder, site + ".txt"), encoding="utf-8", errors="replace") as output:
            return output.read()

    def close(self, keep=None):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        if keep:
            shutil.copytree(self.folder, keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("checkpoints", "data"))
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- logs ----

    def all(self, site, name=None, after=0.0, before=float("inf"), **fields):
        return self.logs[site].find(name, after, before, **fields)

    def incarnation(self, site):
        """The number of the site's last start."""
        with open(os.path.join(self.folder, "runs/faults", site, "incarnation"), encoding="utf-8") as file:
            return int(file.read())

    def wait(self, what, condition, seconds=60):
        """Until the condition gives something; returns that."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            expect(time.monotonic() < deadline, f"not within {seconds} s: {what}")
            for site, process in self.processes.items():
                expect(process.poll() in (None, 0, 3, -signal.SIGKILL),
                       f"{site} ended with code {process.returncode} before {what}: {self.words(site)[-400:]}")
            time.sleep(0.01)

    def first(self, site, name, after=0.0, seconds=60, **fields):
        return self.wait(f"{name} at {site} {fields or ''}",
                         lambda: next(iter(self.all(site, name, after, **fields)), None), seconds)

    def commits(self, site, after=0.0, before=float("inf")):
        return self.all(site, "merge.committed", after, before)

    def wait_for_commits(self, site, count, after=0.0, seconds=60):
        return self.wait(f"{count} merges at {site}", lambda: self.commits(site, after)[:count][count - 1:], seconds)[0]

    def view_with(self, at, sites, after=0.0, seconds=60):
        """The first view after a moment whose members are these."""
        return self.first(at, "view.entered", after, seconds, members=", ".join(sites))


def discarded_steps(run, sites, after=0.0):
    """Steps of sites that stayed members which are in no merge: a merge that lacks one of them, or a version that is missing."""
    lost = 0
    for site in sites:
        commits = run.commits(site, after)
        versions = [commit["version"] for commit in commits]
        expect(versions == list(range(versions[0], versions[0] + len(versions))), f"{site}: versions {versions}")
        lost += sum(commit["steps"] for commit in commits for other in sites if other not in commit["set"].split(", "))
    sets = [{commit["version"]: commit["set"] for commit in run.commits(site, after)} for site in sites]
    for one in sets[1:]:
        for version in one.keys() & sets[0].keys():
            expect(one[version] == sets[0][version], f"version {version} has two sets: {sets[0][version]}; {one[version]}")
    return lost
