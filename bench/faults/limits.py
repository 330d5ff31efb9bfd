"""Which figures are beyond their limits: those of the promises (docs/protocol.md rules 13 to 18), each with the time the frames take.

deaths, second  detected within 3 s, the open merge committed within 5 s and the transfer of what is summed again, no step of a site
                that stays discarded; what was ordered is what the place of the death asks for; deaths also: nobody held up by a
                return for more than a merge interval
cuts            another way is taken before anybody would have to leave, and merges go on over it; a link that is mended is taken
                again
off             as a death for the others, but for a site whose connections do not end; it alone had the whole merge, and the others
                make it without its part; it comes back as a later start, with words about what it lost
store           each step of what happens to two sites, beside its row (store.py)
loss            within 1 % at equal tokens, with merges that the site was away for
lines           a frame that is late by milliseconds makes figures that say nothing

What was asked for and not measured is beyond its limit.
"""
DETECTED_WITHIN, COMMITTED_WITHIN = 3.0, 5.0
# A silent site: `run.lost_after` (3 s) from the last beat that came, a quarter of a second in which that is found, and the ways.
SILENT_WITHIN = 3.5
# A link that is mended: every try to open it anew ends within seconds.
DIRECT_WITHIN = 3.0
LOSS_WITHIN, LOSS_STEPS = 0.01, 300
LATE_SHARE = 0.01  # of the frames, by more than 2 ms

# What is ordered of the merge in which a site dies, and of the next: the kind, and whether it has the dead one's part. It is the
# same in a gather and with owners. Where nothing is ordered of the first, the others could make it by themselves.
WITHOUT_IT, WITH_IT = ("re-sum", False), ("adopt", True)
ORDERED = {"first-block": (WITHOUT_IT, None), "half-contribution": (WITHOUT_IT, None), "half-results": (WITHOUT_IT, None),
           "results-at-one": (WITH_IT, WITHOUT_IT), "all-sent": (None, WITHOUT_IT), "applied": (None, WITHOUT_IT)}
# dallas has sent its contribution before it dies: in a gather to each of those who stay, with owners a third of it to each.
SECOND_SET = {"gather": "ashburn, columbus, dallas", "owners": "ashburn, columbus"}
OFF_HELD, OFF_SET = "ashburn, columbus, quincy", "ashburn, columbus"


def beyond(row, where, limits):
    """`limits`: (figure, words, at most). One that was not measured is no figure within its limit."""
    found = []
    for figure, words, most in limits:
        value = row.get(figure)
        if value is None:
            found.append(f"{where}: {words}: not measured")
        elif value > most:
            found.append(f"{where}: {words} {value:.2f} s (at most {most:g} s)")
    return found


def discarded(row, where):
    steps = row.get("discarded")
    if steps is None:
        return [f"{where}: steps of others discarded: not measured"]
    return [f"{where}: {steps} steps of others discarded"] if steps else []


def not_after(row, where, what):
    """The merge was made before what was to disturb it, which therefore did not."""
    commit = row.get("commit")
    return [f"{where}: committed {-commit:.2f} s before {what}"] if commit is not None and commit <= 0 else []


AFTER_A_DEATH = (("asked", "detected after", DETECTED_WITHIN), ("commit", "committed after", COMMITTED_WITHIN))


def ordered_words(kind, members):
    return f"{kind} {', '.join(sorted(members))}"


def of_orders(row, where):
    others = set(row["held"])
    expected = {row["version"] + i: ordered_words(order[0], others | {row["victim"]} if order[1] else others)
                for i, order in enumerate(ORDERED[row["place"]]) if order}
    orders = {version: ordered_words(kind, members.split(", ")) for version, (kind, members) in row["orders"].items()}
    if orders == expected:
        return []
    return [f"{where}: ordered {orders or 'nothing'}, not {expected}, of version {row['version']} and the next"]


def of_hold_up(row, where):
    held_up, usual = row.get("held_up"), row.get("usual")
    if held_up is None or usual is None:
        return [f"{where}: others held up: not measured"]
    longer = held_up - usual
    return [f"{where}: others held up {longer:.2f} s at a merge interval of {usual:.2f} s"] if longer > usual else []


