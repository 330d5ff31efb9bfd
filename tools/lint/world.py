"""Who may touch the world: torch, sockets and TLS, threads, clocks, files and chance each have one folder that does."""

import re

from arrows import includes
from tree import Finding

# include prefix -> the folders whose files may have it
LIBRARY_HOMES = {
    ("torch/", "ATen/", "c10/", "caffe2/"): ("intertie/train/torch/",),
    ("asio", "openssl/"): ("intertie/env/real/",),
    ("sys/socket.h", "netinet/", "arpa/", "sys/epoll.h", "poll.h", "netdb.h"): ("intertie/env/",),
    ("thread", "mutex", "condition_variable", "future", "pthread.h", "shared_mutex"): ("intertie/env/",),
    ("fstream", "filesystem", "fcntl.h", "sys/mman.h", "sys/stat.h"): ("intertie/env/",),
    ("random", "ctime", "time.h", "sys/time.h"): ("intertie/env/",),
}

CALLS = re.compile(
    r"(?<![\w.>])(std::(?:this_thread|thread|jthread|async|mutex|condition_variable|random_device|mt19937(?:_64)?)\b"
    r"|std::(?:filesystem|[io]?fstream)\b"
    r"|(?:std::chrono::)?(?:steady|system|high_resolution)_clock::now"
    r"|(?:std::|::)?(?:usleep|nanosleep|getenv|setenv|fopen|mmap|gettimeofday|clock_gettime|pthread_\w+)\s*\("
    r"|std::(?:time|rand|srand)\s*\()"
)
# What tests may use besides: temporary files, and engines that give the same numbers from the same seed everywhere.
TEST_HEADERS = ("fstream", "filesystem", "random")
TEST_CALLS = ("std::filesystem", "std::fstream", "std::ifstream", "std::ofstream", "std::mt19937", "std::mt19937_64")
CALLS_HOME = "intertie/env/"


def check_world(tree):
    for path in tree.sources:
        if path.startswith("intertie/"):
            yield from check_libraries(tree, path)
            yield from check_calls(tree, path)
        else:
            yield from check_torch(tree, path)


def check_libraries(tree, path):
    for line, quote, what in includes(tree, path):
        for prefixes, homes in LIBRARY_HOMES.items():
            if quote == "<" and any(matches(what, prefix) for prefix in prefixes) and not path.startswith(homes):
                if path.endswith("_test.cpp") and what in TEST_HEADERS:
                    continue
                yield Finding("world", path, line, f"<{what}> belongs to {' '.join(homes)} only")


def check_torch(tree, path):
    """Programs outside intertie/ (tests, benches, fuzz targets) are held to the torch rule alone."""
    for line, quote, what in includes(tree, path):
        if quote == "<" and what.startswith(("torch/", "ATen/", "c10/", "caffe2/")):
            yield Finding("world", path, line, f"<{what}> belongs to intertie/train/torch/ only")


def matches(what, prefix):
    """`asio` is <asio.hpp> and <asio/...>, `thread` is <thread> and nothing longer."""
    return what == prefix or (prefix.endswith("/") and what.startswith(prefix)) or re.match(prefix + r"(\.hpp|/)", what)


OWNERSHIP = re.compile(r"\bnew\s+[A-Za-z_:]|\bnew\s*\(|(?<!= )\bdelete\b(\[\])?\s+[A-Za-z_]")


def code_of(line):
    """A line without its string literals and its comment."""
    return re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])


def check_ownership(tree):
    """unique_ptr or a plain member owns. A factory may hand a private constructor's `new` straight to its smart pointer."""
    for path in tree.sources:
        if path.endswith("_test.cpp"):
            continue
        for number, line in tree.lines(path):
            match = OWNERSHIP.search(re.sub(r"_ptr<.*>( \w+)?\(new\b", "", code_of(line)))
            if match:
                yield Finding("ownership", path, number, f"'{match.group(0)}': std::make_unique or a plain member owns")


def check_calls(tree, path):
    if path.startswith(CALLS_HOME):
        return
    for number, line in tree.lines(path):
        for match in CALLS.finditer(code_of(line)):
            if path.endswith("_test.cpp") and match.group(1) in TEST_CALLS:
                continue
            call = match.group(1).rstrip("( ")
            yield Finding("world", path, number, f"{call} outside {CALLS_HOME}: go through env's interfaces")
