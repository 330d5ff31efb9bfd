#!/usr/bin/env python3
"""Golden case: DiLoCo over several sites against one site, equal tokens (nanoGPT's character Shakespeare on a CPU; 2311.08105).

4 layers, 4 heads, width 128, context 64, no biases, 12 sequences a step divided over the sites, H = 30, outer Nesterov 0.7 / 0.9, inner
states local. Runs `intertie train --local` for every number of sites and seed, prints the loss on the whole validation split, and
compares the mean over seeds with one site's. Exit code 1 if a limit is broken or sites end with different parameters.

  sites.py --intertie build/dev/bin/intertie --text tests/data/tinyshakespeare.txt --steps 2000 --seeds 1 2 3 4 5 \\
           --sites 1 2 3 4 --one 1.88 0.05 --limits 0.5 1.5 3.0
"""
import sys
import time

from local_run import golden_parser, run


def main():
    parser = golden_parser()
    parser.add_argument("--sites", type=int, nargs="+", required=True)
    parser.add_argument("--one", type=float, nargs=2, metavar=("LOSS", "WITHIN"), required=True)
    parser.add_argument("--limits", type=float, nargs="+", required=True, help="percent over one site, for each further --sites")
    options = parser.parse_args()
    means = {}
    for num_sites in options.sites:
        losses = []
        for seed in options.seeds:
            start = time.monotonic()
            method = "diloco" if num_sites > 1 else "synchronous"  # one site trains plainly
            logs = run(options.intertie, options.text, num_sites, {"seed": seed, "steps": options.steps, "method": method})
            losses.append(logs[0].find("run.finished")[-1]["validation_loss"])
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
