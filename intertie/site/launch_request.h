// What a person at the keys, or a script, asks of the launcher of a local run. Values; any thread.
#pragma once

#include <cstddef>

namespace intertie::site {

struct LaunchRequest {
  enum class Kind {
    cut,      // the link between `site` and `other`: silently, both directions
    mend,     // that link
    kill,     // the process of `site`, at once
    restore,  // starts `site` again, which goes on with --resume
    leave,    // asks `site` to leave, after which it can be restored; the first site stops the run
    stop,     // the run, at its next checkpoint
  };
  Kind kind = Kind::stop;
  std::size_t site = 0;  // in site order
  std::size_t other = 0;
  friend bool operator==(const LaunchRequest&, const LaunchRequest&) = default;
};

}  // namespace intertie::site
