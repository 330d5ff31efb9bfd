"""clang-format, clang-tidy, the header check and shellcheck, as ./dev lint calls them, find what is planted.

./dev lint runs these (its tools are installed there); ctest runs rules_test.py only.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TIDY = os.path.join(ROOT, "tools", "lint", "run_tidy.py")

LONG_FUNCTION = "int sum(int n) {\n" + "  n += 1;\n" * 60 + "  return n;\n}\n"


def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


class ToolsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name in (".clang-format", ".clang-tidy"):
            shutil.copy(os.path.join(ROOT, name), self.folder)

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_format(self):
        command = ["clang-format", "--dry-run", "--Werror", "a/bad.cpp"]
        self.write("a/bad.cpp", "int  f( ) {return 1;}\n")
        self.assertEqual(run(command, self.folder)[0], 1)
        self.write("a/bad.cpp", "int f() { return 1; }\n")
        self.assertEqual(run(command, self.folder)[0], 0)

    def test_shell(self):
        self.write("a/bad.sh", "#!/bin/sh\nrm $1\n")
        status, output = run(["shellcheck", "--shell=sh", "a/bad.sh"], self.folder)
        self.assertEqual(status, 1)
        self.assertIn("SC2086", output)

    def tidy(self, text, *options, path="intertie/base/a.cpp"):
        source = os.path.join(self.folder, path)
        self.write(path, text)
        entry = {"directory": self.folder, "file": source, "command": f"clang++ -std=c++20 -c {source}"}
        self.write("build/compile_commands.json", json.dumps([entry]))
        return run([sys.executable, TIDY, "--build", "build", *options], self.folder)

    def test_tidy_finds_and_remembers(self):
        status, output = self.tidy("int good(int n) { return n + 1; }\n")
        self.assertEqual(status, 0, output)
        self.assertIn("1 known to be clean", self.tidy("int good(int n) { return n + 1; }\n")[1])
        for what, text in (
            ("readability-function-size", LONG_FUNCTION),
            ("readability-function-size", "int f(int a, int b, int c, int d, int e, int g) { return a + b + c + d + e + g; }\n"),
            ("readability-identifier-naming", "int BadName() { return 1; }\n"),
            ("bugprone-use-after-move", "#include <string>\n#include <utility>\n"
             "std::size_t f(std::string a) {\n  std::string b = std::move(a);\n  return a.size() + b.size();\n}\n"),
        ):
            status, output = self.tidy(text)
            self.assertEqual(status, 1, output)
            self.assertIn(what, output)

    def test_tidy_looks_at_programs_of_tools_and_their_headers(self):
        self.write("tools/wan/a.h", "int BadName();\n")
        for text in ("int BadName() { return 1; }\n", '#include "a.h"\nint good() { return BadName(); }\n'):
            status, output = self.tidy(text, path="tools/wan/a.cpp")
            self.assertEqual(status, 1, output)
            self.assertIn("readability-identifier-naming", output)
        self.assertIn("tidy: 0 files", self.tidy("int BadName() { return 1; }\n", path="elsewhere/a.cpp")[1])

    def test_tidy_deep_sees_more(self):
        text = "int f(bool b) {\n  int* p = nullptr;\n  if (b) return 0;\n  return *p;\n}\n"
        self.assertEqual(self.tidy(text)[0], 0)
        status, output = self.tidy(text, "--deep")
        self.assertEqual(status, 1, output)
        self.assertIn("clang-analyzer-core.NullDereference", output)

    def header_check(self, header):
        self.write("CMakeLists.txt", f'''cmake_minimum_required(VERSION 3.25)
project(planted LANGUAGES CXX)
add_library(intertie_site INTERFACE)
target_include_directories(intertie_site INTERFACE "${{PROJECT_SOURCE_DIR}}")
include("{ROOT}/cmake/IntertieHeaderCheck.cmake")
''')
        self.write("intertie/base/a.h", header)
        status, output = run(["cmake", "-G", "Ninja", "-B", "build", "."], self.folder)
        self.assertEqual(status, 0, output)
        return run(["cmake", "--build", "build", "--target", "header_check"], self.folder)

    def test_headers_compile_alone(self):
        self.assertEqual(self.header_check("#pragma once\n#include <string>\nstd::string f();\n")[0], 0)
        self.assertNotEqual(self.header_check("#pragma once\nstd::string f();\n")[0], 0)

    def test_headers_compile_twice(self):
        self.assertNotEqual(self.header_check("struct Thing {};\n")[0], 0)


if __name__ == "__main__":
    unittest.main()
