#!/usr/bin/env python3
"""Runs clang-tidy over the sources of intertie/ and tools/wan/, in parallel, and remembers which are clean.

    tools/lint/run_tidy.py --build build/tidy --jobs 2 [--changed | --all | --deep]

--changed (the default): the files that changed since the branch left main, and those whose headers did; --all: every file; --deep: every file,
tests too, with the static analyzer (tens of seconds a file). A file is clean as long as it, every intertie header it reaches and
.clang-tidy stay as they were: build/tidy/clean/ holds a mark for each.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
import time

from arrows import includes
from tree import Tree

FOLDERS = ("intertie/", "tools/wan/")
HEADERS = f"/({'|'.join(FOLDERS)})"
ANALYZER = "clang-analyzer-core.*,clang-analyzer-cplusplus.*,clang-analyzer-deadcode.*"


def main():
    options = parse_options()
    tree = Tree(os.getcwd())
    started = time.monotonic()
    files = [path for path in compiled(options.build, tree) if options.deep or not path.endswith("_test.cpp")]
    if not options.all and not options.deep:
        changed = changed_paths(tree.root)
        if changed is not None:
            files = [path for path in files if ".clang-tidy" in changed or changed & reach(tree, path)]
    marks = {path: mark_of(tree, path, options) for path in files}
    todo = [path for path in files if not os.path.exists(marks[path])]
    os.makedirs(os.path.join(options.build, "clean"), exist_ok=True)
    failed = run_all(todo, marks, options)
    print(f"tidy: {len(files)} files, {len(files) - len(todo)} known to be clean, {failed} with findings, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    scope = parser.add_mutually_exclusive_group()
    for name in ("--changed", "--all", "--deep"):
        scope.add_argument(name, action="store_true")
    return parser.parse_args()


def compiled(build, tree):
    """The sources of these folders that the build in this folder compiles."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        paths = {os.path.relpath(entry["file"], tree.root) for entry in json.load(file)}
    return sorted(path for path in paths if path.startswith(FOLDERS))


def changed_paths(root):
    """What differs from where this branch left main, committed or not; None (everything) where that cannot be told."""
    for main in ("origin/main", "main"):
        base = git(root, "merge-base", main, "HEAD")
        if base:
            listed = (git(root, "diff", "--name-only", base) or "") + "\n" + (git(root, "ls-files", "--others", "--exclude-standard") or "")
            return set(listed.split())
    return None


def git(root, *arguments):
    try:
        return subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def reach(tree, path):
    """A source and every header of ours that it includes, directly or not."""
    found, todo = set(), [path]
    while todo:
        current = todo.pop()
        if current not in found and current in tree.paths:
            found.add(current)
            todo += [what for _, quote, what in includes(tree, current) if quote == '"']
    return found


def mark_of(tree, path, options):
    content = hashlib.sha256(repr(options.deep).encode())
    for name in sorted(reach(tree, path)) + [".clang-tidy"]:
        content.update(f"{name}\0{tree.text(name)}\0".encode())
    return os.path.join(options.build, "clean", content.hexdigest()[:32])


def run_all(todo, marks, options):
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, (path, clean, output) in enumerate(pool.map(lambda path: run_one(path, options), todo), start=1):
            print(f"[tidy {number}/{len(todo)}] {path}" + ("" if clean else "\n" + output), flush=True)
            if clean:
                open(marks[path], "w", encoding="utf-8").close()
            else:
                failed += 1
    return failed


def run_one(path, options):
    command = ["clang-tidy", "--quiet", f"--header-filter={HEADERS}", "-p", options.build, path]
    if options.deep:
        command.insert(1, f"--checks={ANALYZER}")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return path, done.returncode == 0, done.stdout


if __name__ == "__main__":
    sys.exit(main())
