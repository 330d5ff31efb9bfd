"""Merges beside flows of others, which share an access with them: what is left to each, against one cubic flow in the merges' place."""
import statistics
import time

import figures
from cases import WARM_UPS
from plain_tcp import iperf3_missing, received
from runs import Failure, Outcome
from systems import Intertie

FIRST_PORT = 5400
FOREIGN = ("cubic", "bbr")
SETTLE, SECONDS = 5, 20  # what a flow gets at its start does not count


class Beside:
    """Flows from the first site to the second. The reference comes first, over the same lines."""

    def __init__(self, options):
        self.own = Intertie(options)

    def missing(self):
        return self.own.missing() or iperf3_missing()

    def unable(self, profile):
        return ""

    def run(self, space, limit):
        reference = self.flows(space, [*FOREIGN, "cubic"], "reference")
        self.own.start(space)
        space.wait_for_merges(WARM_UPS, limit)
        space.lines.tell("reset")
        before, began = len(space.merged("s0")), time.monotonic()
        found = self.flows(space, FOREIGN, "beside")
        merges, took = len(space.merged("s0")) - before, time.monotonic() - began
        if merges < 1:
            raise Failure(f"no merge was made beside foreign flows in {took:.0f} s")
        counts = space.lines.counts()
        space.end()
        beside = {"merge": took / merges, "alone": statistics.median(space.merged("s0")[:before])}
        return Outcome(counts=counts, more={**beside, "reference": reference, "beside": found})

    def flows(self, space, controls, label):
        """bit/s of data that each gets after it has settled."""
        sender, receiver = space.profile.sites[:2]
        names = [f"{label}-{i}" for i in range(len(controls))]
        for i, name in enumerate(names):
            space.start(receiver, ["iperf3", "--server", "--one-off", "--port", str(FIRST_PORT + i)], name=f"{name}-server")
        time.sleep(0.5)
        for i, (name, control) in enumerate(zip(names, controls)):
            space.start(sender, ["iperf3", "--client", space.lines.address(receiver), "--port", str(FIRST_PORT + i), "--json",
                                 "--congestion", control, "--omit", str(SETTLE), "--time", str(SECONDS)], name=name)
        deadline = time.monotonic() + SETTLE + SECONDS + 20
        while any(space.processes[name].poll() is None for name in names):
            space.require_no_failure()
            if time.monotonic() > deadline:
                raise Failure("iperf3 has not ended")
            time.sleep(0.05)
        return [received(space, name) for name in names]

    def row(self, case, turns):
        """Medians over turns. `kept`: the least of what is left to a foreign flow of what it gets beside one cubic flow."""
        merge = statistics.median(turn.more["merge"] for turn in turns)
        alone = statistics.median(turn.more["alone"] for turn in turns)
        rates = {name: [statistics.median(turn.more[name][i] for turn in turns) for i in range(len(turns[0].more[name]))]
                 for name in ("reference", "beside")}
        kept = [own / reference for own, reference in zip(rates["beside"], rates["reference"])]
        return {**figures.name_of(case), "merge": merge, "alone": alone, **rates, "kept_each": kept, "kept": min(kept),
                **figures.of_emulator(turns)}

    def words_of(self, case, outcome):
        row = self.row(case, [outcome])
        each = ", ".join(f"{name} {own / 1e6:.0f} of {reference / 1e6:.0f} Mbit/s"
                         for name, own, reference in zip(FOREIGN, row["beside"], row["reference"]))
        return (f"{each}; a merge {row['merge']:.2f} s, alone {row['alone']:.2f} s; the emulator {row['late_ms']:.2f} ms late, "
                f"{row['core']:.2f} of a core")

