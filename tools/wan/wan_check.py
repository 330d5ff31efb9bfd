#!/usr/bin/env python3
"""`wan` as it is used: round trips, rates, loss, silent cuts; IPv4, IPv6 and a second path. What arrives is measured where it arrives,
not by `wan`. Root; exit code 77: skipped, in words. Half a minute."""
import argparse
import json
import os
import shutil
import subprocess
import sys

SITES = ("a", "b", "c")
ADDRESS = {site: f"10.89.0.{i + 1}" for i, site in enumerate(SITES)}
ON_WIRE = 38  # bytes of a packet beyond its IP length

# Before each of the following: what else the machine does is to change nothing. (`wan` itself comes before them.)
FIRST = """
import os
try:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
except PermissionError:
    pass
"""
ECHO = """
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)  # IPv4 too
s.bind(("::", 7001))
print("ready", flush=True)
while True:
    data, sender = s.recvfrom(10)
    s.sendto(data, sender)
"""
# Round trips in milliseconds, or `lost`.
PING = """
import socket, sys, time
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
for i in range(int(sys.argv[2])):
    begin = time.monotonic()
    s.sendto(b"x", (sys.argv[1], 7001))
    try:
        s.recv(10)
        print(1000 * (time.monotonic() - begin))
    except TimeoutError:
        print("lost")
"""
# Bytes a second of one TCP connection, from its second second on.
TAKE_TCP = """
import socket, time
server = socket.create_server(("", 7000))
print("ready", flush=True)
peer = server.accept()[0]
begin, total, since = time.monotonic(), 0, None
while data := peer.recv(1 << 20):
    now = time.monotonic()
    if since is None and now > begin + 1:
        total, since = 0, now
    elif since is not None:
        total, last = total + len(data), now
print(total / (last - since), flush=True)
"""
SEND_TCP = """
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
s.connect((sys.argv[1], 7000))
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    s.sendall(bytes(1 << 18))
"""
# 32 MB of numbers in the place of any bytes: what is out of place is seen.
TAKE_BYTES = """
import hashlib, socket
server = socket.create_server(("::", 7003), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
peer, digest = server.accept()[0], hashlib.sha256()
while data := peer.recv(1 << 20):
    digest.update(data)
print(digest.hexdigest(), flush=True)
"""
SEND_BYTES = """
import array, hashlib, socket, sys
data = array.array("I", range(8_000_000)).tobytes()
with socket.create_connection((sys.argv[1], 7003)) as peer:
    peer.sendall(data)
print(hashlib.sha256(data).hexdigest())
"""
# How many datagrams came and how many bytes a second, until half a second of silence.
TAKE_UDP = """
import socket, time
SO_RCVBUFFORCE = 33
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
s.bind(("", 7002))
print("ready", flush=True)
count = total = 0
try:
    while True:
        data = s.recv(2000)
        now = time.monotonic()
        if count == 0:
            begin = now
            s.settimeout(0.5)
        else:
            total += len(data)
        count += 1
except TimeoutError:
    pass
print(count, total / (now - begin), flush=True)
"""
SEND_UDP = """
import socket, sys, time
address, count, size, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
begin = time.monotonic()
for i in range(count):
    s.sendto(bytes(size), (address, 7002))
    if i % 50 == 49:
        time.sleep(max(0, begin + i / rate - time.monotonic()))
"""


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


