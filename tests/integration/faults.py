#!/usr/bin/env python3
"""Real runs whose links and sites are lost: who stays a member, how long the others take, and that all end with the same parameters.

Three paced sites of the toy problem, as processes of this machine with real sockets and TLS. What is checked is read from their
event logs. Exit code 1 names the case that failed.
"""
import os
import re
import signal
import subprocess
import sys
import threading
import time

from toy_run import SITES, ToyRun, run_cases


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


class Process:
    """A program with its lines, each with the time at which it came."""

    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append((time.time(), line.rstrip("\n")))

    def end(self, seconds):
        code = self.process.wait(timeout=seconds)
        self.reader.join(timeout=5)
        return code

    def text(self):
        return "\n".join(line for _, line in self.lines)


class Run(ToyRun):
    def __init__(self, options, steps):
        super().__init__(options, steps)
        self.processes = []

    def make_certificates(self):
        made = subprocess.run([self.intertie, "ca", "run.toml"], cwd=self.folder, check=False, stdout=subprocess.DEVNULL)
        expect(made.returncode == 0, "no certificates")

    def start(self, *arguments):
        self.processes.append(Process([self.intertie, "train", "run.toml", *arguments], self.folder))
        return self.processes[-1]

    def start_with(self, script):
        self.write("script.txt", script)
        return self.start("--local", "--plain", "--script", "script.txt")

    def wait_for(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            expect(time.monotonic() < deadline, f"not seen within {seconds} s: {what}")
            expect(any(each.process.poll() is None for each in self.processes), f"all have ended before: {what}")
            time.sleep(0.02)

    def wait_for_merges(self, site, count, after=0.0):
        self.wait_for(f"{count} merges of {site}", lambda: len(self.events(site, "merge.committed", after)) >= count)

    def process_of(self, site):
        """The process of a site that the launcher started."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode().split("\0")
                if os.readlink(f"/proc/{pid}/cwd") == os.path.realpath(self.folder) and words[1:2] == ["site"] and site in words:
                    return int(pid)
            except OSError:
                pass
        raise AssertionError(f"no process of {site}")

    def expect_one_end(self):
        expect_equal_ends(self)
        expect(os.path.exists(os.path.join(self.folder, "runs/toy/report.html")), "no report")

    def evidence(self):
        return "\n".join(each.text() for each in self.processes)

    def close(self):
        for each in self.processes:
            if each.process.poll() is None:
                each.process.kill()
                each.process.wait()
        super().close()


def expect_equal_ends(run):
    ends = [run.events(site, "run.finished")[-1] for site in SITES]
    expect(all(end["complete"] for end in ends), f"not complete: {ends}")
    expect(len({end["parameters_hash"] for end in ends}) == 1, f"different parameters: {ends}")


def time_of(process, text):
    return next(when for when, line in process.lines if text in line)


def members(view):
    return tuple(view["members"].split(", "))


def sets_of(run, site, after, before=float("inf")):
    return [tuple(event["set"].split(", ")) for event in run.events(site, "merge.committed", after, before)]


def first_view_without(run, site, gone, after):
    return next((view for view in run.events(site, "view.entered", after) if gone not in members(view)), None)


def cut_kill_restore(run, options):
    process = run.start_with("at version 10 cut ashburn columbus\nat +6s mend ashburn columbus\nat +4s kill quincy\n"
                             "at +6s restore quincy\n")
    expect(process.end(240) == 0, f"exit code {process.process.returncode}")
    expect("the run ended before" not in process.text(), "the script was not performed to its end")
    cut, mended = time_of(process, "the link ashburn - columbus is cut"), time_of(process, "the link ashburn - columbus is mended")
    killed, restored = time_of(process, "kill quincy"), time_of(process, "site quincy is started again")
    for site, peer in (("ashburn", "columbus"), ("columbus", "ashburn")):
        expect(not run.events(site, "view.entered", cut, killed), f"{site}: the cut changed the members")
        states = [e["state"] for e in run.events(site, "link.changed", cut, killed) if e["peer"] == peer]
        relays = {e["relay"] for e in run.events(site, "link.changed", cut, mended) if e["state"] == "relayed"}
        expect("relayed" in states and relays == {"quincy"}, f"{site}: not relayed by quincy: {states}")
        expect(states[-1] == "direct", f"{site}: after mending not direct: {states}")
        expect(sets_of(run, site, cut + 2, mended).count(SITES) >= 3, f"{site}: no merges while the link was cut")
        view = first_view_without(run, site, "quincy", killed)
        expect(view and members(view) == SITES[:2], f"{site}: the death changed nothing")
        took = view["at"] - killed
        print(f"  {site}: without quincy {took:.2f} s after the kill")
        expect(took < options.within, f"{site}: {took:.2f} s until the members changed")
        expect(sets_of(run, site, view["at"], restored).count(SITES[:2]) >= 5, f"{site}: did not go on")
    for site in SITES:
        back = [view for view in run.events(site, "view.entered", restored) if members(view) == SITES]
        expect(back, f"{site}: quincy did not come back")
        expect(SITES in sets_of(run, site, back[0]["at"]), f"{site}: no merge with quincy after it came back")
    expect(run.events("quincy", "join.finished", restored), "quincy did not fetch the state")
    run.expect_one_end()


def leave_and_return(run, _):
    process = run.start_with("at version 10 leave columbus\nat +4s restore columbus\n")
    expect(process.end(240) == 0, f"exit code {process.process.returncode}")
    asked, restored = time_of(process, "site columbus is asked to leave"), time_of(process, "site columbus is started again")
    expect("site columbus has left; the others go on" in process.text(), "it did not leave")
    expect("this site has left the run" in process.text(), "it did not say so")
    left = run.events("columbus", "run.finished", asked, restored)
    expect(left and not left[0]["complete"], "columbus did not end")
    for site in ("ashburn", "quincy"):
        expect(first_view_without(run, site, "columbus", asked), f"{site}: the members did not change")
        expect(not run.events(site, "samples.lost"), f"{site}: something of a site that left politely is lost")
        expect(any(members(view) == SITES for view in run.events(site, "view.entered", restored)), f"{site}: it is not back")
    run.expect_one_end()


def stand_still(run, _):
    process = run.start_with("at 1000s stop\n")
    run.wait_for_merges("quincy", 5)
    pid = run.process_of("quincy")
    os.kill(pid, signal.SIGSTOP)
    try:
        run.wait_for("the others without quincy", lambda: first_view_without(run, "ashburn", "quincy", 0))
    finally:
        os.kill(pid, signal.SIGCONT)
    went_on = time.time()
    expect(process.end(240) == 0, f"exit code {process.process.returncode}")
    expect(re.search(r"quincy +warning: comes back in 500 ms", process.text()), "it did not say that")
    expect("site quincy is started again" not in process.text(), "it was to come back by itself")
    for site in SITES:
        expect(any(members(view) == SITES for view in run.events(site, "view.entered", went_on)), f"{site}: it is not back")
    run.expect_one_end()


def start_each(run, *more):
    run.make_certificates()
    processes = [run.start("--site", site, *more) for site in SITES]
    run.wait_for_merges("columbus", 5)
    return processes


def store_dies_and_comes_back(run, _):
    first, second, third = start_each(run)
    first.process.kill()
    killed = time.time()
    for site in SITES[1:]:
        run.wait_for(f"{site} misses the store", lambda site=site: run.events(site, "store.away", killed))
    again = run.start("--site", "ashburn", "--resume")
    for each in (again, second, third):
        expect(each.end(120) == 0, f"exit code {each.process.returncode}\n{each.text()}")
    for site in SITES[1:]:
        expect(run.events(site, "store.back", killed), f"{site}: the store is not back")
        expect(not run.events(site, "run.resumed"), f"{site}: began again from a checkpoint")
    expect_equal_ends(run)


def store_stays_away(run, _):
    first, second, third = start_each(run, "--set", "run.store_wait=2 s")
    first.process.kill()
    killed = time.time()
    for each in (second, third):
        expect(each.end(60) == 5, f"exit code {each.process.returncode}\n{each.text()}")
        expect("holds the store, and was away for" in each.text(), each.text())
    print(f"  given up {time.time() - killed:.1f} s after the first site's death")
    processes = [run.start("--site", site, "--resume", "--set", "run.store_wait=2 s") for site in SITES]
    for each in processes:
        expect(each.end(120) == 0, f"exit code {each.process.returncode} after --resume\n{each.text()}")
    expect_equal_ends(run)


def dies_where_it_was_told_to(run, options):
    run.make_certificates()
    first, second, third = (run.start("--site", site, *(("--die-at", "8:all-sent") if site == "columbus" else ())) for site in SITES)
    expect(second.end(60) == -signal.SIGKILL, f"exit code {second.process.returncode}\n{second.text()}")
    dies = run.events("columbus", "site.dies")[-1]
    expect((dies["version"], dies["place"]) == (8, "all-sent"), f"died elsewhere: {dies}")
    expect(re.fullmatch(r"ashburn: contribution (\d+)/\1, results (\d+)/\2; quincy: contribution (\d+)/\3, results (\d+)/\4",
                        dies["arrived"]), dies["arrived"])
    expect(not [e for e in run.events("columbus", "merge.committed") if e["version"] >= 8], "it applied what it died in")
    for site in ("ashburn", "quincy"):
        run.wait_for("the others without columbus", lambda site=site: first_view_without(run, site, "columbus", dies["at"]))
        took = first_view_without(run, site, "columbus", dies["at"])["at"] - dies["at"]
        expect(took < options.within, f"{site}: {took:.2f} s until the members changed")
        answers = run.events(site, "flush.answered", dies["at"])
        expect(answers and answers[0]["applied"] >= 8, f"{site}: had not all of it: {answers}")
    run.wait_for_merges("quincy", 3, dies["at"] + 3)
    for each in (first, third):
        each.process.kill()


def ctrl_c_at_one_site(run, _):
    first, second, third = start_each(run)
    second.process.send_signal(signal.SIGINT)
    expect(second.end(30) == 3, f"exit code {second.process.returncode} of the site that left\n{second.text()}")
    expect("this site has left the run; the others go on" in second.text(), second.text())
    left = time.time()
    run.wait_for_merges("ashburn", 5, left)
    again = run.start("--site", "columbus", "--resume")
    run.wait_for("columbus as a member", lambda: SITES in sets_of(run, "columbus", left))
    first.process.send_signal(signal.SIGINT)  # it holds the store
    for each in (first, again, third):
        expect(each.end(30) == 3, f"exit code {each.process.returncode} after the first site's Ctrl-C\n{each.text()}")
    ends = [run.events(site, "run.finished")[-1] for site in SITES]
    expect(len({(end["step"], end["parameters_hash"]) for end in ends}) == 1, f"they stopped apart: {ends}")


CASES = ((cut_kill_restore, 1100), (leave_and_return, 500), (stand_still, 600), (store_dies_and_comes_back, 400),
         (store_stays_away, 400), (ctrl_c_at_one_site, 100_000), (dies_where_it_was_told_to, 100_000))


def more_options(parser):
    parser.add_argument("--within", type=float, default=3.5, help="seconds from a site's death to the members without it")


if __name__ == "__main__":
    sys.exit(run_cases(CASES, Run, more_options))
