"""The command line of `./dev bench wan`."""
import argparse
import os
import re

from cases import CONGESTION_CONTROLS, MIB, SYSTEMS
from profiles import chosen, names_to_choose

UNITS = {"": 1, "KiB": 1 << 10, "MiB": MIB, "GiB": 1 << 30}
LARGEST = 4 << 30


def size(word):
    found = re.fullmatch(r"(\d+)\s*(KiB|MiB|GiB|)", word.strip())
    value = int(found[1]) * UNITS[found[2]] if found else 0
    if not found or value < 4 or value > LARGEST or value % 4:
        raise ValueError(f"'{word}' is not a size such as 64MiB, of whole f32 and at most {LARGEST // UNITS['GiB']} GiB")
    return value


def some_of(words, known, what):
    for word in words:
        if word not in known:
            raise ValueError(f"there is no {what} '{word}'; there are {', '.join(known)}")
    return [each for each in known if each in words]


def listed(read):
    def read_list(text):
        words = [word.strip() for word in text.split(",")]
        if not all(words):
            raise argparse.ArgumentTypeError(f"'{text}' is not a list such as A,B")
        try:
            return read(words)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
    return read_list


def whole(least, most):
    def read(word):
        if not word.isdecimal() or not least <= int(word) <= most:
            raise argparse.ArgumentTypeError(f"'{word}' is not a whole number from {least} to {most}")
        return int(word)
    return read


def page_file(path):
    if not path.endswith(".md"):
        raise argparse.ArgumentTypeError(f"'{path}' is no Markdown file (NAME.md; the plot goes beside it as NAME.svg)")
    return os.path.abspath(path)


def parse(words=None):
    parser = argparse.ArgumentParser(prog="./dev bench wan", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name in ("--intertie", "--wan", "--python"):
        parser.add_argument(name, required=True, type=os.path.abspath, help=argparse.SUPPRESS)
    parser.add_argument("--profiles", type=listed(chosen), default=",".join(names_to_choose()), metavar="A,B", help="networks")
    parser.add_argument("--sizes", type=listed(lambda all_of: sorted({size(word) for word in all_of})), default="64MiB,256MiB",
                        metavar="S,T", help="of f32 that each site contributes")
    parser.add_argument("--cc", type=listed(lambda all_of: some_of(all_of, CONGESTION_CONTROLS, "congestion control")),
                        default=",".join(CONGESTION_CONTROLS), metavar="A,B", help="congestion controls")
    parser.add_argument("--systems", type=listed(lambda all_of: some_of(all_of, SYSTEMS, "system")), default=",".join(SYSTEMS),
                        metavar="A,B", help="what is measured in turns")
    parser.add_argument("--merges", type=whole(1, 1000), default=10, metavar="N", help="that count, after three to warm up")
    parser.add_argument("--repeats", type=whole(1, 100), default=1, metavar="N", help="turns")
    parser.add_argument("--streams", type=whole(1, 64), metavar="N", help="connections of Intertie between two sites")
    parser.add_argument("--limit", type=whole(10, 36000), metavar="SECONDS", help="of a run; None: what its bound makes of it")
    parser.add_argument("--out", type=page_file, metavar="FILE.md", help="the page to write")
    parser.add_argument("--keep", type=os.path.abspath, metavar="FOLDER", help="keep the logs of every run there")
    return parser.parse_args(words)
