"""The page of `./dev bench wan`: what each merge took beside its bound, what TCP alone gets, and what is not measured."""
from cases import BESIDE, CUT, MIB, SYSTEMS
from facts import table
from figures import LATE_MOST_MS
from profiles import NOT_MEASURED, PROFILES
from targets import target_of

NAMES = {"intertie": "Intertie, TLS", "gloo": "Gloo", "openmpi": "Open MPI", "openmpi-ring": "Open MPI, ring", "iperf3": "iperf3",
         BESIDE: "Intertie beside foreign flows", CUT: "Intertie over two paths"}
APART = ("iperf3", BESIDE, CUT)  # parts of the page of their own
HEAD = ("size", "congestion control", "system", "median (least to most)", "bound", "times the bound", "target", "merges",
        "connections a pair", "emulator late, 99 %", "late frames", "of a core", "CPU s per GB", "sent a site and merge", "control, 99 %")


def number(value, unit="", digits=2):
    return "-" if value is None else f"{value:.{digits}f}{unit}"


def target_words(row):
    target = target_of(row)
    if not target:
        return ""
    figure, words, limit = target
    measured = {"ratio": "", "against_prediction": f" of the prediction, is {number(row.get(figure))}",
                "share_of_rate": f" of the rate, is {number(row.get(figure))}"}[figure]
    return f"{words} {limit:.2f}{measured}"


def system_words(row):
    more = [each for each in (row["encoding"] if row["encoding"] != "f32" else "", row["pace"]) if each]
    return ", ".join([NAMES[row["system"]], *more])


def emulator_cells(row):
    late = f"{row['late_ms']:.2f} ms"
    return (late if row["kept_up"] else f"**not kept up: {late}**", f"{row['late_share']:.2%}", f"{row['core']:.2f}")


def cells(row):
    name = (f"{row['size'] / MIB:g} MiB", row["cc"], system_words(row))
    if "why" in row:
        return (*name, row["why"].replace("|", "/").replace("\n", " "), *[""] * (len(HEAD) - 4))
    bound = number(row["bound"], " s") + (" (its own)" if row["bound_is_own"] else "")
    merges = f"{row['merges']}" + (f" of {row['wanted']}" if row["merges"] < row["wanted"] else "")
    return (*name, f"{row['median']:.2f} s ({row['least']:.2f} to {row['most']:.2f})", bound, number(row["ratio"]), target_words(row),
            merges, row["streams"], *emulator_cells(row), number(row["cpu_per_gb"]), f"{row['sent'] / 1e6:.1f} MB",
            number(row["control_ms"], " ms", 0))


def merges_part(rows):
    text = ""
    for name in PROFILES:
        group = [row for row in rows if row["profile"] == name and row["system"] not in APART]
        if group:
            text += f"## {name}: {group[0]['about']}\n\n{table(HEAD, [cells(row) for row in group])}\n"
            text += "".join(f"- {line}\n" for line in network_lines(group))
            text += "\n" if network_lines(group) else ""
    return text


def network_lines(group):
    """What Intertie itself said of a network without a bound from its rates."""
    return [f"{row['size'] / MIB:g} MiB, {row['cc']}: Intertie predicted {row['predicted']:.2f} s, {number(row['against_prediction'])} of "
            f"which the median is; its schedule's prediction is {row['predicted'] / row['bound']:.2f} of its bound"
            for row in group if row.get("bound_is_own") and row["predicted"] and row["bound"] and row["encoding"] == "f32"]


def summary(rows):
    """Times the bound, or seconds where there is none: what an ordinary user gets (cubic), and with bbr."""
    found = {(row["profile"], row["size"], row["cc"], row["system"]): row
             for row in rows if row["system"] not in APART and row["encoding"] == "f32" and not row["pace"] and row["size"]}
    systems = [system for system in SYSTEMS if any(key[3] == system for key in found)]
    controls = [cc for cc in ("cubic", "bbr") if any(key[2] == cc for key in found)]
    lines = []
    for profile, size in dict.fromkeys((key[0], key[1]) for key in found):
        own = [found.get((profile, size, cc, system)) for cc in controls for system in systems]
        bounds = [row["bound"] for row in own if row and row.get("bound") and not row["bound_is_own"]]
        lines.append((profile, next(row["about"] for row in own if row), f"{size / MIB:g} MiB", number(bounds[0], " s") if bounds else "-",
                      *(short(row) for row in own)))
    head = ("profile", "", "size", "bound", *(f"{NAMES[system]}, {cc}" for cc in controls for system in systems))
    return table(head, lines) if lines else ""


def short(row):
    if row is None:
        return ""
    if "why" in row:
        return "not done"
    words = f"{row['ratio']:.2f}" if row["ratio"] else f"{row['median']:.2f} s"
    return words if row["kept_up"] else f"({words})"


def plain_part(rows):
    group = [row for row in rows if row["system"] == "iperf3"]
    if not group:
        return ""
    rate = lambda value: "-" if value is None else f"{value / 1e6:.0f}"  # noqa: E731
    lines = [(row["profile"], row["about"], row["cc"], row["why"], *[""] * 6) if "why" in row else
             (row["profile"], row["about"], row["cc"], rate(row["ceiling"]), rate(row["alone"]), rate(row["all"]), row["streams"],
              *emulator_cells(row)) for row in group]
    return ("## What plain TCP gets\n\niperf3, Mbit/s of data: one connection from the first site to the second; every site to every other "
            "at once, the mean of what the sites receive.\n\n" +
            table(("profile", "", "congestion control", "ceiling of a site", "one connection", "all at once, a site", "connections a pair",
                   "emulator late, 99 %", "late frames", "of a core"), lines) + "\n")