def of_death(row):
    where = f"{row['method']}, {row['place']}"
    early = not_after(row, where, "the death") if ORDERED[row["place"]][0] else []
    return beyond(row, where, AFTER_A_DEATH) + early + of_orders(row, where) + discarded(row, where) + of_hold_up(row, where)


def of_second_death(row):
    where = f"second death, {row['place']}, {row['reduction']}"
    found = beyond(row, where, AFTER_A_DEATH) + discarded(row, where)
    if row["place"] == "flush-asked":  # no flush can have ended without its answer
        found += not_after(row, where, "the second death")
    ordered, expected = f"{row['order']} {row['set']}", f"re-sum {SECOND_SET[row['reduction']]}"
    return found if ordered == expected else [*found, f"{where}: ordered {ordered}, not {expected}"]


def of_cut(row):
    where = f"{row['method']}, {row['link']} cut"
    found = beyond(row, where,
                   (("relayed", "relayed after", DETECTED_WITHIN), ("next_commit", "next commit after", COMMITTED_WITHIN),
                    ("stalled", "longest time between two commits", COMMITTED_WITHIN),
                    ("direct", "direct again after", DIRECT_WITHIN)))
    return found if row.get("merges_while_cut") else [*found, f"{where}: no merge while it was cut"]


def of_cut_off(row):
    where, version = f"cut off for {row['seconds']} s", row["version"]
    found = beyond(row, where, (("asked", "detected after", SILENT_WITHIN), ("commit", "committed after", COMMITTED_WITHIN)))
    found += not_after(row, where, "the cut") + discarded(row, where)
    if (row["held"], row["set"]) != (OFF_HELD, OFF_SET):
        found.append(f"{where}: version {version} is of {row['held']} at the site itself, and of {row['set']} at the others")
    before, after = row["incarnations"]
    if after <= before:
        found.append(f"{where}: it came back as start {after}, and was start {before}")
    if f"version {version}: samples " not in row["lost"]:
        found.append(f"{where}: no word of what it lost of version {version}")
    return found


def of_two(row):
    method, what, then, seconds, _, (least, most) = row
    if least <= seconds <= most:
        return []
    return [f"two sites, {method}: {what + ': ' if what else ''}{then} after {seconds:.2f} s (from {least:g} to {most:g} s)"]


def of_loss(pair):
    where, plain, disturbed = f"seed {pair['seed']}", pair["plain"], pair["disturbed"]
    found = discarded(disturbed, where)
    # A run ends with the merge that reaches its tokens; undisturbed, each step is a merge of all sites.
    if abs(disturbed["tokens"] - plain["tokens"]) >= plain["tokens"] / plain["steps"]:
        found.append(f"{where}: the losses are those at {plain['tokens']} and at {disturbed['tokens']} tokens")
    if not disturbed.get("away_merges"):
        found.append(f"{where}: no merge was made without the site that died")
    if plain["steps"] >= LOSS_STEPS and abs(pair["apart"]) > LOSS_WITHIN:
        found.append(f"{where}: loss {pair['apart']:+.2%} apart")
    return found


PARTS = {"deaths": of_death, "second": of_second_death, "cuts": of_cut, "off": of_cut_off, "store": of_two, "loss": of_loss}


def late_share(lines):
    """Of the frames of these runs; `lines`: what the emulator counted in each."""
    frames = sum(counts["frames"] for counts in lines)
    return sum(counts["late_frames"] for counts in lines) / frames if frames else 0.0


def over_limits(results, lines):
    """In words; empty: all are within their limits. `results`: the rows of each part that was asked for."""
    found = [f"{part}: nothing was measured" for part, rows in results.items() if not rows]
    found += [words for part, rows in results.items() for row in rows for words in PARTS[part](row)]
    if set(results) - {"loss"} and not (lines and all(counts["frames"] for counts in lines)):
        found.append("lines: no frame was counted")
    late = [late_share([counts]) for counts in lines if late_share([counts]) > LATE_SHARE]
    if late:
        found.append(f"lines: of {len(late)} runs, up to {max(late):.1%} of the frames are more than 2 ms late (at most {LATE_SHARE:.0%})")
    return found
