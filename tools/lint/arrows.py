"""Which folder may include which: the DEPENDS lists are the one source; includes and ARCHITECTURE.md must say the same."""

import re

from tree import Finding

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def includes(tree, path):
    """(line, quote, what) of each include of a file."""
    for number, line in tree.lines(path):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_includes(tree):
    """Own headers by full path, and only those of the own folder and of DEPENDS."""
    for path in tree.sources:
        name = tree.folder_of(path)
        for line, quote, what in includes(tree, path):
            if what.startswith("intertie/"):
                if name is not None:
                    yield from check_arrow(tree, path, line, name, what)
            elif quote == '"' and not path.startswith("tests/") and what not in tree.paths:
                yield Finding("include", path, line, f'"{what}": own headers are included as "intertie/folder/file.h"')


def check_arrow(tree, path, line, name, what):
    target = tree.folder_of(what)
    if name not in tree.folders:
        yield Finding("include", path, line, f"no intertie_module({name}) in a CMakeLists.txt: this file belongs to no folder")
        return
    folder = tree.folders[name]
    allowed = {name, *folder.depends}
    if path.endswith(("_test.cpp", "_fixture.h")):
        # CMake's names have underscores for slashes, so compare them that way.
        allowed |= {known for known in tree.folders if known.replace("/", "_") in folder.test_depends}
    if target not in allowed:
        yield Finding("include", path, line, f"{name} may not include {target}: not among DEPENDS in {folder.cmake}")


def check_cycles(tree):
    """Every DEPENDS names a folder, and no folder leads back to itself."""
    done = set()
    for name, folder in tree.folders.items():
        for target in folder.depends:
            if target not in tree.folders:
                yield Finding("arrows", folder.cmake, 1, f"{name} DEPENDS on {target}, which is no folder")
        cycle = find_cycle(tree, name, [], done)
        if cycle:
            yield Finding("arrows", folder.cmake, 1, "arrows in a circle: " + " -> ".join(cycle))
            return


def find_cycle(tree, name, way, done):
    if name in way:
        return way[way.index(name):] + [name]
    if name in done or name not in tree.folders:
        return None
    for target in tree.folders[name].depends:
        cycle = find_cycle(tree, target, way + [name], done)
        if cycle:
            return cycle
    done.add(name)
    return None


def check_architecture(tree):
    """The table of ARCHITECTURE.md: a row for each folder, and in its last column what DEPENDS says."""
    rows = read_table(tree)
    for name, folder in tree.folders.items():
        if name not in rows:
            yield Finding("architecture", "ARCHITECTURE.md", 1, f"no row for {name} ({folder.cmake})")
    above = []
    for name, (line, words) in rows.items():
        if name in tree.folders:
            yield from check_row(tree.folders[name], line, words, above, list(rows))
        above.append(name)


def read_table(tree):
    """folder -> (line, last column), in the order of the page."""
    rows = {}
    for number, line in tree.lines("ARCHITECTURE.md"):
        match = re.match(r"^\| `([a-z/]+)` \|.*\| ([^|]+) \|$", line)
        if match:
            rows[match.group(1)] = (number, match.group(2))
    return rows


def check_row(folder, line, words, above, everything):
    """A plain list must equal DEPENDS; `all but X` and `the stages above; never X or Y` are upper bounds."""
    depends = set(folder.depends)
    general = re.match(r"^(all|the stages above)\b(.*)$", words)
    if general:
        named = set(re.findall(r"[a-z]+(?:/[a-z]+)?", general.group(2))) - {"but", "never", "or"}
        refused = {name for name in everything if name in named or name.rpartition("/")[2] in named}
        allowed = set(everything if general.group(1) == "all" else above) - refused
        wrong = depends - allowed
    else:
        wrong = depends ^ (set(words.split()) - {"std"})
    if wrong:
        message = f"row {folder.name} says '{words}', {folder.cmake} says '{' '.join(folder.depends)}': they differ in {' '.join(sorted(wrong))}"
        yield Finding("architecture", "ARCHITECTURE.md", line, message)
