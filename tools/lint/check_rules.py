#!/usr/bin/env python3
"""The rules of this repository that no compiler checks. Python's standard library only.

    tools/lint/check_rules.py [--root FOLDER]

Prints `path:line: [rule] message` for each finding; exit status 1 if there is one. tools/lint/allow.txt lists exceptions, one a
line: rule, path, reason. An exception that nothing needs is a finding too. Every rule has a test in tests/lint/ that plants a
violation.
"""

import argparse
import os
import sys

import arrows
import names
import text
import world
from tree import Finding, Tree

RULES = (
    arrows.check_includes,
    arrows.check_cycles,
    arrows.check_architecture,
    world.check_world,
    world.check_ownership,
    names.check_names,
    text.check_lengths,
    text.check_headers,
    text.check_words,
    text.check_hosts,
    text.check_citations,
)
ALLOW = "tools/lint/allow.txt"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    tree = Tree(os.path.abspath(parser.parse_args().root))
    findings = check(tree)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: [{finding.rule}] {finding.message}")
    for path, count in text.long_sources(tree):
        print(f"note: {path} has {count} lines; we aim at {text.SOURCE_ASK}")
    print(f"rules: {len(tree.sources)} sources, {len(tree.folders)} folders, {len(findings)} findings")
    return 1 if findings else 0


def check(tree):
    findings = [finding for rule in RULES for finding in rule(tree)]
    allowed, faults = read_allow(tree)
    used = {(finding.rule, finding.path) for finding in findings}
    for (rule, path), line in allowed.items():
        if (rule, path) not in used:
            faults.append(Finding("allow", ALLOW, line, f"nothing needs the exception '{rule} {path}'"))
    return [finding for finding in findings if (finding.rule, finding.path) not in allowed] + faults


def read_allow(tree):
    allowed, faults = {}, []
    if ALLOW in tree.paths:
        for number, line in tree.lines(ALLOW):
            words = line.split(None, 2)
            if words and not line.startswith("#"):
                if len(words) < 3:
                    faults.append(Finding("allow", ALLOW, number, "an exception is: rule path reason"))
                else:
                    allowed[(words[0], words[1])] = number
    return allowed, faults


if __name__ == "__main__":
    sys.exit(main())
