"""The networks that merges are measured over, as `wan` is told to make them (docs/wan.md), and what stands in the page of each."""
import random
from dataclasses import dataclass, field

MBIT = 1e6
PAIR_LEAST, PAIR_MOST = 10, 100  # Mbit/s, of the profiles g
SEEDS = range(1, 11)


@dataclass(frozen=True)
class Profile:
    """Rates in Mbit/s on the wire, the same in both directions. `own`: of single sites' accesses; `pairs`: of lines, by their sites'
    numbers; `absent`: pairs without a line."""
    name: str
    words: str
    num_sites: int = 3
    access: float | None = None
    own: dict = field(default_factory=dict, hash=False)
    pairs: dict = field(default_factory=dict, hash=False)
    absent: tuple = ()
    rtt_ms: float = 30
    loss_percent: float = 0
    size: int | None = None  # bytes of f32, whatever --sizes says
    beside_foreign: bool = False  # merges beside flows that are not Intertie's (foreign.py)
    paths: tuple = ()  # rates of the paths that each link has, where they are several; the first is cut (two_paths.py)

    @property
    def sites(self):
        return [f"s{number}" for number in range(self.num_sites)]

    @property
    def is_mesh(self):
        return not self.absent

    def access_of(self, number):
        return self.own.get(number, self.access)

    def options(self, congestion_control):
        """Of the program `wan`."""
        options = ["--rtt", f"{self.rtt_ms:g}ms", "--cc", congestion_control]
        if self.access is not None:
            options += ["--rate", f"{self.access:g}Mbit/s"]
        if self.paths:
            options += ["--paths", str(len(self.paths))]
        if self.loss_percent:
            options += ["--loss", f"{self.loss_percent:g}%"]
        return options

    def commands(self):
        """That `wan` is told at its start."""
        told = [f"access s{number} {rate:g}Mbit/s" for number, rate in self.own.items()]
        told += [f"access {site} {rate:g}Mbit/s path {path}" for path, rate in enumerate(self.paths) for site in self.sites]
        for (a, b), rate in self.pairs.items():
            told += [f"rate s{a} s{b} {rate:g}Mbit/s", f"rate s{b} s{a} {rate:g}Mbit/s"]
        return told + [f"cut s{a} s{b}" for a, b in self.absent]


def pairs_drawn(seed, num_sites=5):
    """Rates of every pair in Mbit/s: the same for the same seed, whatever the version of Python (random() is specified, uniform() not)."""
    source = random.Random(seed)
    return {(a, b): round(PAIR_LEAST + (PAIR_MOST - PAIR_LEAST) * source.random(), 1)
            for a in range(num_sites) for b in range(a + 1, num_sites)}


def with_pairs_drawn(seed):
    return Profile(f"g{seed}", f"pairs of {PAIR_LEAST} to {PAIR_MOST} Mbit/s, seed {seed}", num_sites=5, pairs=pairs_drawn(seed))


PROFILES = {profile.name: profile for profile in (
    Profile("a", "unshaped, no delay", rtt_ms=0),
    Profile("b", "1 Gbit/s, 30 ms", access=1000),
    Profile("b2", "b, two sites", num_sites=2, access=1000),
    Profile("b5", "five sites, 200 Mbit/s, 30 ms", num_sites=5, access=200),
    Profile("c", "300 Mbit/s, 80 ms", access=300, rtt_ms=80),
    Profile("d", "b, 0.01 % loss", access=1000, loss_percent=0.01),
    Profile("e", "b, one site of 250 Mbit/s", access=1000, own={2: 250}),
    Profile("f", "two sites, paths of 700 and 300 Mbit/s, the larger cut", num_sites=2, paths=(700, 300), size=512 << 20),
    *(with_pairs_drawn(seed) for seed in SEEDS),
    Profile("h", "1 Gbit/s, 100 ms, 1 % loss", access=1000, rtt_ms=100, loss_percent=1),
    Profile("i", "chain of three, 1 Gbit/s each link", pairs={(0, 1): 1000, (1, 2): 1000}, absent=((0, 2),)),
    Profile("j", "10 Mbit/s, 20 ms", access=10, rtt_ms=20, size=4 << 20),
    Profile("k", "b, beside a foreign cubic and a foreign bbr flow", access=1000, beside_foreign=True),
)}
GROUPS = {"g": [f"g{seed}" for seed in SEEDS]}  # names for several

NOT_MEASURED = {
    "k, share": "a path's `share` of 40 %: links do not keep one yet",
}


def chosen(words):
    """Profiles of a list such as 'b,c,g', in the order of the table; ValueError names what there is not."""
    names = [name for word in words for name in GROUPS.get(word, [word])]
    for name in names:
        if name not in PROFILES:
            raise ValueError(f"there is no profile '{name}'; there are {', '.join(names_to_choose())}")
    return [profile for name, profile in PROFILES.items() if name in names]


def names_to_choose():
    drawn = {name for names in GROUPS.values() for name in names}
    return sorted([name for name in PROFILES if name not in drawn] + list(GROUPS))
