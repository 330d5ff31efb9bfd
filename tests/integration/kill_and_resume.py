#!/usr/bin/env python3
"""A run that is killed everywhere, again and again, and resumed ends with the same parameters as one that was left alone.

Starts `intertie train --local`, sends SIGKILL to the launcher and all its sites at a random moment (or SIGINT to the launcher with
--interrupt), resumes, and so on --times; then lets it end. Exit code 1 if the final hash differs from the undisturbed run's.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time


def command(options, *more):
    return [os.path.abspath(options.intertie), "train", "run.toml", "--local", *more]


def prepare(options, folder):
    with open(options.run, encoding="utf-8") as file:
        text = file.read().replace("TEXT", os.path.abspath(options.text))
    with open(os.path.join(folder, "run.toml"), "w", encoding="utf-8") as file:
        file.write(text)


def finish(options, folder, *more):
    done = subprocess.run(command(options, *more), cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=1800)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode}\n{done.stdout[-3000:]}")


def final_hashes(folder):
    hashes = set()
    runs = os.path.join(folder, "runs")
    for parent, _, files in os.walk(runs):
        if "events.jsonl" in files:
            with open(os.path.join(parent, "events.jsonl"), encoding="utf-8") as log:
                ends = [json.loads(line) for line in log if '"run.finished"' in line]
            hashes.add(ends[-1]["parameters_hash"])
    return hashes


def processes_of(folder):
    """Launcher and sites: every process whose working folder is `folder`."""
    pids = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd") == folder:
                pids.append(int(pid))
        except OSError:
            pass
    return pids


def disturb(options, folder, process, chosen):
    """Waits a random time, then kills or interrupts. True if the run had not ended by then."""
    try:
        process.wait(timeout=chosen.uniform(*options.between))
        return False
    except subprocess.TimeoutExpired:
        pass
    if options.interrupt:
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=120) == 3
    for pid in processes_of(folder):
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=60)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--intertie", required=True)
    parser.add_argument("--run", required=True, help="run file; TEXT in it is replaced")
    parser.add_argument("--text", required=True)
    parser.add_argument("--times", type=int, required=True)
    parser.add_argument("--between", type=float, nargs=2, required=True, help="seconds after a start, at random")
    parser.add_argument("--interrupt", action="store_true", help="Ctrl-C instead of SIGKILL")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    chosen = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as left_alone, tempfile.TemporaryDirectory() as disturbed:
        prepare(options, left_alone)
        prepare(options, disturbed)
        finish(options, left_alone)
        expected = final_hashes(left_alone)
        times = 0
        more = []
        while times < options.times:
            with open(os.path.join(disturbed, "out.txt"), "w", encoding="utf-8") as out:
                process = subprocess.Popen(command(options, *more), cwd=disturbed, stdout=out, stderr=out)
            if disturb(options, os.path.realpath(disturbed), process, chosen):
                times += 1
                more = ["--resume"]
            elif process.returncode == -signal.SIGINT:
                continue  # the launcher itself had not begun
            elif process.returncode == 0:
                more = ["--fresh"]  # it had ended: once more from the start
            else:
                with open(os.path.join(disturbed, "out.txt"), encoding="utf-8") as out:
                    sys.exit(f"exit code {process.returncode}\n{out.read()[-3000:]}")
        finish(options, disturbed, *more)
        found = final_hashes(disturbed)
    what = "interrupted" if options.interrupt else "killed"
    ok = len(expected) == 1 and found == expected
    print(f"left alone {sorted(expected)}, {what} {times} times {sorted(found)} (seed {options.seed}): {'ok' if ok else 'FAILED'}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
