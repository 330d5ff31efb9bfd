"""The namespaces and lines that a bench's sites are in: the program `wan` (tools/wan), told what to cut and mend."""
import ctypes
import json
import os
import shutil
import signal
import subprocess

PR_SET_PDEATHSIG = 1


def missing():
    """Why there can be no namespaces here; empty: there can."""
    if os.getuid() != 0:
        return "needs root, for network namespaces"
    if not shutil.which("ip"):
        return "needs `ip` (Debian's iproute2)"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun"
    return ""


def die_with_parent():
    """For preexec_fn: a program that a bench starts ends with it, whatever ended that."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Wan:
    """`name` begins the namespaces' names; `options`: further ones of `wan`."""

    def __init__(self, program, sites, name, options):
        self.sites = sites
        self.prefix = f"{name}{os.getpid()}-"
        command = [program, "--sites", ",".join(sites), "--prefix", self.prefix, *options]
        # In a process group of its own: Ctrl-C is for the bench, which tells it when to end. It ends with its input in any case.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("wan did not start")

    def address(self, site, path=0):
        return f"10.89.{path}.{self.sites.index(site) + 1}"

    def within(self, site, command):
        return ["ip", "netns", "exec", self.prefix + site, *command]

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer.startswith("error"):
            raise RuntimeError(f"wan: {answer}")
        return answer

    def counts(self):
        return json.loads(self.tell("stats"))

    def limit_access(self, rate):
        """Each way, with queues so long that nothing is lost in them; `off`: no limit."""
        self.tell("queue 1000ms")
        for site in self.sites:
            self.tell(f"access {site} {rate}")

    def mend_all(self):
        for i, a in enumerate(self.sites):
            for b in self.sites[i + 1:]:
                self.tell(f"mend {a} {b}")
                self.tell(f"largest {a} {b} 0")
                self.tell(f"largest {b} {a} 0")

    def end_programs(self):
        """Those in the namespaces, whoever started them: a namespace lives on in them."""
        for site in self.sites:
            listed = subprocess.run(["ip", "netns", "pids", self.prefix + site], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    text=True, check=False)
            for process in map(int, listed.stdout.split()):
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def close(self):
        self.end_programs()
        try:
            self.process.stdin.close()
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
        for site in self.sites:  # what a program that was killed has left
            subprocess.run(["ip", "netns", "del", self.prefix + site], stderr=subprocess.DEVNULL, check=False)
