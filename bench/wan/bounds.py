"""The least time of a merge over a profile: what TCP can carry of its rates, and no faster than bytes travel.

    two sites, or a gather    each receives the others' contributions:         (N - 1) C/G + D/2
    several paths             their rates together
    owners, equal accesses    N - 1 of N parts sent as contributions, and N - 1 of N received as results, of each site's own:
                              (N - 1)/N (C + R)/G + D
    owners, one slower site   it has to send its contribution and receive the result, each once: max(C, R)/G of it + D, where that is
                              more than the above over the mean G of the sites
    chain                     as one slower site, at each end: the middle sums and answers, each link carries C one way and R the other,
                              and the last byte takes one link's delay to the middle and one on: max(C, R)/G of the slower link + D

C and R are the bits of a contribution and a result as they are encoded, G the goodput, D the round trip of a line. The bound is the
least of gather and owners. f32 over b: 4/3 S/G + D. For profiles with pair rates there is no formula: `intertie bench merge` prints
its own bound (docs/schedule.md).
"""
from profiles import MBIT

# TCP with timestamps over Ethernet: bytes of data in a full packet, and what that is on the wire.
GOODPUT = 1448 / 1538
# Bits of an element (docs/encodings.md), of a contribution and of an owner's result.
BITS = {"f32": (32, 32), "int8": (8.0625, 8.0625), "fp4": (4.0625, 8.0625), "fp4 results": (4.0625, 4.0625)}


def goodput(rate):
    """bit/s of data over a line of so many Mbit/s on the wire."""
    return rate * MBIT * GOODPUT


def bits_of_site(profile, size, encoding="f32"):
    """That each of equal sites sends, and receives, in the least that a merge can do with."""
    contribution, result = (size / 4 * bits for bits in BITS[encoding])
    others = profile.num_sites - 1
    return min(others * contribution, others / profile.num_sites * (contribution + result))


def bound(profile, size, encoding="f32"):
    """Seconds for `size` bytes of f32; None: none is known from the rates alone."""
    contribution, result = (size / 4 * bits for bits in BITS[encoding])
    delay = profile.rtt_ms / 1000
    if profile.absent:
        return max(contribution, result) / goodput(min(profile.pairs.values())) + delay
    if profile.paths:
        return contribution / goodput(sum(profile.paths)) + delay / 2
    if profile.pairs or profile.access is None:
        return None
    rates = [goodput(profile.access_of(number)) for number in range(profile.num_sites)]
    others = profile.num_sites - 1
    gather = others * contribution / min(rates) + delay / 2
    owners = max(others * (contribution + result) / sum(rates), max(contribution, result) / min(rates)) + delay
    return min(gather, owners)
