// Terminal: the terminal of standard output and input, drawn on as a whole. While it is held its alternate screen is shown, the
// cursor is hidden and keys come one by one; it is given back by the destructor, by Ctrl-Z (suspend()), and when this process
// dies of a signal that can be caught. In the background nothing is drawn. Nothing of it waits for a terminal that takes
// nothing (Ctrl-S) or is gone, but for leave(), for half a second.
//
//   if (const auto terminal = Terminal::open()) terminal->draw({"first line", "second line"});
//
// Owner thread: the one that opens it. One per process: a terminal is the process's, and so is what its signals restore.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intertie/env/real/text_output.h"

namespace intertie::env::real {

class Terminal {
 public:
  struct Size {
    int width = 80;
    int height = 24;
    friend bool operator==(const Size&, const Size&) = default;
  };
  struct Traits {
    bool colour = true;   // NO_COLOR is not set
    bool unicode = true;  // the locale is one of UTF-8
  };

  // Null: standard output is no terminal, or one that cannot be drawn on (TERM is dumb, or not set).
  static std::unique_ptr<Terminal> open();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Traits traits() const { return traits_; }
  Size size() const;  // now
  // Whose bytes are keys; -1: the terminal is not held, or standard input is none, or it is gone.
  int keys() const { return held_ ? keys_ : -1; }
  std::string read_keys();  // what there is now

  // Lines without line breaks, no wider than the terminal and no more than it has. Takes the terminal if it is not held.
  void draw(const std::vector<std::string>& lines);
  // Gives the terminal back, stops this process as Ctrl-Z does, and returns when it goes on.
  void suspend();
  // The process went on: what is on the terminal, and how it is set, is somebody else's.
  void went_on() { held_ = false; }
  // Gives the terminal back, one that was stopped (Ctrl-S) too, and leaves `lines` on it.
  void leave(const std::vector<std::string>& lines);

 private:
  Terminal(Traits traits, int keys);
  bool in_foreground() const;
  void take();
  void give_back();

  Traits traits_;
  int keys_;
  bool held_ = false;
  bool left_ = false;
  TextOutput out_;
};

}  // namespace intertie::env::real
