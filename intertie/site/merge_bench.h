// The program of `intertie bench merge` at one site: merges of made-up contributions (trial/merge_trial.h) over real links,
// with the run file's sites, certificates and [sync] settings, and what they cost. Main's thread, until it is over.
#pragma once

#include <string>
#include <vector>

#include "intertie/base/units.h"
#include "intertie/site/exit_code.h"

namespace intertie::site {

struct MergeBenchCommand {
  std::string run_file;
  std::vector<std::string> overrides;
  std::string site;
  Bytes size{std::uint64_t{64} << 20};  // of a contribution in f32
  std::uint32_t num_merges = 10;        // that count
  std::uint32_t num_warm_ups = 3;
  Duration every{0};
  Duration silence{0};
  bool probe = false;  // the links first; then merges follow the best schedule over what was found, and links are paced
  bool json = false;
};

// Progress goes to standard error; the figures, as a table or as one JSON object, to standard output.
Result<ExitCode> run_merge_bench(const MergeBenchCommand& command);

}  // namespace intertie::site
