// InputLines: the lines that come in over a descriptor (a pipe, a socket), as calls on the loop. Its end ends them quietly.
// Owner thread: the loop, or before it runs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "intertie/env/real/real_loop.h"

namespace intertie::env::real {

class InputLines {
 public:
  static constexpr std::size_t kMaxLine = 4096;

  // `received` is called with each line, without its line break; a longer one comes in parts of kMaxLine. The descriptor stays
  // the caller's.
  InputLines(RealLoop& loop, int descriptor, std::function<void(const std::string&)> received);
  ~InputLines();
  InputLines(const InputLines&) = delete;
  InputLines& operator=(const InputLines&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace intertie::env::real
