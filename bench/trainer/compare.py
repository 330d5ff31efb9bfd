#!/usr/bin/env python3
"""Our training step against eager PyTorch, in alternating turns: medians, ratio with a 90 % bootstrap interval (and, for
machines that others load as well, of processor time), and the share of this machine's measured f32 matrix-multiply rate.
First both sides train some steps from the same parameters on the same batches, and must reach the same loss.

    bench/trainer/compare.py --program build/dev/bin/trainer_speed --python .venv/bin/python
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
CHECK_STEPS = 20
SIZES = {  # golden case 2 of nanoGPT's README, then two larger ones
    "golden": dict(layers=4, width=128, heads=4, context=64, batch=12, steps=15),
    "medium": dict(layers=6, width=256, heads=8, context=128, batch=8, steps=3),
    "large": dict(layers=9, width=512, heads=8, context=256, batch=4, steps=1),
}
VOCABULARY = 65
MATMUL = """
import time, torch
torch.set_num_threads({threads})
a = torch.randn(2048, 2048); b = torch.randn(2048, 2048); out = torch.empty(2048, 2048)
times = []
for _ in range(6):
    start = time.perf_counter(); torch.mm(a, b, out=out); times.append(time.perf_counter() - start)
print(2 * 2048**3 / min(times))
"""


class Side:
    """One of the two programs, kept running between its turns."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.description = self.process.stdout.readline().strip()

    def steps(self, count):
        """Seconds for `count` steps, the last one's loss, and the seconds of processor time (all threads)."""
        before = self.processor_seconds()
        print(count, file=self.process.stdin, flush=True)
        seconds, loss = self.process.stdout.readline().split()
        return float(seconds), float(loss), self.processor_seconds() - before

    def processor_seconds(self):
        folder = f"/proc/{self.process.pid}/task"
        total = 0
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total * 1e-9

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def flags(size, threads, data):
    result = ["--data", data, "--threads", str(threads)]
    for name in ("layers", "width", "heads", "context", "batch"):
        result += [f"--{name}", str(size[name])]
    return result


def flops_per_step(size):
    """Multiply-adds of forward and backward times two: matrices 6 per parameter and token, causal attention half of full."""
    width, layers, tokens = size["width"], size["layers"], size["batch"] * size["context"]
    matrices = 12 * layers * width * width + VOCABULARY * width
    return 6 * matrices * tokens + 6 * layers * width * size["context"] * tokens


def interval(ours, theirs, samples=2000):
    """5 % and 95 % quantiles of the ratio of medians over resampled pairs."""
    generator = random.Random(1)
    pairs = list(zip(ours, theirs))
    ratios = []
    for _ in range(samples):
        drawn = [generator.choice(pairs) for _ in pairs]
        ratios.append(statistics.median(t for _, t in drawn) / statistics.median(o for o, _ in drawn))
    ratios.sort()
    return ratios[int(0.05 * samples)], ratios[int(0.95 * samples)]


def check_losses(arguments, size, threads):
    """Both sides from the same start over the same batches: the losses after each few steps."""
    with tempfile.TemporaryDirectory() as folder:
        common = flags(size, threads, arguments.data)
        ours = Side([arguments.program] + common + ["--write", folder])
        theirs = Side([arguments.python, os.path.join(FOLDER, "eager.py")] + common + ["--start", folder])
        pairs = [(ours.steps(1)[1], theirs.steps(1)[1]) for _ in range(CHECK_STEPS)]
        ours.close()
        theirs.close()
    worst = max(abs(a - b) for a, b in pairs)
    return worst, pairs[-1]


def measure(arguments, size, threads):
    common = flags(size, threads, arguments.data)
    ours = Side([arguments.program] + common)
    theirs = Side([arguments.python, os.path.join(FOLDER, "eager.py")] + common)
    steps = size["steps"]
    times, busy = ([], []), ([], [])
    for turn in range(arguments.turns + 2):
        order = (ours, theirs) if turn % 2 == 0 else (theirs, ours)
        turns = {side: side.steps(steps) for side in order}
        for i, side in enumerate((ours, theirs)):
            if turn >= 2:  # the first turns warm up
                times[i].append(turns[side][0] / steps)
                busy[i].append(turns[side][2] / steps)
    description = ours.description
    ours.close()
    theirs.close()
    return description, times, busy


def report(arguments, name, threads):
    size = SIZES[name]
    worst, last = check_losses(arguments, size, threads)
    description, (ours, theirs), busy = measure(arguments, size, threads)
    rate = float(subprocess.run([arguments.python, "-W", "ignore", "-c", MATMUL.format(threads=threads)], check=True, text=True,
                                stdout=subprocess.PIPE).stdout)
    low, high = interval(ours, theirs)
    mine, other = statistics.median(ours), statistics.median(theirs)
    busy_ratio = statistics.median(busy[1]) / statistics.median(busy[0])
    flops = flops_per_step(size)
    result = dict(size=name, threads=threads, description=description, ours_ms=mine * 1e3, eager_ms=other * 1e3,
                  ratio=other / mine, low=low, high=high, processor_ratio=busy_ratio, matmul_gflops=rate / 1e9, ours_share=flops / mine / rate,
                  eager_share=flops / other / rate, largest_loss_difference=worst, losses=last)
    if arguments.json:
        print(json.dumps(result), flush=True)
        return result
    print(f"{name:7} {threads} thread(s): ours {mine * 1e3:8.2f} ms, eager {other * 1e3:8.2f} ms, ratio {other / mine:.3f} "
          f"[{low:.3f}, {high:.3f}] (processor time {busy_ratio:.3f}); share of {rate / 1e9:.0f} GFLOP/s: ours {flops / mine / rate:.0%}, eager "
          f"{flops / other / rate:.0%}; loss after {CHECK_STEPS} steps {last[0]:.5f} / {last[1]:.5f}, "
          f"largest difference {worst:.1e}   ({description})", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(FOLDER))
    parser.add_argument("--program", default=os.path.join(root, "build/dev/bin/trainer_speed"))
    parser.add_argument("--python", default=os.path.join(root, ".venv/bin/python"))
    parser.add_argument("--data", default=os.path.join(root, "tests/data/tinyshakespeare.txt"))
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--threads", nargs="+", type=int, default=sorted({1, os.cpu_count()}))
    parser.add_argument("--turns", type=int, default=20, help="of each side")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = [report(arguments, name, threads) for name in arguments.sizes for threads in arguments.threads]
    same = all(r["largest_loss_difference"] < 1e-3 for r in results)
    fast = all(r["low"] >= (1.00 if r["size"] == "golden" else 0.97) for r in results)
    sys.exit(0 if same and fast else 1)


if __name__ == "__main__":
    main()
