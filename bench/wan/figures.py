"""From runs to the rows of the page: one row of each case, over all of its turns."""
import statistics

from bounds import bits_of_site, goodput
from profiles import MBIT

LATE_MOST_MS = 2.0  # at the 99th percentile of frames: a figure that had more says what the emulator does


def late_ms(counts):
    """At the 99th percentile; of no frames at all nothing is known."""
    return counts["late_us"]["p99"] / 1000 if counts.get("frames") else float("inf")


def kept_up(counts):
    return late_ms(counts) < LATE_MOST_MS


def slowest(turns):
    """The merges of the site whose median is the largest, over all turns."""
    sites = [[seconds for turn in turns for seconds in turn.merges[i]] for i in range(len(turns[0].merges))]
    return max(sites, key=statistics.median)


def ratio(value, to):
    return None if value is None or not to else value / to


def of_emulator(turns):
    """The worst turn's lateness, and the means of what else stands beside each figure."""
    counts = [turn.counts for turn in turns]
    frames = sum(each["frames"] for each in counts)
    return {"late_ms": max(late_ms(each) for each in counts), "late_share": sum(each["late_frames"] for each in counts) / max(1, frames),
            "core": sum(each["cpu_seconds"] for each in counts) / sum(each["seconds"] for each in counts),
            "kept_up": all(kept_up(each) for each in counts)}


def name_of(case):
    return {"profile": case.profile.name, "about": case.profile.words, "sites": case.profile.num_sites, "size": case.size,
            "cc": case.congestion_control, "system": case.system, "encoding": case.encoding, "pace": case.pace}


def row_of(case, turns):
    """Of the outcomes of a case's turns; its merges of all turns are one set."""
    merges = slowest(turns)
    median, num_merges = statistics.median(merges), len(merges)
    bound = case.bound or next((turn.more["bound"] for turn in turns if "bound" in turn.more), None)
    predicted = statistics.median([turn.more["predicted"] for turn in turns if "predicted" in turn.more] or [0]) or None
    cpu = sum(turn.cpu_seconds for turn in turns) if all(turn.cpu_seconds is not None for turn in turns) else None
    sent = sum(turn.counts["bytes"] for turn in turns) / num_merges / case.profile.num_sites
    row = {"median": median, "least": min(merges), "most": max(merges), "merges": num_merges, "wanted": sum(turn.wanted for turn in turns),
           "bound": bound, "bound_is_own": case.bound is None and bound is not None, "ratio": ratio(median, bound),
           "predicted": predicted, "against_prediction": ratio(median, predicted), "streams": turns[0].streams,
           "cpu_per_gb": None if cpu is None else cpu / num_merges / (case.size / 1e9), "sent": sent, "turns": len(turns)}
    control = [turn.more["control_p99"] for turn in turns if "control_p99" in turn.more]
    row["control_ms"] = 1000 * max(control) if control else None
    row["beyond_round_trip"] = row["control_ms"] - case.profile.rtt_ms if control else None
    if case.profile.access:
        row["share_of_rate"] = bits_of_site(case.profile, case.size, case.encoding) / median / (case.profile.access * MBIT)
    return {**name_of(case), **row, **of_emulator(turns)}


def failed_row(case, why):
    return {**name_of(case), "why": why}


def plain_row(case, turns):
    """What TCP alone gets; turns: (figures in bit/s by what was measured, the emulator's statistics)."""
    ceiling = goodput(case.profile.access) if case.profile.access else None
    rates = {name: statistics.median(turn.more[name] for turn in turns) for name in turns[0].more}
    return {**name_of(case), **rates, "ceiling": ceiling, "streams": turns[0].streams, **of_emulator(turns)}
