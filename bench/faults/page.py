"""docs/benchmarks/faults.md and the same on the terminal: medians and worst, with the limit beside each figure."""
import statistics

from cuts import CUT_SECONDS
from deaths import ACCESS_OF_FOUR, IN_A_GATHER, PLACES
from facts import table
from limits import (COMMITTED_WITHIN, DETECTED_WITHIN, DIRECT_WITHIN, LATE_SHARE, LOSS_STEPS, LOSS_WITHIN, SILENT_WITHIN, late_share)
from sites import ROUND_TRIP_MS

ONE_WAY = ROUND_TRIP_MS / 2000  # s


def spread(values, unit=" s"):
    values = [value for value in values if value is not None]
    if not values:
        return "-"
    return f"{statistics.median(values):.2f} / {max(values):.2f}{unit}"


def counted(values):
    """'re-sum, a, b (7), adopt, a, b, c (3)'."""
    values = list(values)
    return "; ".join(f"{value} ({values.count(value)})" for value in sorted(set(values)))


def order_words(row):
    """What was ordered, of whom: in words that are the same whichever site died."""
    words = []
    for version, (kind, members) in sorted(row["orders"].items()):
        having = "with the dead one's" if row["victim"] in members.split(", ") else "without the dead one's"
        words.append(f"{'it' if version == row['version'] else 'the next'}: {kind} {having}")
    return ", ".join(words) or "nothing was open"


def deaths_part(rows):
    if not rows:
        return ""
    lines = []
    for method in sorted({row["method"] for row in rows}):
        for place in PLACES:
            group = [row for row in rows if row["method"] == method and row["place"] == place]
            if not group:
                continue
            name = place + (f" ({IN_A_GATHER[place]})" if place in IN_A_GATHER and "gather" in method else "")
            ahead = sum(row["commit"] < 0 for row in group)
            lines.append((method, name, len(group), spread([row["asked"] for row in group]), spread([row["view"] for row in group]),
                          f"before the death ({ahead})" if ahead == len(group) else spread([row["commit"] for row in group]),
                          spread([row["next_commit"] for row in group]), counted(order_words(row) for row in group),
                          max(row["discarded"] for row in group)))
    first = table(("run", "dies at", "deaths", f"detected (at most {DETECTED_WITHIN:.0f} s)", "members without it",
                   f"that merge commits (at most {COMMITTED_WITHIN:.0f} s)", "first commit after it", "ordered",
                   "steps of others discarded (0)"), lines)
    lines = []
    for method in sorted({row["method"] for row in rows}):
        group = [row for row in rows if row["method"] == method and "member" in row]
        held = [max(0.0, row["held_up"] - row["usual"]) for row in group]
        share = [max(0.0, row["held_up"] - row["usual"]) / row["usual"] for row in group]
        lines.append((method, len(group), spread([row["member"] for row in group]),
                      f"{statistics.median(row['bytes'] for row in group) / 1e6:.1f} MB in {spread([r['fetch_seconds'] for r in group])}",
                      spread([row["usual"] for row in group]),
                      *(spread([row[f"held_{when}"] for row in group]) for when in ("fetching", "change", "first")),
                      spread(held), spread(share, "")))
    second = table(("run", "returns", "from its start to member", "fetched", "merge interval of the others",
                    "longest while it fetches", "at the change of members", "first merge with it", "longest hold-up of the others", "in merge intervals (at most 1)"), lines)
    return ("## A site dies in a merge, and comes back\n\nSeconds from the death at the last of the others: until it was asked for its "
            "part of the flush (detected), until it entered the view without the dead site, until it committed the merge in which the "
            "site died. All figures: median / worst. What the protocol itself waits for: 2 s without a word (`run.lost_after` less the "
            "second after which a link is not heard), looked at every quarter of a second, and one way to ask; so a detection is between "
            f"{2 + ONE_WAY:.2f} and {2.25 + 2 * ONE_WAY:.2f} s; then one way to answer and one for the view, and for what is ordered one to "
            f"ask for it and one for it to come: a commit {2 * ONE_WAY:.2f} to {4 * ONE_WAY:.2f} s after the detection, and the transfer."
            "\n\n" + first + "\nEach comes back with `--resume`. A hold-up is the longest time "
            "between two commits of another site while it comes, less the usual one: the median without it or with it, whichever is longer. It cannot be "
            f"less than the one way ({ONE_WAY:.2f} s) on which the result of the last merge without it comes from its donor, and the "
            "transfer of that.\n\n" + second + "\nWhat was held, of one death "
            "each:\n\n" + held_part(rows))


def held_part(rows):
    seen, lines = set(), []
    for row in rows:
        if (row["method"], row["place"]) in seen:
            continue
        seen.add((row["method"], row["place"]))
        lines.append((row["method"], row["place"], f"{row['victim']}, {row['arrived']}",
                      "; ".join(f"{site}: {held}" for site, held in row["held"].items())))
    return table(("run", "dies at", "had arrived of it when it died (chunks)", "open at each other site when it was asked (chunks)"), lines)


def second_part(rows):
    if not rows:
        return ""
    lines = []
    for key in sorted({(row["reduction"], row["place"]) for row in rows}):
        group = [row for row in rows if (row["reduction"], row["place"]) == key]
        lines.append((*key, len(group), spread([row["asked"] for row in group]), spread([row["view"] for row in group]),
                      spread([row["commit"] for row in group]), counted(f"{row['order']} {row['set']}" for row in group), max(row["discarded"] for row in group)))
    return ("## A second site dies during the flush (four sites)\n\nquincy dies with half of its contribution sent; dallas when the holder "
            "asks it what it holds, or after its answer, when the order comes. Each site has an access of "
            f"{ACCESS_OF_FOUR}. Seconds from the second death; median / worst.\n\n" +
            table(("reduction", "dallas dies", "runs", f"detected (at most {DETECTED_WITHIN:.0f} s)", "members without both",
                   f"that merge commits (at most {COMMITTED_WITHIN:.0f} s)", "ordered",
                   "steps of the others discarded (0)"), lines))


