#!/usr/bin/env python3
"""`wan` as it is used: round trips, a silent cut, bytes in both directions. Root; exit code 77: skipped, in words."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

SITES = ("a", "b", "c")
SENDER = """
import socket, sys, time
server = socket.create_server(("10.89.0.2", 7000)) if sys.argv[1] == "take" else None
if server:
    print("listening", flush=True)
    peer = server.accept()[0]
    total, begin = 0, time.monotonic()
    while data := peer.recv(1 << 20):
        total += len(data)
    print(total * 8 / (time.monotonic() - begin) / 1e6, flush=True)
else:
    peer = socket.create_connection(("10.89.0.2", 7000))
    end = time.monotonic() + 3
    while time.monotonic() < end:
        peer.sendall(bytes(1 << 20))
"""


class Wan:
    def __init__(self, program, rtt):
        self.prefix = f"wan{os.getpid()}-"
        self.process = subprocess.Popen([program, "--sites", ",".join(SITES), "--rtt", rtt, "--prefix", self.prefix],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise AssertionError("wan did not start")

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def within(self, site, *command):
        return ["ip", "netns", "exec", self.prefix + site, *command]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        left = subprocess.run(["ip", "netns", "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
        expect(self.prefix not in left, "namespaces are left")


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def ping(wan, site, address):
    """Round trips in milliseconds: from a UDP echo in the other namespace."""
    code = ("import socket,time,sys\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(1)\n"
            "for i in range(5):\n b=time.monotonic();s.sendto(b'x',(sys.argv[1],7001))\n"
            " try: s.recv(10);print(1000*(time.monotonic()-b))\n except TimeoutError: print('lost')")
    return subprocess.run(wan.within(site, sys.executable, "-c", code, address), stdout=subprocess.PIPE, text=True,
                          check=True).stdout.split()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wan", required=True)
    options = parser.parse_args()
    if os.getuid() != 0 or not shutil.which("ip") or not os.path.exists("/dev/net/tun"):
        print("skipped: needs root, ip and /dev/net/tun")
        return 77
    wan = Wan(options.wan, "80ms")
    children = []
    try:
        echo = ("import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.bind(('',7001))\n"
                "while True:\n d,a=s.recvfrom(10);s.sendto(d,a)")
        for site in ("b", "c"):
            children.append(subprocess.Popen(wan.within(site, sys.executable, "-c", echo)))
        time.sleep(0.5)
        trips = [float(trip) for trip in ping(wan, "a", "10.89.0.2")]
        print(f"round trips of 80 ms set: {min(trips):.2f} to {max(trips):.2f} ms")
        expect(80 <= min(trips) < 90, f"round trips {trips}")
        expect(wan.tell("cut a b") == "ok" and set(ping(wan, "a", "10.89.0.2")) == {"lost"}, "the cut line carries something")
        expect("lost" not in ping(wan, "a", "10.89.0.3"), "the cut reaches another line")
        expect(wan.tell("mend a b") == "ok" and "lost" not in ping(wan, "a", "10.89.0.2"), "the mended line carries nothing")
        expect(wan.tell("cut a nowhere").startswith("error: "), "a wrong command was accepted")
        take = subprocess.Popen(wan.within("b", sys.executable, "-c", SENDER, "take"), stdout=subprocess.PIPE, text=True)
        children.append(take)
        take.stdout.readline()
        subprocess.run(wan.within("a", sys.executable, "-c", SENDER, "send"), check=True)
        rate = float(take.stdout.readline())
        counts = wan.tell("counts")
        print(f"one TCP stream at 80 ms: {rate:.0f} Mbit/s from its start, the kernel's 4 MiB of buffer allow 270; {counts}")
        expect(rate > 50, f"one TCP stream reached {rate:.0f} Mbit/s")
        expect(re.fullmatch(r'\{"frames": \d+, "bytes": \d+, "lost": \d+, "late_us": .*\}', counts), counts)
    finally:
        for child in children:
            child.kill()
            child.wait()
        wan.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
