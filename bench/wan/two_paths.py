"""Merges over two paths, of which the larger goes silent in the middle of one: what goes on over the other, and what is sent twice."""
import time

import figures
from cases import WARM_UPS, settings_of
from profiles import MBIT
from runs import Failure
from systems import Intertie

CUT_AT = 0.3  # of the time of a merge
SETTLED = 2.0  # seconds after the cut, from which on the path that is left carries all
ON_THE_WIRE = 1500 / 1538  # of the rate: the emulator counts IP packets


class Cut(Intertie):
    """`intertie bench merge` with the run file's paths; nothing is probed, since links of several paths are not paced."""

    def run(self, space, limit):
        case, lines, first = space.case, space.lines, space.profile.sites[0]
        self.start(space)
        space.wait_for_merges(WARM_UPS, limit)
        lines.tell("reset")
        time.sleep(CUT_AT * space.merged(first)[-1])
        lines.tell("cut s0 s1 path 0")
        cut = time.monotonic()
        time.sleep(SETTLED)
        samples = [self.sample(lines)]
        while len(space.merged(first)) == WARM_UPS:
            time.sleep(0.05)
            samples.append(self.sample(lines))
            space.require_no_failure()
            if time.monotonic() > cut + limit:
                raise Failure(f"the merge that was going on was not done {limit:.0f} s after the cut")
        if len(samples) < 4:
            raise Failure("the merge ended too soon after the cut to see how fast the other path is")
        counts = lines.counts()
        space.wait(limit)
        outcome = self.outcome(space, counts, True, limit)
        (began, before), (ended, after) = samples[0], samples[-3]  # what is on its way at the end is not all of it
        outcome.more |= {"left": [8 * (b - a) / (ended - began) for a, b in zip(before, after)], "after_cut": space.merged(first)[WARM_UPS]}
        return outcome

    def sample(self, lines):
        """When, and bytes that the second path has carried: there and back."""
        found = {line["from"]: line["bytes"] for line in lines.counts()["lines"] if line["path"] == 1}
        return time.monotonic(), [found.get(site, 0) for site in ("s0", "s1")]

    def row(self, case, turns):
        """`left_share`: of the path that is left, in the direction and turn that got least. `again_share`: of what was unacknowledged
        when the path was given up."""
        rate = case.profile.paths[1] * MBIT * ON_THE_WIRE
        more = [turn.more for turn in turns]
        return {**figures.name_of(case), "before": min(each["warm_up"] for each in more), "after_cut": max(each["after_cut"] for each in more),
                "bound": case.bound, "left_share": min(rate_left for each in more for rate_left in each["left"]) / rate,
                "lost": max(each["lost"] for each in more), "again": max(each["again"] for each in more),
                "streams": settings_of(case, self.options.streams)["streams"],
                "again_share": max(each["again"] / max(1, each["lost"]) for each in more), **figures.of_emulator(turns)}

    def words_of(self, case, outcome):
        row = self.row(case, [outcome])
        return (f"a merge {row['before']:.2f} s, with the cut {row['after_cut']:.2f} s; {row['left_share']:.1%} of the path that is left from "
                f"{SETTLED:g} s after it; {row['again'] / 1e6:.1f} MB sent again of {row['lost'] / 1e6:.1f} MB unacknowledged; the emulator "
                f"{row['late_ms']:.2f} ms late, {row['core']:.2f} of a core")
