// SiteOutput: what a site shows on its standard output while it runs: lines for a person, or each event as a line of JSON.
// Nothing of it waits for whoever reads (env/real/text_output.h). Thread: the loop; its destructor, where it was made.
#pragma once

#include <string>

#include "intertie/env/real/text_output.h"
#include "intertie/status/console.h"
#include "intertie/status/recorder.h"

namespace intertie::site {

class SiteOutput final : public status::Consumer {
 public:
  struct Options {
    bool json = false;
    std::string log;  // that has every event: said where some were not shown
  };
  SiteOutput(int descriptor, Options options);
  void consume(const status::Record& record) override;

 private:
  std::string notice(std::uint64_t num_dropped) const;
  void show(std::string line);

  Options options_;
  status::Record latest_;
  env::real::TextOutput out_;
  status::Console console_;
};

// What stands in the place of `num_dropped` lines that were not shown.
std::string not_shown(std::uint64_t num_dropped, const std::string& instead);

}  // namespace intertie::site
