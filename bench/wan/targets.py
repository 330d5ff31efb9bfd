"""The limits of each row: what was promised of Intertie's merges, in one table. Rows of other systems have none.

In the table None stands for any. The first line that fits a row holds; `figure` is a key of the row.
"""
from cases import BESIDE, CUT, MIB

OWN = ("intertie", BESIDE, CUT)
# profile, congestion control, size, encoding, pace: figure, at most
AT_MOST = (
    (("b", "c"), None, 64 * MIB, ("int8", "fp4", "fp4 results"), "", "ratio", 1.25),
    (("b",), None, None, ("f32",), ("every 5 s", "after 60 s"), "ratio", 1.25),
    (("b", "c", "d"), "bbr", 64 * MIB, ("f32",), "", "ratio", 1.10),
    (("b", "c", "d"), "bbr", 256 * MIB, ("f32",), "", "ratio", 1.05),
    (("e", "i"), "bbr", None, ("f32",), "", "ratio", 1.15),
    (("b", "c", "e", "i"), "cubic", None, ("f32",), "", "ratio", 1.15),
    (("d",), "cubic", None, ("f32",), "", "ratio", 1.35),
    (("b2", "b5"), "bbr", None, ("f32",), "", "ratio", 1.12),
    (("b2", "b5"), "cubic", None, ("f32",), "", "ratio", 1.18),
    (("j",), None, None, ("f32",), "", "ratio", 1.05),
    (tuple(f"g{seed}" for seed in range(1, 11)), None, None, ("f32",), "", "against_prediction", 1.15),
)
# Beside the above: milliseconds of control messages, at the 99th percentile, more than the round trip.
CONTROL_AT_MOST = {"j": 15}
LEFT_AT_LEAST = 0.9  # of the path that is left, from 2 s after the other was cut
KEPT_AT_LEAST = 0.5  # of what a foreign flow gets beside one cubic flow in the merges' place
AT_LEAST = ((("h",), "bbr", None, ("f32",), "", "share_of_rate", 0.80),)
# Of Gloo's own in the same run, which is not encrypted.
AGAINST_GLOO = (("a", "median", 1.7), ("b", "cpu_per_gb", 2.0))
WORDS = {"ratio": "times the bound", "against_prediction": "times its prediction", "share_of_rate": "of the rate",
         "beyond_round_trip": "ms more than a round trip, control messages", "kept": "of what a foreign flow gets beside a cubic flow",
         "left_share": "of the path that is left", "again_share": "of what was unacknowledged, sent again",
         "median": "times Gloo's time", "cpu_per_gb": "times Gloo's CPU seconds per GB"}


def fits(row, profiles, cc, size, encodings, paces):
    return (row["system"] == "intertie" and row["profile"] in profiles and cc in (None, row["cc"]) and size in (None, row["size"]) and
            row["encoding"] in encodings and (row["pace"] == paces or (paces and row["pace"] in paces)))


def target_of(row):
    """(figure, 'at most' or 'at least', limit), or None."""
    for words, lines in (("at most", AT_MOST), ("at least", AT_LEAST)):
        for *what, figure, limit in lines:
            if fits(row, *what):
                return figure, words, limit
    return None


def words_of(row):
    more = [each for each in (row["encoding"] if row["encoding"] != "f32" else "", row["pace"]) if each]
    size = [f"{row['size'] / MIB:g} MiB"] if row["size"] else []
    return ", ".join([row["profile"], *size, row["cc"], row["system"], *more])


def judged(row, figure, words, limit, value):
    if value is None:
        return [f"{words_of(row)}: {WORDS[figure]}: not measured ({words} {limit:g})"]
    if value <= limit if words == "at most" else value >= limit:
        return []
    return [f"{words_of(row)}: {value:.3f} {WORDS[figure]} ({words} {limit:g})"]


def of_itself(row):
    target = target_of(row)
    if "why" in row:
        return [f"{words_of(row)}: {row['why']}"] if row["system"] in OWN else []
    if row["system"] in OWN and not row["kept_up"]:
        return [f"{words_of(row)}: the emulator did not keep up: {row['late_ms']:.1f} ms late at the 99th percentile"]
    if row["system"] == BESIDE:
        return judged(row, "kept", "at least", KEPT_AT_LEAST, row["kept"])
    if row["system"] == CUT:
        return (judged(row, "left_share", "at least", LEFT_AT_LEAST, row["left_share"]) +
                judged(row, "again_share", "at most", 1, row["again_share"]))
    found = judged(row, *target, row.get(target[0])) if target else []
    if row["system"] == "intertie" and row["profile"] in CONTROL_AT_MOST:
        found += judged(row, "beyond_round_trip", "at most", CONTROL_AT_MOST[row["profile"]], row["beyond_round_trip"])
    return found


def of_gloo(row, rows):
    """Where Gloo was not measured beside it, nothing is compared."""
    if row["system"] != "intertie" or row["encoding"] != "f32" or row["pace"] or "why" in row:
        return []
    gloo = [each for each in rows if each["system"] == "gloo" and "why" not in each and
            all(each[name] == row[name] for name in ("profile", "size", "cc"))]
    found = []
    for profile, figure, limit in AGAINST_GLOO:
        if gloo and profile == row["profile"]:
            of_other, own = gloo[0].get(figure), row.get(figure)
            found += judged(row, figure, "at most", limit, own / of_other if own is not None and of_other else None)
    return found


def missed(rows):
    """In words; empty: every limit that has a figure is kept."""
    if not rows:
        return ["nothing was measured"]
    return [words for row in rows for words in (*of_itself(row), *of_gloo(row, rows))]
