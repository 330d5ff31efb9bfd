"""The systems that merge: how each is started at the sites of a profile, and what it says about itself."""
import json
import os
import subprocess

import figures
from cases import PACES, WARM_UPS, settings_of
from runs import Failure, Outcome

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = """[run]
name = "merges"
folder = "state"
[model]
kind = "toy"
toy_elements = 100_000
[data]
train = ["text.txt"]
[train]
tokens = "10 steps"
sequence_length = 4
[sync]
{encoding}
"""
ENCODING = {"f32": 'encoding = "f32"', "int8": 'encoding = "int8"', "fp4": 'encoding = "fp4"',
            "fp4 results": 'encoding = "fp4"\nresult_encoding = "fp4"'}


def run_file(case, lines, streams):
    sites = lines.sites
    text = RUN.format(encoding=ENCODING[case.encoding])
    for site in sites:
        text += f'[[site]]\nname = "{site}"\naddress = "{lines.address(site)}:7400"\ncongestion_control = "{case.congestion_control}"\n'
    for i, a in enumerate(sites):
        for j in range(i + 1, len(sites)):
            if (i, j) not in case.profile.absent:
                text += f'[[link]]\nbetween = ["{a}", "{sites[j]}"]\npaths = [{", ".join(paths(case.profile, lines, (a, sites[j]), streams))}]\n'
    return text


def paths(profile, lines, ends, streams):
    if not profile.paths:
        return [f"{{ streams = {streams} }}"]
    at = [", ".join(f'{site} = "{lines.address(site, path)}:7400"' for site in ends) for path in range(len(profile.paths))]
    return [f"{{ streams = {streams}, addresses = {{ {each} }} }}" for each in at]


def of_control(said):
    """Of the site whose control messages are the latest."""
    p99 = [each["control_round_trips"]["p99"] for each in said if "control_round_trips" in each]
    return {"control_p99": max(p99)} if p99 else {}


class Merging:
    """A system whose sites say each merge."""

    def __init__(self, options):
        self.options = options

    def run(self, space, limit):
        self.start(space)
        counts, in_time = space.watch(limit)
        return self.outcome(space, counts, in_time, limit)

    def row(self, case, turns):
        return figures.row_of(case, turns)

    def words_of(self, case, outcome):
        row = figures.row_of(case, [outcome])
        beside = f", {row['ratio']:.2f} times the bound of {row['bound']:.2f} s" if row["ratio"] else ""
        return (f"{row['median']:.3f} s, {row['least']:.3f} to {row['most']:.3f}{beside}; the emulator {row['late_ms']:.2f} ms late, "
                f"{row['core']:.2f} of a core")


class Intertie(Merging):
    """`intertie bench merge --probe` at every site, with certificates and TLS as always."""

    def missing(self):
        return "" if os.access(self.options.intertie, os.X_OK) else f"there is no program {self.options.intertie}"

    def unable(self, profile):
        return ""

    def start(self, space):
        """At every site; processes by the sites' names."""
        case, settings = space.case, settings_of(space.case, self.options.streams)
        space.write("run.toml", run_file(case, space.lines, settings["streams"]))
        made = subprocess.run([self.options.intertie, "ca", "run.toml"], cwd=space.folder, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise Failure(made.stdout)
        pace = PACES[case.pace][0] if case.pace else []
        keys = [word for key in settings["keys"] for word in ("--set", key)]
        probe = [] if space.profile.paths else ["--probe"]
        for site in space.profile.sites:
            space.start(site, [self.options.intertie, "bench", "merge", "run.toml", "--site", site, "--size", f"{case.size}B", "--merges",
                               str(case.merges), "--warm-ups", str(WARM_UPS), "--json", *probe, *pace, *keys])

    def outcome(self, space, counts, in_time, limit):
        if not in_time:
            raise Failure(f"not done within {limit:.0f} s: {len(space.merged(space.profile.sites[0]))} merges")
        said = [json.loads(space.read(f"{site}.out")) for site in space.profile.sites]
        used = {each["congestion_control"] for each in said}
        if used != {space.case.congestion_control}:
            raise Failure(f"its connections had {', '.join(sorted(used))}, not {space.case.congestion_control}")
        if len({each["result"] for each in said}) != 1:
            raise Failure("the sites' results differ")
        first = said[0]
        return Outcome([each["merges"] for each in said], sum(each["cpu_seconds"] for each in said), counts,
                       max(each["streams"] for each in said), space.case.merges,
                       {name: first[name] for name in ("predicted", "bound", "network") if name in first} | of_control(said) |
                       {"warm_up": first["warm_ups"][-1], "lost": sum(each["bytes_lost"] for each in said),
                        "again": sum(each["bytes_sent_again"] for each in said)})


class Other(Merging):
    """A program of bench/wan at every site that prints a line a merge, and at its end its CPU seconds."""

    def unable(self, profile):
        return "" if profile.is_mesh else "it needs a connection between every two sites"

    def outcome(self, space, counts, in_time, limit):
        """What was measured within the time limit counts."""
        sites = space.profile.sites
        merges = [space.merged(site)[WARM_UPS:] for site in sites]
        cpu = [float(line.split()[1]) for site in sites for line in space.read(f"{site}.txt").splitlines() if line.startswith("cpu ")]
        done = min(len(each) for each in merges)
        return Outcome([each[:done] for each in merges], sum(cpu) if in_time and len(cpu) == len(sites) else None, counts, 1,
                       space.case.merges)


class Gloo(Other):
    """torch.distributed, from the project's .venv."""

    def missing(self):
        found = os.access(self.options.python, os.X_OK) and subprocess.run(
            [self.options.python, "-c", "import importlib.util, sys; sys.exit(not importlib.util.find_spec('torch'))"], check=False)
        return "" if found and found.returncode == 0 else f"{self.options.python} has no torch; ./dev setup installs it"

    def start(self, space):
        sites, case = space.profile.sites, space.case
        for rank, site in enumerate(sites):
            space.start(site, [self.options.python, "-W", "ignore", os.path.join(HERE, "all_reduce.py"), str(rank), str(len(sites)),
                               space.lines.address(sites[0]), str(case.size), str(WARM_UPS), str(case.merges)],
                        {"GLOO_SOCKET_IFNAME": "wan0", "OMP_NUM_THREADS": "1"})