def cuts_part(cut, off):
    text = ""
    if cut:
        lines = []
        for key in sorted({(row["method"], row["link"]) for row in cut}):
            group = [row for row in cut if (row["method"], row["link"]) == key]
            lines.append((*key, len(group), "all three", spread([row["next_commit"] for row in group]),
                          spread([row["relayed"] for row in group]), spread([row["stalled"] for row in group]),
                          statistics.median(row["merges_while_cut"] for row in group), spread([row["direct"] for row in group])))
        text += ("## A link is cut silently in mid-merge\n\nSeconds from the cut at the last site; median / worst. The link is mended "
                 f"after {CUT_SECONDS} s.\n\n" +
                 table(("run", "link", "cuts", "members", f"next commit (at most {COMMITTED_WITHIN:.0f} s)",
                        f"relayed (at most {DETECTED_WITHIN:.0f} s)",
                        f"longest time between two commits (at most {COMMITTED_WITHIN:.0f} s)", f"merges in {CUT_SECONDS} s",
                        f"direct again, from mending (at most {DIRECT_WITHIN:.0f} s)"), lines) + "\n")
    if off:
        lines = []
        for seconds in sorted({row["seconds"] for row in off}):
            group = [row for row in off if row["seconds"] == seconds]
            lines.append((f"{seconds} s", len(group), spread([row["asked"] for row in group]),
                          spread([row["without"] for row in group]), spread([row["commit"] for row in group]),
                          counted(f"alone {row['held']}; the others {row['set']}" for row in group),
                          spread([row["fenced"] for row in group]), spread([row["member"] for row in group]),
                          f"{statistics.median(row['bytes'] for row in group) / 1e6:.1f} MB", group[0]["lost"],
                          group[0]["own_lost_tokens"], max(row["discarded"] for row in group)))
        text += ("## A site is cut off while it holds everything\n\nThree sites, diloco, gather. First nobody hears quincy while it "
                 "hears everybody, so that it alone holds a whole merge and applies it; then nothing gets through. Seconds; median / "
                 "worst.\n\n" +
                 table(("cut off for", "runs", f"detected (at most {SILENT_WITHIN:g} s)", "others without it",
                        f"they commit that version (at most {COMMITTED_WITHIN:.0f} s)", "what the version contains", "fenced, from mending",
                        "member again, from mending", "fetched", "lost, as the log says", "its own tokens lost",
                        "steps of the others discarded (0)"), lines))
    return text


def store_part(rows):
    if not rows:
        return ""
    return ("## Two sites\n\nThe first holds the store. Seconds from the death or the start; the words are those on the screen.\n\n" +
            table(("method", "what happens", "then", "after", "at most", "words"),
                  [(method, what, then, f"{seconds:.2f} s", f"{most:g} s", words.replace("|", "/"))
                   for method, what, then, seconds, words, (_, most) in rows]))


def loss_part(pairs):
    if not pairs:
        return ""
    return ("## `synchronous` with a real model\n\nA small GPT-2 on tinyshakespeare, three sites; quincy dies with half of a contribution "
            "sent and comes back. The parameters are equal in every bit at all sites at the end of each run. A run ends with the merge that "
            "reaches its tokens. A run of fewer than " + str(LOSS_STEPS) + " steps is a look, not the comparison.\n\n" +
            table(("seed", "tokens", "undisturbed: validation loss", "with the death", f"apart (at most {LOSS_WITHIN:.0%})",
                   "merges without it", "steps of the others discarded (0)"),
                  [(pair["seed"], f"{pair['plain']['tokens']}, {pair['disturbed']['tokens']}", f"{pair['plain']['loss']:.4f}",
                    f"{pair['disturbed']['loss']:.4f}", f"{pair['apart']:+.2%}", pair["disturbed"]["away_merges"],
                    pair["disturbed"]["discarded"]) for pair in pairs]))


def page(machine, results, violations, lines):
    text = ("# Faults: what they cost\n\nMade by `./dev bench faults` (bench/faults), not by hand. Each site is a process of its own in "
            f"a network namespace of its own, with {ROUND_TRIP_MS} ms of round trip between every two, real sockets and TLS, and paced "
            "steps. The toy problem has 1.5 million parameters: 6 MB, 23 to 27 chunks. Emulated lines and one machine: times are those "
            "of the protocol, not of a long link's rate.\n\n" +
            "\n".join(f"- {name}: {value}" for name, value in machine.items()) +
            f"\n- lines, from the second merge of each run on, the loss apart: {sum(counts['frames'] for counts in lines)} frames, "
            f"{late_share(lines):.2%} of them more than 2 ms late, {max((late_share([counts]) for counts in lines), default=0):.2%} in the "
            f"worst run; figures are good while that is at most {LATE_SHARE:.0%} in each\n\n")
    if violations:
        text += "**Promises broken or not shown in this run:**\n\n" + "\n".join(f"- {what}" for what in violations) + "\n\n"
    parts = (deaths_part(results.get("deaths")), cuts_part(results.get("cuts"), results.get("off")),
             store_part(results.get("store")), second_part(results.get("second")), loss_part(results.get("loss")))
    return text + "\n".join(part for part in parts if part)
