// Program: the loop of `wan`. Frames come out of the sites' devices, go through the lines, and into the devices of the sites
// they are for; commands come in on standard input, each answered by a line. One thread, which is to be the only one of the
// process.
#pragma once

#include <poll.h>

#include <csignal>
#include <string>
#include <vector>

#include "tools/wan/commands.h"
#include "tools/wan/report.h"
#include "tools/wan/space.h"

namespace intertie::wan {

class Program {
 public:
  Program(Options options, std::vector<Space> spaces);

  // Until `quit`, the end of the input, or a signal that sets `ends`. Signals are let in only while it waits.
  void run(const volatile std::sig_atomic_t& ends);

 private:
  void wait(const sigset_t& let_in);
  void deliver();
  void take_from(std::size_t site, std::size_t path);
  void read_commands();
  void obey(const std::string& text);
  void begin_statistics();
  std::string statistics();

  Options options_;
  std::vector<Space> spaces_;
  Pool pool_;
  Lines lines_;
  Frame read_;  // into this
  Work work_;
  Time began_{};
  double cpu_before_ = 0;
  std::vector<pollfd> polled_;  // the sites' devices, path by path within a site, and standard input
  std::string typed_;
  bool quits_ = false;
};

// Frames are to leave when they are due, also on a machine whose cores are all busy. Says what it cannot have.
void be_punctual();

}  // namespace intertie::wan
