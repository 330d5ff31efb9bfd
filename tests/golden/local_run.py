"""Runs nanoGPT's character Shakespeare (its CPU settings) with `intertie train --local`, for the golden cases."""
import argparse
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "runs"))

from event_log import EventLog  # noqa: E402

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


def golden_parser():
    """With what every golden case is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--intertie", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    return parser


def run(intertie, text, num_sites, more):
    """Trains and returns each site's log, read to its end. `more`: seed, steps, method, and further --set pairs."""
    with tempfile.TemporaryDirectory() as folder:
        file = RUN.format(seed=more["seed"], text=os.path.abspath(text), steps=more["steps"], batch=12 // num_sites,
                          method=more["method"])
        names = [f"site-{i}" for i in range(num_sites)]
        file += "".join(f'[[site]]\nname = "{name}"\n' for name in names)
        with open(os.path.join(folder, "run.toml"), "w", encoding="utf-8") as out:
            out.write(file)
        command = [os.path.abspath(intertie), "train", "run.toml", "--local"]
        for pair in more.get("set", []):
            command += ["--set", pair]
        done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=3600)
        if done.returncode != 0:
            sys.exit(f"{num_sites} sites: exit code {done.returncode}\n{done.stdout[-3000:]}")
        logs = [EventLog(os.path.join(folder, "runs/golden", name, "events.jsonl")) for name in names]
        if len({log.find("run.finished")[-1]["parameters_hash"] for log in logs}) != 1:
            sys.exit(f"{num_sites} sites, {more}: sites end with different parameters")
        return logs
