"""Congestion control in namespaces: they may use only what the machine allows. What is lacking is added, and put back at the end."""
import contextlib

ALLOWED = "/proc/sys/net/ipv4/tcp_allowed_congestion_control"
AVAILABLE = "/proc/sys/net/ipv4/tcp_available_congestion_control"


def words_of(path):
    with open(path, encoding="ascii") as file:
        return file.read().split()


def unavailable(wanted):
    """Why a run cannot have them; empty: it can."""
    lacking = [name for name in wanted if name not in words_of(AVAILABLE)]
    if not lacking:
        return ""
    return f"this kernel has no {lacking[0]} loaded (modprobe tcp_{lacking[0]}), or take others with --cc"


@contextlib.contextmanager
def allowed(wanted, path=ALLOWED):
    before = words_of(path)
    lacking = [name for name in wanted if name not in before]
    try:
        if lacking:
            write(path, before + lacking)
        yield
    finally:
        if lacking:
            write(path, before)


def write(path, words):
    with open(path, "w", encoding="ascii") as file:
        file.write(" ".join(words) + "\n")
