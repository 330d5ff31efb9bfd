#!/usr/bin/env python3
"""Golden case: DiLoCo over several sites against one site, equal tokens (nanoGPT's character Shakespeare on a CPU; 2311.08105).

4 layers, 4 heads, width 128, context 64, no biases, 12 sequences a step divided over the sites, H = 30, outer Nesterov 0.7 / 0.9, inner
states local. Runs `intertie train --local` for every number of sites and seed, prints the loss on the whole validation split, and
compares the mean over seeds with one site's. Exit code 1 if a limit is broken or sites end with different parameters.

  sites.py --intertie build/dev/bin/intertie --text tests/data/tinyshakespeare.txt --steps 2000 --seeds 1 2 3 4 5 \\
           --sites 1 2 3 4 --one 1.88 0.05 --limits 0.5 1.5 3.0
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

RUN = """
[run]
name = "golden"
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
local_batch_size = {batch}
lr = 1e-3
min_lr = 1e-4
warmup = "100 steps"
decay = "2000 steps"
weight_decay = 0.1
beta2 = 0.99
clip = 1.0
threads = 1
evaluate_every = "{steps} steps"
evaluate_batches = 0
checkpoint_every = "{steps} steps"
[sync]
method = "{method}"
every = 30
outer_lr = 0.7
outer_momentum = 0.9
"""


def events(folder, site):
    with open(os.path.join(folder, "runs/golden", site, "events.jsonl"), encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def run(options, num_sites, seed):
    """Returns the validation loss; one site trains plainly (`synchronous`)."""
    with tempfile.TemporaryDirectory() as folder:
        text = RUN.format(seed=seed, text=os.path.abspath(options.text), steps=options.steps, batch=12 // num_sites,
                          method="diloco" if num_sites > 1 else "synchronous")
        names = [f"site-{i}" for i in range(num_sites)]
        text += "".join(f'[[site]]\nname = "{name}"\n' for name in names)
        with open(os.path.join(folder, "run.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([os.path.abspath(options.intertie), "train", "run.toml", "--local"], cwd=folder, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600)
        if done.returncode != 0:
            sys.exit(f"{num_sites} sites, seed {seed}: exit code {done.returncode}\n{done.stdout[-3000:]}")
        ends = [[e for e in events(folder, name) if e["event"] == "run.finished"][-1] for name in names]
        if len({end["parameters_hash"] for end in ends}) != 1:
            sys.exit(f"{num_sites} sites, seed {seed}: sites end with different parameters")
        return ends[0]["validation_loss"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--intertie", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--sites", type=int, nargs="+", required=True)
    parser.add_argument("--one", type=float, nargs=2, metavar=("LOSS", "WITHIN"), required=True)
    parser.add_argument("--limits", type=float, nargs="+", required=True, help="percent over one site, for each further --sites")
    options = parser.parse_args()
    means = {}
    for num_sites in options.sites:
        losses = []
        for seed in options.seeds:
            start = time.monotonic()
            losses.append(run(options, num_sites, seed))
            print(f"{num_sites} sites, seed {seed}: validation loss {losses[-1]:.4f} ({time.monotonic() - start:.0f} s)", flush=True)
        means[num_sites] = sum(losses) / len(losses)
    one = means[options.sites[0]]
    failed = abs(one - options.one[0]) > options.one[1]
    print(f"1 site: mean {one:.4f}, expected {options.one[0]} +-{options.one[1]}: {'FAILED' if failed else 'ok'}")
    for num_sites, limit in zip(options.sites[1:], options.limits, strict=True):
        percent = 100 * (means[num_sites] / one - 1)
        over = percent > limit
        failed |= over
        print(f"{num_sites} sites: mean {means[num_sites]:.4f}, {percent:+.2f} % (limit {limit:+} %): {'FAILED' if over else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
