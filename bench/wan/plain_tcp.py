"""What plain TCP gets over a profile, with iperf3: one connection alone, then every site to every other at once."""
import json
import shutil
import time

import figures
from runs import Failure, Outcome

ALONE_PORT, FIRST_PORT = 5201, 5300
SECONDS, WARM_UP = 8, 3
STREAMS = 4  # between two sites, of all at once


def iperf3_missing():
    return "" if shutil.which("iperf3") else "there is no iperf3; ./dev setup --bench installs it"


def received(space, name):
    """bit/s of data."""
    try:
        return json.loads(space.read(f"{name}.out"))["end"]["sum_received"]["bits_per_second"]
    except (ValueError, KeyError) as error:
        raise Failure(f"iperf3 said nothing of what was received: {error}") from None


class Iperf3:
    def __init__(self, options):
        self.options = options

    def missing(self):
        return iperf3_missing()

    def unable(self, profile):
        return ""

    def run(self, space, limit):
        """The emulator's statistics are of both parts, from where the warm-up of the first is over."""
        sites, absent = space.profile.sites, space.profile.absent
        pairs = [(a, b) for i, a in enumerate(sites) for j, b in enumerate(sites) if i != j and (min(i, j), max(i, j)) not in absent]
        alone = self.measure(space, [(sites[0], sites[1])], 1, ALONE_PORT)
        together = self.measure(space, pairs, STREAMS, FIRST_PORT)
        return Outcome(counts=space.lines.counts(), streams=STREAMS, more={"alone": alone, "all": together / len(sites)})

    def measure(self, space, pairs, streams, port):
        """bit/s of data that all receivers of the pairs got together, after the warm-up."""
        for i, (_, receiver) in enumerate(pairs):
            space.start(receiver, ["iperf3", "--server", "--one-off", "--port", str(port + i), "--json"], name=f"server-{port + i}")
        time.sleep(0.5)
        for i, (sender, receiver) in enumerate(pairs):
            space.start(sender, ["iperf3", "--client", space.lines.address(receiver), "--port", str(port + i), "--json", "--parallel",
                                 str(streams), "--omit", str(WARM_UP), "--time", str(SECONDS)], name=f"client-{port + i}")
        time.sleep(WARM_UP)
        if port == ALONE_PORT:
            space.lines.tell("reset")
        space.wait(SECONDS + WARM_UP + 20)
        return sum(received(space, f"client-{port + i}") for i in range(len(pairs)))

    def row(self, case, turns):
        return figures.plain_row(case, turns)

    def words_of(self, case, outcome):
        row = figures.plain_row(case, [outcome])
        return (f"{row['alone'] / 1e6:.0f} Mbit/s alone, {row['all'] / 1e6:.0f} a site with all at once; the emulator "
                f"{row['late_ms']:.2f} ms late, {row['core']:.2f} of a core")
