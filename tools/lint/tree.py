"""The files that the rules look at, and the folders' DEPENDS lists as CMake has them.

Used by check_rules.py. Reads only; a tree is any folder laid out like this repository, so the tests can plant their own.
"""

import os
import re
import subprocess
from dataclasses import dataclass, field

SOURCE_SUFFIXES = (".h", ".cpp", ".cu")
NEVER = {"build", ".git", ".venv", "runs", ".cache", "__pycache__"}


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int
    message: str


@dataclass
class Folder:
    """One intertie_module: what it may include, and what its tests may include besides."""

    name: str
    cmake: str
    depends: list = field(default_factory=list)
    test_depends: list = field(default_factory=list)


class Tree:
    def __init__(self, root):
        self.root = root
        self.paths = sorted(list_files(root))
        self.sources = [p for p in self.paths if p.endswith(SOURCE_SUFFIXES)]
        self._texts = {}
        self.folders = read_folders(self)

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def lines(self, path):
        """(number, line) of every line, from 1."""
        return enumerate(self.text(path).splitlines(), start=1)

    def folder_of(self, path):
        """The folder of intertie/ that a file belongs to, as CMake calls it: env/real, not intertie/env/real. A folder without an
        intertie_module of its own (files for one processor, say) is part of the one above. None outside intertie/."""
        if not path.startswith("intertie/"):
            return None
        own = folder = os.path.dirname(path).removeprefix("intertie/")
        while folder and folder not in self.folders:
            folder = os.path.dirname(folder)
        return folder or own


def list_files(root):
    """What git tracks or would track; without git, every file but what is made."""
    command = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return [path for path in listed if os.path.isfile(os.path.join(root, path))]
    except (OSError, subprocess.CalledProcessError):
        return list(walk_files(root))


def walk_files(root):
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NEVER]
        for name in files:
            yield os.path.relpath(os.path.join(folder, name), root)


def read_folders(tree):
    """name -> Folder, from every intertie_module(...) in intertie/**/CMakeLists.txt."""
    folders = {}
    for path in tree.paths:
        if path.startswith("intertie/") and path.endswith("CMakeLists.txt"):
            for call in re.finditer(r"^intertie_module\(([^)]*)\)", tree.text(path), re.MULTILINE):
                folder = parse_module(path, call.group(1).split())
                folders[folder.name] = folder
    return folders


def parse_module(path, words):
    folder = Folder(words[0], path)
    keyword = None
    for word in words[1:]:
        if word in ("PROGRAM", "HOT", "DEPENDS", "LIBRARIES", "TEST_LIBRARIES"):
            keyword = word
        elif keyword == "DEPENDS":
            folder.depends.append(word)
        elif keyword == "TEST_LIBRARIES" and word.startswith("intertie_"):
            folder.test_depends.append(word.removeprefix("intertie_"))
    return folder
