// TextOutput: lines on standard output or standard error, written by a thread of its own. A terminal that is held (Ctrl-S) or
// a pipe that nobody reads never holds up the caller: what it does not take waits in a queue. When the queue is full, lines of
// progress are dropped, the oldest first, then others, the oldest first; `notice` says how many, once lines flow again.
//
//   TextOutput out(STDOUT_FILENO, {.notice = [](std::uint64_t count) { return fmt::format("{} lines are missing\n", count);
//   }}); out.write("step 12/2000\n", TextOutput::Importance::progress);
//
// Owner thread: the one that makes it. Its destructor is patient with what is still queued, then ends without it; the
// descriptor has to stay open (it is not closed here). The thread takes no signals but SIGPIPE.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "intertie/base/units.h"

namespace intertie::env::real {

class TextOutput {
 public:
  enum class Importance { usual, progress };
  struct Options {
    // Of what was dropped, a whole line; called by write(). Without one nothing is said.
    std::function<std::string(std::uint64_t num_dropped)> notice = {};
    Bytes capacity{256 * 1024};  // of the queue; a longer line alone is taken all the same
    Duration patience = std::chrono::seconds(2);
  };

  TextOutput(int descriptor, Options options);
  ~TextOutput();
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  // The system's words for why the output takes nothing any more ("Broken pipe"), and what is written is dropped; else empty.
  std::string fault() const;
  // That is why: the pipe has no reader any more.
  bool has_no_reader() const;
  // `text` is a line with its line break, or several. Never waits for the output.
  void write(std::string text, Importance importance = Importance::usual);
  // Waits until all is written, at most as long as `patience`; not again where nothing was taken since it was in vain. False:
  // the output is held.
  bool finish();

 private:
  struct Queue;
  static void write_until_closed(int descriptor, const std::shared_ptr<Queue>& queue);

  Options options_;
  std::shared_ptr<Queue> queue_;          // the thread's, too, which is left behind where its write() does not return
  std::optional<std::uint64_t> held_at_;  // num_taken of the queue when finish() was in vain
  std::thread thread_;
};

}  // namespace intertie::env::real