def beside_part(rows):
    group = [row for row in rows if row["system"] == BESIDE]
    if not group:
        return ""
    rates = lambda of: " / ".join(f"{rate / 1e6:.0f}" for rate in of)  # noqa: E731
    lines = [(row["cc"], row["why"], *[""] * 7) if "why" in row else
             (row["cc"], rates(row["reference"]), rates(row["beside"]), " / ".join(f"{each:.2f}" for each in row["kept_each"]),
              f"{row['alone']:.2f} s", f"{row['merge']:.2f} s", *emulator_cells(row)) for row in group]
    return (f"## k: {PROFILES['k'].words}\n\nFlows of iperf3 from the first site to the second, cubic and bbr, Mbit/s of data; in the "
            "reference a third one, with cubic, is in the place of the merges.\n\n" +
            table(("congestion control of the merges", "reference: cubic / bbr / the third", "beside merges: cubic / bbr", "kept (at least 0.5)",
                   "a merge before", "a merge beside them", "emulator late, 99 %", "late frames", "of a core"), lines) + "\n")


def cut_part(rows):
    group = [row for row in rows if row["system"] == CUT]
    if not group:
        return ""
    lines = [(row["cc"], row["why"], *[""] * 8) if "why" in row else
             (row["cc"], f"{row['before']:.2f} s", f"{row['bound']:.2f} s", f"{row['after_cut']:.2f} s", f"{row['left_share']:.1%}",
              f"{row['lost'] / 1e6:.1f} MB", f"{row['again'] / 1e6:.1f} MB", row["streams"], *emulator_cells(row)[:2]) for row in group]
    return (f"## f: {PROFILES['f'].words}\n\nMerges of {PROFILES['f'].size / MIB:g} MiB; the first path is cut, without a word, when three tenths of "
            "one are done. What the second carries is counted from 2 s after the cut until the merge ends, in the direction that got less.\n\n" +
            table(("congestion control", "a merge before", "bound of both paths", "the merge with the cut", "of the path that is left (at least 90 %)",
                   "unacknowledged when it was given up", "sent again", "connections a path", "emulator late, 99 %", "late frames"), lines) + "\n")


def cores_part(rows):
    """A site that sends and receives 100 Gbit/s at once; each GB of f32 is 2 (N - 1)/N GB out, and as much in."""
    lines = [f"- {row['profile']}, {row['size'] / MIB:g} MiB, {row['cc']}: "
             f"{row['cpu_per_gb'] / (2 * (row['sites'] - 1)) * 12.5:.0f} cores"
             for row in rows if row["system"] == "intertie" and row["encoding"] == "f32" and not row["pace"] and
             row["profile"] in ("a", "b") and row.get("cpu_per_gb")]
    if not lines:
        return ""
    return ("## Cores for 100 Gbit/s\n\nThe CPU seconds of Intertie's merges in f32 with TLS, system calls and the kernel's TCP included, as "
            "many times as 100 Gbit/s in and out of a site are more. That is a straight line from this machine's figures, not a "
            "measurement: nothing here sends so much, the emulator's small frames make more system calls than a real card's, and its "
            "kernel work is not in it.\n\n" + "\n".join(lines) + "\n\n")


def gaps_part(systems):
    lines = [f"- **{name}**: {why}." for name, why in NOT_MEASURED.items()]
    lines += [f"- {NAMES[system]}: not asked for (`--systems`)." for system in SYSTEMS if system not in systems]
    return "## Not measured here\n\n" + "\n".join(lines) + "\n"


def page(machine, rows, found, systems, picture=None):
    text = ("# Merges over long lines\n\nMade by `./dev bench wan` (bench/wan), not by hand. Every site is a process in a network namespace of "
            "its own, with emulated lines between them ([wan.md](../wan.md)); the systems took turns. Buffers are those of an ordinary "
            "Debian, no other setting is changed: the figures with cubic are what its users get, those with bbr where it is allowed. "
            "Intertie encrypts (TLS 1.3), the others do not. Times are medians of merges back to back at the slowest site, after three to "
            "warm up. Bounds count the bytes as they are encoded, after packet headers (1448 of 1538 bytes): "
            "2 (N - 1)/N S/G + round trip with N sites, S/G + half of it with two; e and i: the slowest line's S/G + round trip. "
            f"A figure counts only while the emulator is less than {LATE_MOST_MS:g} ms late with 99 % of its frames.\n\n" +
            "\n".join(f"- {name}: {value}" for name, value in machine.items()) + "\n\n")
    if picture:
        text += f"![Times of merges over their bounds]({picture})\n\n"
    text += ("Times the bound; in brackets: the emulator did not keep up.\n\n" + summary(rows) + "\n") if summary(rows) else ""
    if found:
        text += "**Limits missed or not shown in this run:**\n\n" + "\n".join(f"- {what}" for what in found) + "\n\n"
    return text + merges_part(rows) + cut_part(rows) + beside_part(rows) + plain_part(rows) + cores_part(rows) + gaps_part(systems)