class Wan:
    def __init__(self, program):
        self.prefix = f"wan{os.getpid()}-"
        command = [program, "--sites", ",".join(SITES), "--rtt", "80ms", "--cc", "machine", "--ipv6", "--paths", "2", "--prefix",
                   self.prefix]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.children = []
        expect(self.process.stdout.readline().strip() == "ready", "wan did not start")

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def tell_all(self, *commands):
        for command in commands:
            answer = self.tell(command)
            expect(answer == "ok", f"{command}: {answer}")

    def stats(self):
        return json.loads(self.tell("stats"))

    def within(self, site, code, *words):
        return ["ip", "netns", "exec", self.prefix + site, sys.executable, "-c", FIRST + code, *map(str, words)]

    def start(self, site, code):
        """A program that says when it listens."""
        child = subprocess.Popen(self.within(site, code), stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        expect(child.stdout.readline().strip() == "ready", "a helper did not start")
        return child

    def run(self, site, code, *words):
        return subprocess.run(self.within(site, code, *words), stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout

    def ping(self, site, address, times=3):
        return self.run(site, PING, address, times).split()

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()
        out, _ = self.process.communicate(timeout=10)
        expect(json.loads(out)["frames"] >= 0, "no statistics at the end")
        left = subprocess.run(["ip", "netns", "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
        expect(self.prefix not in left, "namespaces are left")


def check_round_trips(wan):
    for site in ("b", "c"):
        wan.start(site, ECHO)
    wan.tell_all("rtt a b 20ms path 1")
    for address, due in (("10.89.0.2", 80), ("10.89.0.3", 80), ("fd89::2", 80), ("10.89.1.2", 20), ("fd89:0:0:1::2", 20)):
        trips = sorted(float(trip) for trip in wan.ping("a", address, 20))
        print(f"{address}: round trips of {due} ms set: {trips[0]:.2f} to {trips[-1]:.2f} ms")
        expect(due <= trips[0] < due + 1, f"round trips {trips}")  # the others are late where the machine is busy


def check_cuts(wan):
    def lost(*address):
        return [set(wan.ping("a", each)) == {"lost"} for each in address]

    wan.tell_all("cut a b path 0")
    expect(lost("10.89.0.2", "fd89::2") == [True, True], "the cut line carries something")
    expect(lost("10.89.0.3", "10.89.1.2") == [False, False], "the cut reaches another line")
    wan.tell_all("mend a b", "cut-one-way b a path 0")
    expect(lost("10.89.0.2") == [True], "the way back carries something")
    wan.tell_all("mend-one-way b a")
    expect(lost("10.89.0.2", "fd89::2") == [False, False], "the mended line carries nothing")
    expect(wan.tell("cut a nowhere").startswith("error: "), "a wrong command was accepted")


def check_rates(wan):
    wan.tell_all("queue 200ms", "access-up a 100Mbit/s", "access-down c 80Mbit/s", "rate a b 60Mbit/s path 1", "rtt a b 10ms", "rtt a c 10ms")
    for address, site, rate in (("10.89.0.2", "b", 100), ("10.89.0.3", "c", 80), ("10.89.1.2", "b", 60)):
        take = wan.start(site, TAKE_UDP)
        wan.run("a", SEND_UDP, address, 30000, 1400, 20000)  # 235 Mbit/s
        ideal = rate * 1400 / (1400 + 28 + ON_WIRE)
        measured = float(take.stdout.readline().split()[1]) * 8e-6
        print(f"UDP to {address} at {rate} Mbit/s: {measured:.2f} of {ideal:.2f} Mbit/s")
        expect(abs(measured / ideal - 1) < 0.01, "the rate is not that set")
    wan.tell_all("queue 25ms")
    take = wan.start("b", TAKE_TCP)
    wan.run("a", SEND_TCP, "10.89.0.2", 4)
    ideal = 100 * 1448 / (1500 + ON_WIRE)
    measured = float(take.stdout.readline()) * 8e-6
    print(f"TCP at 100 Mbit/s: {measured:.2f} of {ideal:.2f} Mbit/s")
    expect(abs(measured / ideal - 1) < 0.01, "the rate is not that set")
    dropped = wan.stats()
    expect(dropped["dropped_up"] > 0 and dropped["dropped_down"] > 0 and dropped["dropped"] > 0, f"no full queue: {dropped}")


def check_loss(wan):
    wan.tell_all("access-up a off", "access-down c off", "reset", "loss a c 2%")
    take = wan.start("c", TAKE_UDP)
    wan.run("a", SEND_UDP, "10.89.0.3", 20000, 100, 20000)
    came = int(take.stdout.readline().split()[0])
    stats = wan.stats()
    print(f"2 % lost of 20000 packets: {20000 - came} missing; late {stats['late_us']}")
    expect(abs(20000 - came - 400) < 3 * 20, "the loss is not that set")
    expect(stats["lost"] == 20000 - came and stats["refused"] == 0, "losses are not those counted")


def check_bytes(wan):
    """Data that arrives whole though packets are taken out of its frames: by chance, and by a queue of a few packets."""
    wan.tell_all("rtt a c 1ms", "loss a c 1%", "access-up a 400Mbit/s", "queue 1ms", "reset")
    for address in ("10.89.0.3", "fd89::3"):
        take = wan.start("c", TAKE_BYTES)
        sent = wan.run("a", SEND_BYTES, address).strip()
        expect(take.stdout.readline().strip() == sent, f"other bytes arrive than were sent, to {address}")
    stats = wan.stats()
    print(f"64 MB arrived whole, over {stats['packets']} packets; lost {stats['lost']}, dropped {stats['dropped_up']}")
    line = next(line for line in stats["lines"] if (line["from"], line["to"]) == ("a", "c"))
    expect(line["frames"] < line["packets"] / 2, "the kernel handed over single packets: nothing was shown")
    expect(line["lost"] > 200 and line["dropped_up"] > 0, f"nothing was taken out: {line}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wan", required=True)
    program = parser.parse_args().wan
    if os.getuid() != 0 or not shutil.which("ip") or not os.path.exists("/dev/net/tun"):
        print("skipped: needs root, ip and /dev/net/tun")
        return 77
    refused = subprocess.run([program, "--sites", "a,b", "--cc", "nosuch"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             check=False)
    expect(refused.returncode == 2 and "--cc machine" in refused.stderr, f"an unknown congestion control: {refused.stderr}")
    wan = Wan(program)
    try:
        for check in (check_round_trips, check_cuts, check_rates, check_loss, check_bytes):
            check(wan)
    finally:
        wan.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
