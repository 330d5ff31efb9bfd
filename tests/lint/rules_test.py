"""Every rule of tools/lint/check_rules.py finds a planted violation, and a clean tree has no findings."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CHECK = os.path.join(ROOT, "tools", "lint", "check_rules.py")

HEADER = "// A thing. Values; any thread.\n#pragma once\n"
CLEAN = {
    "ARCHITECTURE.md": "| `base` | things | std |\n| `env` | the world | base |\n| `site` | everything | all but train/torch |\n",
    "intertie/base/CMakeLists.txt": "intertie_module(base LIBRARIES fmt::fmt)\n",
    "intertie/base/thing.h": HEADER,
    "intertie/env/CMakeLists.txt": "intertie_module(env DEPENDS base)\n",
    "intertie/env/clock.cpp": '#include "intertie/base/thing.h"\n#include <thread>\n',
    "intertie/site/CMakeLists.txt": "intertie_module(site DEPENDS env\n  base TEST_LIBRARIES intertie_env)\n",
    "intertie/site/site.cpp": '#include "intertie/env/clock.h"\n',
}


def check(changes):
    """Exit status and output for a clean tree with these files added or replaced."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **changes}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        done = subprocess.run([sys.executable, CHECK, "--root", root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


class RulesTest(unittest.TestCase):
    def finds(self, what, changes):
        status, output = check(changes)
        self.assertEqual(status, 1, output)
        self.assertIn(what, output)

    def passes(self, changes):
        status, output = check(changes)
        self.assertEqual(status, 0, output)

    def test_clean_tree_passes(self):
        self.passes({})

    def test_include_against_the_arrows(self):
        self.finds(
            "intertie/base/bad.cpp:2: [include] base may not include env",
            {"intertie/base/bad.cpp": '\n#include "intertie/env/clock.h"\n'},
        )

    def test_tests_may_include_their_test_libraries(self):
        module = {"intertie/base/CMakeLists.txt": "intertie_module(base TEST_LIBRARIES intertie_env)\n"}
        include = '#include "intertie/env/clock.h"\n'
        self.passes({**module, "intertie/base/thing_test.cpp": include})
        self.passes({**module, "intertie/base/thing_fixture.h": "// A thing for tests.\n#pragma once\n" + include})
        self.finds("may not include env", {**module, "intertie/base/thing.cpp": include})

    def test_file_outside_every_folder(self):
        self.finds("belongs to no folder", {"intertie/lost/a.cpp": '#include "intertie/base/thing.h"\n'})

    def test_folder_without_a_module_is_part_of_the_one_above(self):
        self.passes({"intertie/base/cpu/a.cpp": '#include "intertie/base/thing.h"\n'})
        self.finds("base may not include env", {"intertie/base/cpu/a.cpp": '#include "intertie/env/clock.h"\n'})

    def test_own_header_without_its_path(self):
        self.finds('[include] "thing.h"', {"intertie/base/thing.cpp": '#include "thing.h"\n'})

    def test_arrows_in_a_circle(self):
        self.finds(
            "arrows in a circle: base -> env -> base",
            {
                "intertie/base/CMakeLists.txt": "intertie_module(base DEPENDS env)\n",
                "ARCHITECTURE.md": CLEAN["ARCHITECTURE.md"].replace("std", "env"),
            },
        )

    def test_depends_on_nothing_that_exists(self):
        self.finds("DEPENDS on bas, which is no folder", {"intertie/env/CMakeLists.txt": "intertie_module(env DEPENDS bas)\n"})

    def test_architecture_says_otherwise(self):
        self.finds(
            "ARCHITECTURE.md:2: [architecture] row env says 'base site'",
            {"ARCHITECTURE.md": CLEAN["ARCHITECTURE.md"].replace("world | base", "world | base site")},
        )

    def test_architecture_lacks_a_row(self):
        self.finds("no row for wire", {"intertie/wire/CMakeLists.txt": "intertie_module(wire DEPENDS base)\n"})

    def test_general_rows_are_upper_bounds(self):
        table = CLEAN["ARCHITECTURE.md"].replace("all but train/torch", "the stages above; never torch or env")
        self.finds("they differ in env", {"ARCHITECTURE.md": table})
        self.passes({"ARCHITECTURE.md": CLEAN["ARCHITECTURE.md"].replace("all but train/torch", "the stages above; never torch")})

    def test_libraries_outside_their_homes(self):
        for header in ("torch/torch.h", "ATen/ATen.h", "asio.hpp", "asio/ssl.hpp", "openssl/ssl.h", "sys/socket.h", "thread", "mutex"):
            self.finds(f"<{header}> belongs to", {"intertie/site/bad.cpp": f"#include <{header}>\n"})
        self.finds("<torch/torch.h> belongs to", {"tests/bad.cpp": "#include <torch/torch.h>\n"})

    def test_the_world_outside_env(self):
        for call in (
            "std::this_thread::yield();",
            "auto t = std::chrono::steady_clock::now();",
            "std::ifstream file(path);",
            "std::filesystem::remove(path);",
            "auto home = std::getenv(\"HOME\");",
            "std::random_device seed;",
            "usleep(3);",
        ):
            self.finds("outside intertie/env/", {"intertie/site/bad.cpp": f"void f() {{\n  {call}\n}}\n"})
        self.passes({"intertie/site/good.cpp": '// std::thread\nauto s = "usleep(3)"; auto n = clock.now();\n'})

    def test_files_in_tests_are_fine_but_waiting_is_not(self):
        self.passes({"intertie/site/a_test.cpp": "#include <fstream>\n#include <random>\nstd::ifstream file(path);\nstd::mt19937 r(1);\n"})
        self.finds("std::mt19937", {"intertie/site/a.cpp": "std::mt19937 random(1);\n"})
        self.finds("std::random_device", {"intertie/site/a_test.cpp": "std::random_device seed;\n"})
        self.finds("std::this_thread", {"intertie/site/a_test.cpp": "std::this_thread::sleep_for(x);\n"})

    def test_raw_ownership(self):
        self.finds("[ownership]", {"intertie/site/bad.cpp": "auto* x = new Thing();\n"})
        self.finds("[ownership]", {"intertie/site/bad.cpp": "void f() { delete x; }\n"})
        self.passes({"intertie/site/good.cpp": "Thing(const Thing&) = delete;  // a new Thing\n"})
        self.passes({"intertie/site/good.cpp": "std::unique_ptr<Log> log(new Log(1));\nreturn std::unique_ptr<Log>(new Log);\n"})

    def test_names_of_unnamed_namespaces(self):
        helper = "namespace {{\n\n{}\n\n}}  // namespace\n"
        for one, two in (
            ("bool is_good(int x) {\n  return x > 0;\n}", "Error is_good(\n    std::string text) {\n}"),
            ("constexpr int kMany = 3;", "const std::vector<int> kMany = {1};"),
            ("struct Piece {\n};", "using Piece = int;"),
        ):
            files = {"intertie/site/a.cpp": helper.format(one), "intertie/site/b.cpp": helper.format(two)}
            self.finds("intertie/site/b.cpp:3: [name]", files)
            self.passes({"intertie/site/a.cpp": helper.format(one), "intertie/site/a_test.cpp": helper.format(two)})
            self.passes({"intertie/site/a.cpp": helper.format(one), "intertie/env/b.cpp": helper.format(two)})
        self.passes({f"intertie/site/{name}_test.cpp": helper.format("TEST(A, B) {\n}") for name in "ab"})

    def test_lengths(self):
        self.finds("[file-length]", {"intertie/site/long.cpp": "\n" * 601})
        self.finds("[header-length]", {"intertie/site/long.h": HEADER + "\n" * 119})

    def test_headers_begin_with_their_contract(self):
        self.finds("begins without a comment", {"intertie/base/bad.h": "#pragma once\n"})
        self.finds("has no #pragma once", {"intertie/base/bad.h": "// A thing.\n"})

    def test_words(self):
        self.finds("[unfinished]", {"docs/a.md": "TO" "DO: write this\n"})
        self.finds("[unfinished]", {"dev": "# FIX" "ME\n"})
        self.finds("[conflict]", {"docs/a.md": "<<<<<" "<< HEAD\n"})
        self.finds("[index]", {"docs/a.md": "pip install --index" "-url x\n"})

    def test_hosts(self):
        self.finds("names the host packages.somewhere.net", {"docs/a.md": "from https:" "//packages.somewhere.net/x\n"})
        self.passes({"docs/a.md": "https://arxiv.org/abs/2311.08105 https://ashburn.example:7400 http://127.0.0.1:8000/\n"})

    def test_citations_of_the_protocol(self):
        page = {"docs/protocol.md": "1. First.\n2. Second.\n"}
        self.passes({**page, "intertie/site/a.cpp": "// docs/protocol.md rules 1, 2\n"})
        self.finds("docs/protocol.md has no rule 7", {**page, "intertie/site/a.cpp": "// (docs/protocol.md rules 1, 7)\n"})
        self.finds("'rule 9': whose?", {**page, "intertie/site/a.cpp": "// as rule 9 says\n"})

    def test_exceptions(self):
        self.passes({"intertie/site/long.cpp": "\n" * 601, "tools/lint/allow.txt": "file-length intertie/site/long.cpp generated\n"})
        self.finds("nothing needs the exception", {"tools/lint/allow.txt": "file-length intertie/site/long.cpp generated\n"})
        self.finds("rule path reason", {"tools/lint/allow.txt": "file-length intertie/site/long.cpp\n"})


if __name__ == "__main__":
    unittest.main()
