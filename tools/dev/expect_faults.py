#!/usr/bin/env python3
"""Reads what `intertie report --json` says of the demo with faults: all of it happened, and all sites ended with the same parameters.

    build/dev/bin/intertie report examples/three-sites.toml --json | tools/dev/expect_faults.py

Prints a line, or what is wrong, with exit code 1. Python's standard library only.
"""
import json
import sys


def faults_of(report):
    """What is not as it shall be, a line each."""
    for site in report["sites"]:
        if not site["complete"]:
            yield f"{site['site']} did not come to the end"
    if len({site["parameters_hash"] for site in report["sites"]}) != 1:
        yield "the sites ended with different parameters"
    all_sites = [site["site"] for site in report["sites"]]
    views = [view["members"] for view in report["views"]]
    if views != [all_sites, all_sites[:2], all_sites]:
        yield f"the members were {views}: one site was to be gone, and to come back, and nobody else"
    lost = {each["site"] for each in report["lost"]["samples"]}
    if lost != {all_sites[2]}:
        yield f"the work of {', '.join(sorted(lost)) or 'nobody'} was lost: it was to be that of the site which was killed"
    states = [each["state"] for each in report["links"]["states"] if each["between"] == all_sites[:2]]
    if "relayed" not in states or "direct" not in states[states.index("relayed"):]:
        yield f"the link {' - '.join(all_sites[:2])} was {', '.join(states)}: it was to be relayed, then direct again"
    for link in report["links"]["measured"]:
        if (link["most_mbit_per_second"] or 0) > 1000:
            yield f"{link['from']} to {link['to']}: {link['most_mbit_per_second']:.3g} Mbit/s over a link of 100"


def main():
    report = json.load(sys.stdin)
    faults = list(faults_of(report))
    for fault in faults:
        print(f"dev: {fault}", file=sys.stderr)
    if not faults:
        sites = report["sites"]
        print(f"dev: a link was cut and mended, {sites[2]['site']} was killed and came back; {len(sites)} sites ended with parameters "
              f"{sites[0]['parameters_hash']}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
