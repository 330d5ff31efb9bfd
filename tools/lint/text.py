"""Rules of a file's text: lengths, how headers begin, words that may not stand, and hosts that links may name."""

import re

from tree import SOURCE_SUFFIXES, Finding

SOURCE_ASK, SOURCE_STOP, HEADER_STOP = 300, 600, 120

# Written with a gap, so that this file does not break its own rule.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
CONFLICT = re.compile(r"^(<{7}|>{7}|={7})( |$)")
INDEX_OPTION = re.compile(r"--(extra-)?index" r"-url|--find" r"-links|--trusted" r"-host")
URL = re.compile(r"\b(?:https?|git|ssh|ftp)://(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)")

# What a link in the tree may name: licences, papers, specifications (and their XML names), and names that are reserved for examples.
HOSTS = re.compile(
    r"^(www\.apache\.org|www\.w3\.org|arxiv\.org|www\.rfc-editor\.org|keepachangelog\.com|semver\.org|localhost|127\.0\.0\.1|\[::1\]"
    r"|[a-z0-9-]+|(.*\.)?example(\.com|\.org|\.net)?)$"  # a single label is no public host
)


def check_lengths(tree):
    for path in tree.sources:
        count = tree.text(path).count("\n")
        if path.endswith(".h") and count > HEADER_STOP:
            yield Finding("header-length", path, count, f"{count} lines: headers end at {HEADER_STOP}")
        elif count > SOURCE_STOP:
            yield Finding("file-length", path, count, f"{count} lines: files end at {SOURCE_STOP}")


def long_sources(tree):
    """Not findings: what stands between the length we aim at and the hard stop."""
    for path in tree.sources:
        count = tree.text(path).count("\n")
        if not path.endswith(".h") and SOURCE_ASK < count <= SOURCE_STOP:
            yield path, count


def check_headers(tree):
    for path in tree.sources:
        if path.startswith("intertie/") and path.endswith(".h"):
            text = tree.text(path)
            if not text.startswith("//"):
                yield Finding("header", path, 1, "begins without a comment that says what it is, who uses it, which thread")
            if "\n#pragma once\n" not in text:
                yield Finding("header", path, 1, "has no #pragma once")


def check_words(tree):
    for path in tree.paths:
        if not is_prose_or_code(path):
            continue
        for number, line in tree.lines(path):
            for rule, pattern, message in (
                ("unfinished", UNFINISHED, "says that something is unfinished: finish it, or file it and leave it out"),
                ("conflict", CONFLICT, "is left from a merge"),
                ("index", INDEX_OPTION, "chooses a package index: that is the machine's business"),
            ):
                match = pattern.search(line)
                if match and path != "LICENSE":
                    yield Finding(rule, path, number, f"{match.group(0)} {message}")


PROTOCOL = "docs/protocol.md"
CITATION = re.compile(re.escape(PROTOCOL) + r"[\s/]+rules?[\s/]+(\d+(?:,[\s/]*\d+)*)")
STRAY_RULE = re.compile(r"\b[Rr]ules? \d+")


def check_citations(tree):
    """A rule of the protocol is cited as `docs/protocol.md rule N`, and exists."""
    if PROTOCOL not in tree.paths:
        return
    rules = {int(line.split(".")[0]) for _, line in tree.lines(PROTOCOL) if re.match(r"\d+\. ", line)}
    for path in tree.sources:
        whole = tree.text(path)
        cited = list(CITATION.finditer(whole))
        for match in cited:
            for number in map(int, re.findall(r"\d+", match.group(1))):
                if number not in rules:
                    line = whole.count("\n", 0, match.start()) + 1
                    yield Finding("citation", path, line, f"{PROTOCOL} has no rule {number}")
        for match in STRAY_RULE.finditer(whole):
            if not any(c.start() <= match.start() < c.end() for c in cited):
                line = whole.count("\n", 0, match.start()) + 1
                yield Finding("citation", path, line, f"'{match.group(0)}': whose? write {PROTOCOL} rule N")


def check_hosts(tree):
    for path in tree.paths:
        if is_prose_or_code(path):
            for number, line in tree.lines(path):
                for match in URL.finditer(line):
                    if not HOSTS.match(match.group(1)):
                        yield Finding("host", path, number, f"names the host {match.group(1)}: HOSTS in tools/lint/text.py lists those that may stand")


def is_prose_or_code(path):
    name = path.rpartition("/")[2]
    return "." not in name or path.endswith(
        SOURCE_SUFFIXES + (".md", ".txt", ".py", ".sh", ".toml", ".json", ".cmake", ".clang-tidy", ".clang-format", ".gitignore")
    )
