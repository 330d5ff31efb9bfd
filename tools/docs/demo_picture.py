#!/usr/bin/env python3
"""Draws what a run's event logs say as one SVG: the loss of every site over its steps, and where the time of each went.

    tools/docs/demo_picture.py runs/three-sites docs/images/demo.svg

Reads SITE/events.jsonl of every site (docs/events.md). Python's standard library only.
"""
import argparse
import glob
import json
import os
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 330
PLOT = dict(left=56, right=560, top=46, bottom=280)
BARS = dict(left=660, right=840, top=74)
COLOURS = ["#1f77b4", "#d9730d", "#2a9d5c", "#8a4fbf", "#b33951", "#5f6b76", "#9c8412"]
SHARES = (("computing_share", "#3b6ea5", "computing"), ("waiting_share", "#e0a458", "waiting"), ("encoding_share", "#7a5195", "encoding"))


def read(folder):
    """Events by site, in site order of the folders' names; only those of the last start."""
    logs = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*", "events.jsonl"))):
        with open(path, encoding="utf-8") as file:
            events = [json.loads(line) for line in file if line.endswith("\n")]  # the last may be half written
        begin = max((i for i, e in enumerate(events) if e["event"] == "log.opened"), default=None)
        if begin is not None and named(events[begin:], "run.started"):
            logs[events[begin]["site"]] = events[begin:]
    if not logs:
        sys.exit(f"{folder}: no SITE/events.jsonl of a run that began; a run's folder is runs/NAME")
    if not any(losses_of(events) for events in logs.values()):
        sys.exit(f"{folder}: the logs name no loss: the run was too short for progress lines, and evaluated nothing")
    return logs


def named(events, name):
    return [e for e in events if e["event"] == name]


def losses_of(events):
    return [(e["step"], e["loss"]) for e in events if e["event"] in ("progress", "evaluation") and e["loss"] is not None]


class Picture:
    def __init__(self):
        self.parts = []

    def text(self, x, y, words, size=12, anchor="start", colour="#333", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
                          f'font-weight="{weight}">{escape(words)}</text>')

    def line(self, points, colour, width=1.5, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"'
                          + (f' stroke-dasharray="{dash}"' if dash else "") + "/>")

    def box(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}" stroke="white"/>')

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
                'font-family="system-ui, sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def draw_losses(picture, logs, num_steps):
    losses = {site: [(e["step"], e["loss"]) for e in named(events, "progress") if e["loss"] is not None] for site, events in logs.items()}
    validation = [(e["step"], e["loss"]) for events in logs.values() for e in named(events, "evaluation") if e["loss"] is not None]
    values = [loss for points in losses.values() for _, loss in points] + [loss for _, loss in validation]
    low, high = int(min(values) * 2) / 2, (int(max(values) * 2) + 1) / 2

    def at(step, loss):
        return (PLOT["left"] + (PLOT["right"] - PLOT["left"]) * step / num_steps,
                PLOT["bottom"] - (PLOT["bottom"] - PLOT["top"]) * (loss - low) / (high - low))

    ticks = [low + 0.5 * i for i in range(int((high - low) / 0.5) + 1)]
    for loss in ticks:
        picture.line([at(0, loss), at(num_steps, loss)], "#e4e4e4", 1)
        picture.text(PLOT["left"] - 8, at(0, loss)[1] + 4, f"{loss:g}", 11, "end", "#666")
    for i in range(6):
        step = num_steps * i / 5
        picture.text(at(step, low)[0], PLOT["bottom"] + 18, f"{step:,.0f}", 11, "middle", "#666")
    picture.text((PLOT["left"] + PLOT["right"]) / 2, PLOT["bottom"] + 38, "inner steps", 12, "middle")
    picture.text(PLOT["left"], PLOT["top"] - 12, "loss (nats per token)", 12)
    for colour, (site, points) in zip(COLOURS, losses.items()):
        picture.line([at(*point) for point in points], colour)
    for point in validation:
        picture.dot(*at(*point), "#111")
    x = PLOT["right"] - 150
    for i, (colour, site) in enumerate(zip(COLOURS, losses)):
        y = PLOT["top"] + 14 + 18 * i
        picture.line([(x, y - 4), (x + 22, y - 4)], colour, 2.5)
        picture.text(x + 30, y, site)
    if not validation:
        return
    y = PLOT["top"] + 14 + 18 * len(losses)
    picture.dot(x + 11, y - 4, "#111")
    picture.text(x + 30, y, "held-out text")


def draw_shares(picture, logs):
    picture.text(BARS["left"] - 70, PLOT["top"] - 12, "where each site's time went", 12)
    width = BARS["right"] - BARS["left"]
    for i, (site, events) in enumerate(logs.items()):
        end = named(events, "run.finished")
        if not end:
            continue
        x, y = BARS["left"], BARS["top"] + 34 * i
        picture.text(x - 8, y + 15, site, 12, "end")
        picture.box(x, y, width, 20, "#eeeeee")
        for key, colour, _ in SHARES:
            picture.box(x, y, width * end[-1][key], 20, colour)
            x += width * end[-1][key]
    y = BARS["top"] + 34 * len(logs) + 10
    for key, colour, name in SHARES:
        picture.box(BARS["left"], y, 12, 12, colour)
        picture.text(BARS["left"] + 18, y + 11, name)
        y += 18
    picture.box(BARS["left"], y, 12, 12, "#eeeeee")
    picture.text(BARS["left"] + 18, y + 11, "evaluation, checkpoints")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="the run's folder")
    parser.add_argument("out")
    arguments = parser.parse_args()
    logs = read(arguments.run)
    start = named(next(iter(logs.values())), "run.started")[-1]
    picture = Picture()
    title = f'{start["run"]}: {start["method"]} over {start["num_sites"]} sites, {start["num_parameters"] / 1e6:.1f} M parameters'
    if start["emulated"]:
        title += ", emulated links"
    picture.text(PLOT["left"], 20, title, 14, weight="600")
    draw_losses(picture, logs, start["num_steps"])
    draw_shares(picture, logs)
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write(picture.svg())


if __name__ == "__main__":
    main()
