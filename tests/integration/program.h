// Running programs for tests: in a folder of their own, with their output as lines. One thread.
#pragma once

#include <string>
#include <vector>

#include "intertie/base/json.h"
#include "intertie/base/units.h"

namespace intertie::tests {

// Exit codes (docs/exit-codes.md).
constexpr int kFailed = 1;
constexpr int kInput = 2;
constexpr int kUnreachable = 4;

// A new folder below the system's temporary one; removed with everything in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& text) const;  // returns the path
  std::string read(const std::string& name) const;                            // empty if it is not there
  std::vector<std::string> files() const;                                     // relative paths, sorted; folders end in '/'

 private:
  std::string path_;
};

// A text to train on: "word 0", "word 1", ..., a line each.
std::string numbered_words(int count);

struct Ran {
  std::vector<std::string> lines;   // standard output
  std::vector<std::string> errors;  // standard error
  int exit_code = 0;
  int signal = 0;           // it died of
  bool late = false;        // it was killed at the time limit
  std::string all() const;  // everything it wrote
};

struct Poke {
  std::string when;  // a line of its output that contains this
  int signal = 0;    // is answered with this signal, once
};

// Runs `command` (a shell would find command[0]) with `folder` as its working folder.
Ran run(const std::string& folder, const std::vector<std::string>& command, const std::vector<Poke>& pokes = {},
        Duration limit = std::chrono::seconds(60));

// Runs programs side by side until all have ended, each in a folder of its own.
struct Start {
  std::string folder;
  std::vector<std::string> command;
};
std::vector<Ran> run_together(const std::vector<Start>& starts, Duration limit = std::chrono::seconds(60));

// The events of a log, or of what --json prints; a line that is none fails the test.
std::vector<Json> events_in(const std::string& lines);

// The program `intertie` that was built.
Ran intertie(const std::string& folder, std::vector<std::string> arguments, const std::vector<Poke>& pokes = {});

}  // namespace intertie::tests
