#!/usr/bin/env python3
"""Draws what a terminal shows as an SVG.

    tmux new-session -d -s view -x 100 -y 24 intertie train run.toml --local
    tmux capture-pane -e -p -t view | tools/docs/terminal_picture.py docs/images/live-view.svg

Reads text with the escape sequences of styles (bold, dim, reverse and the eight colours, which is all that the live view
uses); others are passed over. Python's standard library only.
"""
import argparse
import re
import sys
from xml.sax.saxutils import escape

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")
OTHERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|[\x0e\x0f]")
BACKGROUND, FOREGROUND, DIM = "#16191d", "#d8dbe0", "#878d96"
COLOURS = {"31": "#f2777a", "32": "#7fc77f", "33": "#e6b450", "34": "#6aa3e0", "35": "#c08ad6", "36": "#5fc4c4", "37": FOREGROUND}
CELL_WIDTH, CELL_HEIGHT, SIZE, MARGIN = 8.4, 18, 14, 14
BLOCKS = "█▓▒░━─"


class Style:
    def __init__(self):
        self.bold = self.dim = self.reverse = False
        self.colour = None

    def obey(self, codes):
        for code in codes.split(";"):
            if code in ("", "0"):
                self.__init__()
            elif code == "1":
                self.bold = True
            elif code == "2":
                self.dim = True
            elif code == "22":
                self.bold = self.dim = False
            elif code == "7":
                self.reverse = True
            elif code == "27":
                self.reverse = False
            elif code in COLOURS:
                self.colour = COLOURS[code]
            elif code == "39":
                self.colour = None

    def ink(self):
        return self.colour or (DIM if self.dim else FOREGROUND)


def draw_blocks(run, x, y, ink):
    """Block and line characters, of one kind, as a box, so that they join whatever the font."""
    width = CELL_WIDTH * len(run)
    if run[0] in "━─":
        thick = 3 if run[0] == "━" else 1
        return f'<rect x="{x:.1f}" y="{y + CELL_HEIGHT / 2 - thick / 2:.1f}" width="{width:.1f}" height="{thick}" fill="{ink}"/>'
    opacity = {"█": 1, "▓": 0.8, "▒": 0.55, "░": 0.3}[run[0]]
    return f'<rect x="{x:.1f}" y="{y + 2:.1f}" width="{width:.1f}" height="{CELL_HEIGHT - 4}" fill="{ink}" fill-opacity="{opacity}"/>'


def draw_text(text, x, y, style):
    parts = []
    width = CELL_WIDTH * len(text)
    ink = style.ink()
    if style.reverse:
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{CELL_HEIGHT}" fill="{ink}"/>')
        ink = BACKGROUND
    weight = ' font-weight="bold"' if style.bold else ""
    parts.append(f'<text x="{x:.1f}" y="{y + 13.5:.1f}" textLength="{width:.1f}" fill="{ink}"{weight} '
                 f'xml:space="preserve">{escape(text)}</text>')
    return parts


def draw_line(line, row, style):
    parts = []
    column = 0
    for i, piece in enumerate(SEQUENCE.split(line)):
        if i % 2 == 1:
            style.obey(piece)
            continue
        for match in re.finditer(f"([{BLOCKS}])\\1*|[^{BLOCKS}]+", piece):
            run = match.group(0)
            x, y = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
            column += len(run)
            if match.group(1):
                parts.append(draw_blocks(run, x, y, style.ink()))
            elif run.strip() or style.reverse:
                words = run.lstrip() if not style.reverse else run
                parts += draw_text(words.rstrip(), x + CELL_WIDTH * (len(run) - len(words)), y, style)
    return parts, column


def draw(text):
    parts, most = [], 0
    style = Style()
    lines = OTHERS.sub("", text).rstrip("\n").split("\n")
    for row, line in enumerate(lines):
        drawn, columns = draw_line(line, row, style)
        parts += drawn
        most = max(most, columns)
    width, height = 2 * MARGIN + most * CELL_WIDTH, 2 * MARGIN + len(lines) * CELL_HEIGHT
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
            f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}">\n'
            f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="the SVG")
    arguments = parser.parse_args()
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        sys.exit("standard input is empty: it should be what `tmux capture-pane -e -p` prints")
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write(draw(text))


if __name__ == "__main__":
    main()
