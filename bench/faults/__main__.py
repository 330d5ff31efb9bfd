#!/usr/bin/env python3
"""What faults cost: real runs over network namespaces, 80 ms apart (`./dev bench faults`).

Parts: deaths (a site dies at five places of a merge and comes back), second (another one dies during the flush), cuts (links, and a
site cut off), store (two sites), loss (a real model). Prints a table and, with --out, writes it as a page. Root; without, it says so
and ends with code 77. Ctrl-C ends it, and whatever it has started. Exit code 1: a promise was broken, or a figure is over its limit.
"""
import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "emulated"))

import cuts  # noqa: E402
import deaths  # noqa: E402
import facts  # noqa: E402
import limits  # noqa: E402
import loss  # noqa: E402
import page  # noqa: E402
import store  # noqa: E402
from sites import ROUND_TRIP_MS, SITES, Run, Violation  # noqa: E402
from wan import Wan, missing  # noqa: E402

TRIES = 4  # of a run whose lines do not keep up
PARTS = ("deaths", "second", "cuts", "store", "loss")


class Bench:
    """What the parts share: the lines, how often, where to say what."""

    def __init__(self, options, wan, total):
        self.options, self.wan, self.total = options, wan, total
        self.repeats, self.seeds = options.repeats, min(3, options.repeats)
        self.loss_steps = loss.STEPS if options.repeats > 1 else loss.STEPS // 5
        self.began, self.done, self.violations, self.failures = time.monotonic(), 0, [], 0
        self.loads, self.lines = [], []  # of each run that counts: what the emulator did
        self.run_again = 0

    @contextlib.contextmanager
    def run(self, method, reduction, **settings):
        run = Run(self.wan, self.options, method, reduction, **settings)
        self.kept = None
        try:
            yield run
            self.counts = self.wan.counts()
        except (Violation, KeyError, IndexError, subprocess.TimeoutExpired):
            self.kept = os.path.join(self.options.keep, f"failed-{self.failures}")
            raise
        finally:
            run.close(self.kept)
            self.loads.append(os.getloadavg()[0])

    def tell(self, what):
        print(f"  {what}", flush=True)

    def attempt(self, what, case, timed=True):
        """The rows of a case, which is one run. One that fails is a finding; the others still run. A figure counts only where the lines
        kept up: a run whose frames were late is run again, a few times at most (`timed`; the limits judge the last)."""
        took = time.monotonic() - self.began
        left = f", about {took / self.done * (self.total - self.done) / 60:.0f} min left" if self.done else ""
        print(f"{self.done + 1}/{self.total} {what} ({took / 60:.0f} min{left})", flush=True)
        self.done += 1
        try:
            rows = case()
            for _ in range(TRIES - 1):
                if not timed or limits.late_share([self.counts]) <= limits.LATE_SHARE:
                    break
                self.tell(f"{limits.late_share([self.counts]):.1%} of the frames were late: once more")
                self.run_again += 1
                rows = case()
        except (Violation, KeyError, IndexError, subprocess.TimeoutExpired) as error:
            self.violations.append(f"{what}: {type(error).__name__} {error} (logs: {self.kept})")
            self.failures += 1
            print(f"  FAILED: {error}\n  logs in {self.kept}", flush=True)
            return []
        if timed:
            self.lines.append(self.counts)
        return rows


def num_cases(parts, repeats):
    half, third = max(1, repeats // 2), max(1, repeats // 3)
    cases = {"deaths": 4 * repeats, "second": 4 * half, "cuts": 4 + third + max(1, repeats // 5), "store": 2,
             "loss": 2 * min(3, repeats)}
    return sum(cases[part] for part in parts)


def measure(bench, parts):
    results = {}
    if "deaths" in parts:
        results["deaths"] = deaths.all_deaths(bench)
    if "second" in parts:
        results["second"] = deaths.all_second_deaths(bench)
    if "cuts" in parts:
        results["cuts"], results["off"] = cuts.all_cuts(bench), cuts.all_cut_off(bench)
    if "store" in parts:
        results["store"] = store.all_of_two(bench)
    if "loss" in parts:
        results["loss"] = loss.all_losses(bench)
    return results


def facts_of(bench, parts):
    return {**facts.machine(bench.loads), "parts": ", ".join(parts), "repeats": bench.repeats,
            f"runs that were made again, for more than {limits.LATE_SHARE:.0%} of their frames were late": bench.run_again}


def parse():
    parser = argparse.ArgumentParser(prog="faults")
    for name in ("--intertie", "--wan", "--text"):
        parser.add_argument(name, required=True, type=os.path.abspath)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--parts", default=",".join(PARTS), help="of " + ",".join(PARTS))
    parser.add_argument("--out", help="a Markdown file to write")
    parser.add_argument("--keep", default="faults-logs", type=os.path.abspath, help="where logs of failed cases go")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    unknown = set(options.parts) - set(PARTS)
    if unknown or options.repeats < 1:
        parser.error(f"the parts are {', '.join(PARTS)}; repeats at least 1")
    return options


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    options = parse()
    if missing():
        print(f"bench faults: skipped, it {missing()}")
        return 77
    signal.signal(signal.SIGTERM, interrupt)
    wan = Wan(options.wan, SITES, "faults", ["--rtt", f"{ROUND_TRIP_MS}ms", "--cc", "machine"])
    bench = Bench(options, wan, num_cases(options.parts, options.repeats))
    try:
        results = measure(bench, options.parts)
        broken = bench.violations + limits.over_limits(results, bench.lines)
        text = page.page(facts_of(bench, options.parts), results, broken, bench.lines)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    finally:
        wan.close()
    print(text)
    if options.out:
        os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
        with open(options.out, "w", encoding="utf-8") as file:
            file.write(text)
    for what in broken:
        print(f"broken: {what}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
