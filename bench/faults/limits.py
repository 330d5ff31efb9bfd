"""Which figures are beyond their limits: those of the promises (docs/protocol.md rules 13 to 18), each with the time the frames take.

deaths, second  detected within 3 s, the open merge committed within 5 s and the transfer of what is summed again, no step of a site that
                stays discarded; deaths also: nobody held up by a return for more than a merge interval
cuts            another way is taken before anybody would have to leave, and a link that is mended is taken again
off             as a death for the others, but for a site whose connections do not end; it comes back as a later start, with words
                about what it lost
store           each step of what happens to two sites, beside its row (store.py)
loss            within 1 % at equal tokens
lines           a frame that is late by milliseconds makes figures that say nothing
"""
DETECTED_WITHIN, COMMITTED_WITHIN = 3.0, 5.0
# A silent site: `run.lost_after` (3 s) from the last beat that came, a quarter of a second in which that is found, and the ways.
SILENT_WITHIN = 3.5
# A link that is mended: every try to open it anew ends within seconds.
DIRECT_WITHIN = 3.0
LOSS_WITHIN, LOSS_STEPS = 0.01, 300
LATE_US = 2000


def beyond(row, where, limits):
    """`limits`: (figure, words, at most). One that was not measured is no figure within its limit."""
    found = []
    for figure, words, most in limits:
        value = row.get(figure)
        if value is None:
            found.append(f"{where}: {words}: not measured")
        elif value > most:
            found.append(f"{where}: {words} {value:.2f} s (at most {most:g} s)")
    if row.get("discarded"):
        found.append(f"{where}: {row['discarded']} steps of others discarded")
    return found


AFTER_A_DEATH = (("asked", "detected after", DETECTED_WITHIN), ("commit", "committed after", COMMITTED_WITHIN))


def of_death(row):
    where = f"{row['method']}, {row['place']}"
    found = beyond(row, where, AFTER_A_DEATH)
    if "held_up" in row and row["held_up"] - row["usual"] > row["usual"]:
        found.append(f"{where}: others held up {row['held_up'] - row['usual']:.2f} s at a merge interval of {row['usual']:.2f} s")
    return found


def of_second_death(row):
    return beyond(row, f"second death, {row['place']}, {row['reduction']}", AFTER_A_DEATH)


def of_cut(row):
    return beyond(row, f"{row['method']}, {row['link']} cut",
                  (("relayed", "relayed after", DETECTED_WITHIN), ("next_commit", "next commit after", COMMITTED_WITHIN),
                   ("stalled", "longest time between two commits", COMMITTED_WITHIN),
                   ("direct", "direct again after", DIRECT_WITHIN)))


def of_cut_off(row):
    where = f"cut off for {row['seconds']} s"
    found = beyond(row, where, (("asked", "detected after", SILENT_WITHIN), ("commit", "committed after", COMMITTED_WITHIN)))
    before, after = row["incarnations"]
    if after <= before:
        found.append(f"{where}: it came back as start {after}, and was start {before}")
    if not row["lost"] and "quincy" not in row["set"]:
        found.append(f"{where}: no word of what it lost, and version {row['version']} is of {row['set']}")
    return found


def of_two(row):
    method, what, then, seconds, _, (least, most) = row
    if least <= seconds <= most:
        return []
    return [f"two sites, {method}: {what + ': ' if what else ''}{then} after {seconds:.2f} s (from {least:g} to {most:g} s)"]


def of_loss(pair):
    where = f"seed {pair['seed']}"
    found = beyond(pair["disturbed"], where, ())
    if pair["plain"]["steps"] >= LOSS_STEPS and abs(pair["apart"]) > LOSS_WITHIN:
        found.append(f"{where}: loss {pair['apart']:+.2%} apart")
    return found


PARTS = {"deaths": of_death, "second": of_second_death, "cuts": of_cut, "off": of_cut_off, "store": of_two, "loss": of_loss}


def over_limits(results, counts):
    """In words; empty: all are within their limits."""
    found = [words for part, of_row in PARTS.items() for row in results.get(part) or [] for words in of_row(row)]
    late = counts["late_us"]["p99"]
    if late > LATE_US:
        found.append(f"lines: frames are {late} us late at 99 % (at most {LATE_US} us): no figure here is good")
    return found
