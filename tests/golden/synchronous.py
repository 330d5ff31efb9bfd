#!/usr/bin/env python3
"""`synchronous` over three sites against one site with three times the batch: the same samples, the same mathematics.

Compares the loss of every step (over all sites) and prints the largest relative difference of the first 20 and of all. Exit code 1
if they are over 1e-5 and 1e-3, or if sites differ in their parameters after any merge (every one is compared).
"""
import sys

from local_run import golden_parser, run


def losses(logs):
    steps = zip(*[log.find("merge.committed") for log in logs], strict=True)
    return [sum(event["loss"] for event in step) / len(step) for step in steps]


def main():
    options = golden_parser().parse_args()
    failed = False
    for seed in options.seeds:
        more = {"seed": seed, "steps": options.steps, "method": "synchronous", "set": ["sync.hash_every=1"]}
        one = losses(run(options.intertie, options.text, 1, more))
        three = losses(run(options.intertie, options.text, 3, more))
        difference = [abs(a - b) / a for a, b in zip(one, three, strict=True)]
        early, all_steps = max(difference[:20]), max(difference)
        bad = early > 1e-5 or all_steps > 1e-3 or len(difference) != options.steps
        failed |= bad
        print(f"seed {seed}: loss differs by at most {early:.2e} in 20 steps, {all_steps:.2e} in {len(difference)}; "
              f"{one[-1]:.4f} and {three[-1]:.4f} at the end: {'FAILED' if bad else 'ok'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
