// Screen: standard output and error of `train --local`, while the sites run and after, and of `status`. Whoever does not read
// them holds up nobody, and what was not shown is counted, in standard output of --json by an event of no site. A standard
// output that cannot be written any more (a closed pipe, a full disk) ends what is shown, which standard error says, and not
// the run. Main thread; its destructor waits for what is still to be shown, for two seconds each at most.
#pragma once

#include <string>

#include "intertie/env/clock.h"
#include "intertie/env/real/text_output.h"

namespace intertie::cli {

class Screen {
 public:
  Screen(const env::Clock& clock, bool json);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  static bool errors_are_on_a_terminal();
  void print(std::string text);               // as it is
  void print_error(const std::string& line);  // without its line break
  // What was printed so far comes before what is printed from now on, whichever of the two it goes to.
  void settle();
  // Standard output cannot be written any more.
  bool is_lost() const { return told_fault_; }
  // That is no failure: whoever read it has gone, as `| head` does.
  bool has_no_reader() const { return out_.has_no_reader(); }

 private:
  std::string notice_event(std::uint64_t num_dropped) const;
  void tell_fault();

  const env::Clock& clock_;
  env::TimePoint start_;
  bool told_fault_ = false;
  env::real::TextOutput out_;
  env::real::TextOutput error_;
};

}  // namespace intertie::cli
