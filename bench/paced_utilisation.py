#!/usr/bin/env python3
"""Utilisation of paced sites beside what bytes over rate predicts: three sites, 100 Mbit/s and 40 ms between them, emulated.

A paced site trains a real step, then waits until the step has taken --step-ms, so that sites on one machine do not lend each other
their cores. Utilisation is the share of the run in which a site was in its steps; the first merges warm up. Predicted: what `intertie
check` says of the same run file (intertie/site/forecast.cpp): a link carries a third of the contribution and a third of the result
each way, then two delays; `diloco` waits for all of it after H steps; `synchronous` hides what was sent while backward still ran.
Prints the machine's load beside it: above 60 % the figure is not valid, and the exit code is 1.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

RUN = """
[run]
name = "paced"
seed = {seed}
[model]
hidden_size = 128
num_hidden_layers = 4
num_attention_heads = 4
max_position_embeddings = 64
bias = false
[data]
train = ["{text}"]
tokenizer = "characters"
[train]
tokens = "{steps} steps"
local_batch_size = 4
threads = 1
evaluate_every = "0 steps"
checkpoint_every = "{steps} steps"
[sync]
method = "{method}"
every = 30
"""
LINK = '[[link]]\nbetween = ["site-{a}", "site-{b}"]\npaths = [{{ rate = "{rate} Mbit/s", rtt = "{rtt} ms" }}]\n'


def busy():
    """Seconds of all cores: busy, total."""
    with open("/proc/stat", encoding="utf-8") as stat:
        values = [int(v) for v in stat.readline().split()[1:]]
    return sum(values) - values[3] - values[4], sum(values)


def write_run(options, folder, method, seed):
    text = RUN.format(seed=seed, text=os.path.abspath(options.text), steps=options.steps[method], method=method)
    for i in range(3):
        text += f'[[site]]\nname = "site-{i}"\nstep_time = "{options.step_ms} ms"\n'
    for a, b in ((0, 1), (0, 2), (1, 2)):
        text += LINK.format(a=a, b=b, rate=options.rate, rtt=options.rtt)
    with open(os.path.join(folder, "run.toml"), "w", encoding="utf-8") as file:
        file.write(text)
    return "run.toml"


def measure(options, method, seed):
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(options, folder, method, seed)
        before = busy()
        subprocess.run([os.path.abspath(options.intertie), "train", run, "--local"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
        after = busy()
        shares = []
        for i in range(3):
            with open(os.path.join(folder, f"runs/paced/site-{i}/events.jsonl"), encoding="utf-8") as log:
                merges = [e for e in map(json.loads, log) if e["event"] == "merge.committed"]
            merges = merges[max(1, len(merges) // 5):]
            computing = sum(e["seconds_computing"] for e in merges)
            shares.append(computing / sum(e["seconds_computing"] + e["seconds_waiting"] + e["seconds_encoding"] for e in merges))
        return statistics.mean(shares), (after[0] - before[0]) / (after[1] - before[1])


def predicted(options, folder, method):
    """What the planner's closed form says, from bytes, rate and delay."""
    command = [os.path.abspath(options.intertie), "check", write_run(options, folder, method, 1), "--json"]
    return json.loads(subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout)["utilisation"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--intertie", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--step-ms", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--rtt", type=float, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    options.steps = {"diloco": 150, "synchronous": 100}
    print(f"3 paced sites ({options.step_ms} ms a step), emulated links of {options.rate:g} Mbit/s and {options.rtt:g} ms round trip")
    measured = {"diloco": [], "synchronous": []}
    loads = []
    for seed in range(1, options.repeats + 1):
        for method, results in measured.items():
            share, load = measure(options, method, seed)
            results.append(share)
            loads.append(load)
    with tempfile.TemporaryDirectory() as folder:
        for method, results in measured.items():
            print(f"{method:12} utilisation {statistics.median(results):.3f} (of {len(results)} runs: {min(results):.3f} to "
                  f"{max(results):.3f}), predicted {predicted(options, folder, method):.3f}")
    valid = max(loads) <= 0.60
    print(f"load of the machine: {min(loads):.0%} to {max(loads):.0%}" + ("" if valid else ": over 60 %, the figures are not valid"))
    return 0 if valid else 1


if __name__ == "__main__":
    sys.exit(main())
