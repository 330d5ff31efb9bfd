#include "tests/integration/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "intertie/env/real/children.h"

namespace intertie::tests {
namespace {

namespace fs = std::filesystem;
using namespace env::real;

void answer(Children& children, const ChildLine& line, std::vector<Poke>& pokes) {
  if (pokes.empty() || line.text.find(pokes.front().when) == std::string::npos) return;
  children.signal(line.child, pokes.front().signal);
  pokes.erase(pokes.begin());
}

}  // namespace

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "intertie-XXXXXX").string();
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  const fs::path path = fs::path(path_) / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

std::string Folder::read(const std::string& name) const {
  std::stringstream text;
  text << std::ifstream(fs::path(path_) / name, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> Folder::files() const {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    files.push_back(fs::relative(entry.path(), path_).string() + (entry.is_directory() ? "/" : ""));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Ran::all() const {
  std::string text;
  for (const auto* part : {&lines, &errors}) {
    for (const std::string& line : *part) text += line + "\n";
  }
  return text;
}

Ran run(const std::string& folder, const std::vector<std::string>& command, const std::vector<Poke>& pokes, Duration limit) {
  std::vector<std::string> words = {"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder};
  words.insert(words.end(), command.begin(), command.end());
  Children children;
  Ran ran;
  if (const auto started = children.start(words); !started) {
    ADD_FAILURE() << started.error().message();
    return ran;
  }
  std::vector<Poke> left = pokes;
  const env::TimePoint deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const ChildEvent event = children.next(deadline);
    if (const auto* line = std::get_if<ChildLine>(&event)) {
      (line->error_stream ? ran.errors : ran.lines).push_back(line->text);
      answer(children, *line, left);
    } else if (const auto* end = std::get_if<ChildEnded>(&event)) {
      ran.exit_code = end->exit_code;
      ran.signal = end->signal;
      return ran;
    } else {
      ran.late = true;
      return ran;
    }
  }
}

Ran intertie(const std::string& folder, std::vector<std::string> arguments, const std::vector<Poke>& pokes) {
  arguments.insert(arguments.begin(), INTERTIE_PROGRAM);
  return run(folder, arguments, pokes);
}

}  // namespace intertie::tests
