"""The plot of `./dev bench wan`: how many times its bound each merge takes, for each profile, system and congestion control."""
import math
from xml.sax.saxutils import escape

from cases import MIB
from merge_page import NAMES
from profiles import PROFILES

WIDTH, LEFT, RIGHT, ROW, TOP = 920, 250, 40, 30, 92
COLOURS = {"intertie": "#1f77b4", "gloo": "#d9730d", "openmpi": "#2a9d5c", "openmpi-ring": "#8a4fbf"}
TICKS = (1, 1.5, 2, 3, 5, 8, 12, 20, 32)
CONTROLS = ("cubic", "bbr")


class Picture:
    def __init__(self, most):
        self.parts, self.most = [], most

    def x(self, ratio):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(max(1.0, min(ratio, self.most))) / math.log(self.most)

    def text(self, x, y, words, anchor="start", colour="#333", size=12, weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
                          f'font-weight="{weight}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour, width=1.0):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>')

    def mark(self, x, y, system, control):
        """Filled: cubic; hollow: bbr."""
        colour = COLOURS[system]
        fill = colour if control == "cubic" else "#ffffff"
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{colour}" stroke-width="1.8"/>')


def shown(rows):
    """Those with a bound and a figure that counts: f32, back to back."""
    return [row for row in rows if row["system"] in COLOURS and row.get("ratio") and row["kept_up"] and row["encoding"] == "f32" and
            not row["pace"]]


def legend(picture, systems):
    x = LEFT
    for system in systems:
        picture.mark(x, 46, system, "cubic")
        picture.text(x + 10, 50, NAMES[system])
        x += 24 + 7 * len(NAMES[system])
    picture.text(x + 6, 50, "filled: cubic, hollow: bbr", colour="#666")


def axis(picture, bottom):
    for tick in TICKS:
        if tick <= picture.most:
            picture.line(picture.x(tick), TOP - 14, picture.x(tick), bottom, "#333" if tick == 1 else "#e2e2e2", 1.5 if tick == 1 else 1)
            picture.text(picture.x(tick), TOP - 20, f"{tick:g}", "middle", "#666")


def lane(picture, y, words, group):
    """One row of the plot: for each congestion control the least and the most as a line, the median as a mark."""
    picture.text(LEFT - 14, y + 4, words, "end")
    for control in CONTROLS:
        at = y - 5 if control == "cubic" else y + 5
        for row in reversed([row for row in group if row["cc"] == control]):  # ours last, on top
            picture.line(picture.x(row["least"] / row["bound"]), at, picture.x(row["most"] / row["bound"]), at, COLOURS[row["system"]], 1.5)
            picture.mark(picture.x(row["ratio"]), at, row["system"], control)


def lanes_of(rows):
    order = list(PROFILES)
    keys = sorted({(row["size"], order.index(row["profile"])) for row in rows})
    return [(f"{order[i]}: {PROFILES[order[i]].words}", size, [row for row in rows if row["size"] == size and row["profile"] == order[i]])
            for size, i in keys]


def plot(rows):
    rows = shown(rows)
    lanes = lanes_of(rows)
    most = max([2.0, *(1.1 * row["most"] / row["bound"] for row in rows)])
    picture = Picture(next((tick for tick in TICKS if tick >= most), most))
    sizes = list(dict.fromkeys(size for _, size, _ in lanes))
    bottom = TOP + ROW * (len(lanes) + len(sizes))
    axis(picture, bottom)
    picture.text(16, 24, "A merge's time, in times what the line allows (1: the bound)", size=15, weight="bold")
    legend(picture, [system for system in COLOURS if any(row["system"] == system for row in rows)])
    y, of_size = TOP, None
    for words, size, group in lanes:
        if size != of_size:
            picture.text(16, y + 4, f"{size / MIB:g} MiB a site", weight="bold")
            of_size, y = size, y + ROW
        lane(picture, y, words, group)
        y += ROW
    height = bottom + 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="system-ui, sans-serif">\n<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' +
            "\n".join(picture.parts) + "\n</svg>\n")
