"""What is measured: which system, over which profile, with which congestion control, size, encoding and pace."""
from dataclasses import dataclass

from bounds import bound
from profiles import Profile

MIB = 1 << 20
WARM_UPS = 3
BESIDE = "beside"  # Intertie, beside foreign flows: only where the profile has them, and there alone
CUT = "cut"  # Intertie, a path of which is cut: likewise
SYSTEMS = ("intertie", "gloo", "openmpi", "openmpi-ring", "iperf3", BESIDE, CUT)
CONGESTION_CONTROLS = ("cubic", "bbr")
# Besides f32, of Intertie, and where they are measured.
ENCODINGS, ENCODED_OVER, ENCODED_SIZE = ("int8", "fp4", "fp4 results"), ("b", "c"), 64 * MIB
# Besides back to back, of Intertie with f32, and where. Name -> options of `intertie bench merge`, how many merges, seconds of rest.
PACES = {"every 5 s": (["--every", "5s"], None, 5), "after 60 s": (["--silence", "60s"], 1, 60)}
PACED_OVER, PACED_SIZE = ("b",), 64 * MIB
# Of Intertie, unless --streams says otherwise: connections a pair, and further keys of the run file (KEY=VALUE).
USUAL = {"streams": 4, "keys": ()}
BY_ROW = {}  # (profile, congestion control) -> what differs


@dataclass(frozen=True)
class Case:
    profile: Profile
    congestion_control: str
    system: str
    size: int = 0  # bytes of f32; 0: no merges, only what TCP gets
    encoding: str = "f32"
    pace: str = ""  # empty: back to back
    merges: int = 10

    @property
    def bound(self):
        return bound(self.profile, self.size, self.encoding) if self.size else None

    @property
    def words(self):
        size = [f"{self.size / MIB:g} MiB"] if self.size else []
        more = [each for each in (self.encoding if self.encoding != "f32" else "", self.pace) if each]
        return ", ".join([self.profile.name, *size, self.congestion_control, self.system, *more])


def settings_of(case, streams=None):
    """Of Intertie for this case."""
    settings = {**USUAL, **BY_ROW.get((case.profile.name, case.congestion_control), {})}
    return {**settings, "streams": streams or settings["streams"]}


def of_merges(profile, congestion_control, size, systems, merges):
    plain = [Case(profile, congestion_control, system, size, merges=merges) for system in systems if system not in ("iperf3", BESIDE, CUT)]
    more = []
    if "intertie" in systems and profile.name in ENCODED_OVER and size == ENCODED_SIZE:
        more += [Case(profile, congestion_control, "intertie", size, encoding, merges=merges) for encoding in ENCODINGS]
    if "intertie" in systems and profile.name in PACED_OVER and size == PACED_SIZE:
        more += [Case(profile, congestion_control, "intertie", size, pace=pace, merges=some or merges)
                 for pace, (_, some, _) in PACES.items()]
    return plain + more


def special(profile, congestion_control):
    """The one thing that is measured over such a profile; None: merges as everywhere."""
    if profile.beside_foreign:
        return Case(profile, congestion_control, BESIDE, 64 * MIB, merges=1000)
    return Case(profile, congestion_control, CUT, profile.size, merges=2) if profile.paths else None


def all_cases(options):
    """In turns: the systems of one row of the page follow each other, as often as --repeats says."""
    cases = []
    for profile in options.profiles:
        for congestion_control in options.cc:
            own = special(profile, congestion_control)
            if own:
                cases += [own] * options.repeats if own.system in options.systems else []
                continue
            for size in [profile.size] if profile.size else options.sizes:
                cases += of_merges(profile, congestion_control, size, options.systems, options.merges) * options.repeats
            if "iperf3" in options.systems:
                cases += [Case(profile, congestion_control, "iperf3")] * options.repeats
    return cases


def time_limit(case):
    """Seconds after which a run that has not ended is ended: six times the bound of its merges, a guess where there is none, and what
    programs take to start and find each other."""
    guess = {"a": 1}.get(case.profile.name, 15) * case.size / (64 * MIB)
    rest = PACES[case.pace][2] * (case.merges if case.pace.startswith("every") else 1) if case.pace else 0
    return 60 + rest + 6 * (WARM_UPS + case.merges) * (case.bound or guess)
