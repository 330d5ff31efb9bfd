#!/usr/bin/env python3
"""What a merge takes over emulated long lines, beside what physics allows and what others take (`./dev bench wan`).

Intertie, Gloo, Open MPI and iperf3 take turns over networks of 2 to 5 sites (profiles.py). Prints a page and, with --out, writes it
and a plot. Root; without, it says so and ends with code 77. Ctrl-C ends it, and whatever it has started. Exit code 1: a limit
(targets.py) was missed, or Intertie did not do what was asked for.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "emulated"))

import allowed  # noqa: E402
import facts  # noqa: E402
import figures  # noqa: E402
import merge_page  # noqa: E402
import merge_plot  # noqa: E402
import targets  # noqa: E402
from cases import BESIDE, CUT, MIB, all_cases, time_limit  # noqa: E402
from foreign import Beside  # noqa: E402
from two_paths import Cut  # noqa: E402
from options import parse  # noqa: E402
from runs import Failure, Space  # noqa: E402
from open_mpi import OpenMpi, OpenMpiRing  # noqa: E402
from plain_tcp import Iperf3  # noqa: E402
from systems import Gloo, Intertie  # noqa: E402
from wan import missing  # noqa: E402

SYSTEMS = {"intertie": Intertie, "gloo": Gloo, "openmpi": OpenMpi, "openmpi-ring": OpenMpiRing, "iperf3": Iperf3, BESIDE: Beside, CUT: Cut}
TRIES = 3  # of a run whose lines do not keep up


class Bench:
    def __init__(self, options):
        self.options, self.cases = options, all_cases(options)
        self.systems = {name: SYSTEMS[name](options) for name in options.systems}
        self.began, self.done, self.loads = time.monotonic(), 0, []
        self.turns, self.failures, self.run_again = {}, {}, 0  # the first two by case

    def say_where(self, case):
        took = time.monotonic() - self.began
        left = f", about {took / self.done * (len(self.cases) - self.done) / 60:.0f} min left" if self.done else ""
        print(f"{self.done + 1}/{len(self.cases)} {case.words} ({took / 60:.0f} min{left})", flush=True)

    def run_once(self, case):
        system, limit = self.systems[case.system], self.options.limit or time_limit(case)
        with Space(self.options, case) as space:
            if self.options.keep:
                space.keep = os.path.join(self.options.keep, f"{self.done + 1:03}-{case.words.replace(', ', '-').replace(' ', '-')}")
            outcome = system.run(space, limit)
        self.loads.append(os.getloadavg()[0])
        return outcome

    def run(self, case):
        """Again where the emulator was late, a few times at most; the last one stands."""
        for attempt in range(TRIES):
            outcome = self.run_once(case)
            if figures.kept_up(outcome.counts) or attempt == TRIES - 1:
                return outcome
            print(f"  the emulator was {figures.late_ms(outcome.counts):.1f} ms late at the 99th percentile: once more", flush=True)
            self.run_again += 1
        return None

    def attempt(self, case):
        self.say_where(case)
        unable = self.systems[case.system].unable(case.profile)
        try:
            if unable:
                raise Failure(unable)
            outcome = self.run(case)
            self.turns.setdefault(case, []).append(outcome)
            print(f"  {self.systems[case.system].words_of(case, outcome)}", flush=True)
        except Failure as failure:
            self.failures[case] = str(failure)
            print(f"  {failure}", flush=True)
        self.done += 1

    def rows(self):
        """A case with a turn that failed has no figure."""
        return [figures.failed_row(case, self.failures[case]) if case in self.failures else
                self.systems[case.system].row(case, self.turns[case]) for case in dict.fromkeys(self.cases)]


def facts_of(bench):
    options = bench.options
    return {**facts.machine(bench.loads), "merges that count, of each turn": options.merges, "turns": options.repeats,
            "sizes": ", ".join(f"{size / MIB:g} MiB" for size in options.sizes),
            f"runs that were made again, for the emulator was {figures.LATE_MOST_MS:g} ms late or more": bench.run_again}


def write(options, text, picture):
    os.makedirs(os.path.dirname(options.out), exist_ok=True)
    for path, content in ((options.out, text), (picture_file(options), picture)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)


def picture_file(options):
    return options.out[:-len(".md")] + ".svg" if options.out else None


def report(bench):
    """The exit code."""
    rows = bench.rows()
    found = targets.missed(rows)
    picture = os.path.basename(picture_file(bench.options)) if bench.options.out else None
    text = merge_page.page(facts_of(bench), rows, found, bench.options.systems, picture)
    print(text)
    if bench.options.out:
        write(bench.options, text, merge_plot.plot(rows))
    for what in found:
        print(f"missed: {what}")
    return 1 if found else 0


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    options = parse()
    if missing():
        print(f"bench wan: skipped, it {missing()}")
        return 77
    bench = Bench(options)
    why = allowed.unavailable(options.cc) or next(filter(None, (system.missing() for system in bench.systems.values())), "")
    if why:
        print(f"bench wan: {why}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with allowed.allowed(options.cc):
            for case in bench.cases:
                bench.attempt(case)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    return report(bench)


if __name__ == "__main__":
    sys.exit(main())
