"""Names in the unnamed namespaces of a folder's sources: a build compiles several of them together (cmake/IntertieModule.cmake),
and which ones changes with every new file."""

import os
import re

from tree import Finding

REGION = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.MULTILINE | re.DOTALL)
# What begins in column 0 there: types, aliases, constants and functions.
DECLARED = re.compile(
    r"^(?:(?:class|struct|enum class|enum) (?:alignas\(\w+\) )?(\w+)"
    r"|using (\w+) ="
    r"|(?:inline |static )?(?:constexpr|const) [^(=;{]*?\b(\w+)(?:\[\w*\])? ?[={;(]"
    r"|(?:\[\[\w+\]\] )?(?:\w[\w:<>,*& ]*[ &*>])(\w+)\()",
    re.MULTILINE,
)
NOT_DECLARED = re.compile(r"^(TEST|TEST_F|TEST_P|INSTANTIATE_\w+|TYPED_\w+|return|using namespace)\b")


def check_names(tree):
    first = {}  # (folder, tests or not, name) -> path
    for path in tree.sources:
        if not path.endswith(".cpp") or not path.startswith(("intertie/", "tests/")):
            continue
        group = (tree.folder_of(path) or os.path.dirname(path), path.endswith("_test.cpp"))
        for number, name in sorted(declared(tree.text(path)), key=lambda found: found[0]):
            other = first.setdefault((*group, name), path)
            if other != path:
                yield Finding("name", path, number, f"{name} is in an unnamed namespace of {other} too: rename one, or share it")


def declared(text):
    """(line, name) of each first declaration in column 0 of the unnamed namespaces."""
    seen = set()
    for region in REGION.finditer(text):
        for match in DECLARED.finditer(region.group(1)):
            name = next(filter(None, match.groups()))
            if name not in seen and not NOT_DECLARED.match(match.group(0)):
                seen.add(name)
                yield text.count("\n", 0, region.start(1) + match.start()) + 1, name
