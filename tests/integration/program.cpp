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

std::vector<std::string> words_of(const Start& start) {
  std::vector<std::string> words = {"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", start.folder};
  words.insert(words.end(), start.command.begin(), start.command.end());
  return words;
}

std::vector<Ran> run_all(const std::vector<Start>& starts, std::vector<Poke> pokes, Duration limit) {
  Children children;
  std::vector<Ran> ran(starts.size());
  for (const Start& start : starts) {
    const auto started = children.start(words_of(start));
    if (!started) {
      ADD_FAILURE() << started.error().message();
      return ran;
    }
  }
  const env::TimePoint deadline = std::chrono::steady_clock::now() + limit;
  for (std::size_t left = starts.size(); left > 0;) {
    const ChildEvent event = children.next(deadline);
    if (const auto* line = std::get_if<ChildLine>(&event)) {
      (line->error_stream ? ran[line->child].errors : ran[line->child].lines).push_back(line->text);
      answer(children, *line, pokes);
    } else if (const auto* end = std::get_if<ChildEnded>(&event)) {
      ran[end->child].exit_code = end->exit_code;
      ran[end->child].signal = end->signal;
      --left;
    } else {
      for (Ran& each : ran) each.late = true;
      return ran;
    }
  }
  return ran;
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

std::string numbered_words(int count) {
  std::string words;
  for (int i = 0; i < count; ++i) words += "word " + std::to_string(i) + "\n";
  return words;
}

std::string Ran::all() const {
  std::string text;
  for (const auto* part : {&lines, &errors}) {
    for (const std::string& line : *part) text += line + "\n";
  }
  return text;
}

Ran run(const std::string& folder, const std::vector<std::string>& command, const std::vector<Poke>& pokes, Duration limit) {
  return run_all({{folder, command}}, pokes, limit).front();
}

std::vector<Ran> run_together(const std::vector<Start>& starts, Duration limit) { return run_all(starts, {}, limit); }

std::vector<Json> events_in(const std::string& lines) {
  std::vector<Json> events;
  std::istringstream log(lines);
  for (std::string line; std::getline(log, line);) {
    const auto event = parse_json(line);
    EXPECT_TRUE(event && event->is_object()) << line;
    if (event) events.push_back(*event);
  }
  return events;
}

Ran intertie(const std::string& folder, std::vector<std::string> arguments, const std::vector<Poke>& pokes) {
  arguments.insert(arguments.begin(), INTERTIE_PROGRAM);
  return run(folder, arguments, pokes);
}

}  // namespace intertie::tests
