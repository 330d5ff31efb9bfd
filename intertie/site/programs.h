// The command lines between our own programs: what `intertie` passes to a site process and to the sampler. Written and read
// here only, so that both sides agree. Values; pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/env/network.h"

namespace intertie::site {

// intertie-trainer site RUN.toml --site NAME ...; the same with `intertie` for the toy problem.
struct SiteCommand {
  std::string run_file;
  std::string site;
  std::vector<std::string> overrides;   // --set, in order
  std::vector<std::string> data;        // --data
  std::vector<env::Address> addresses;  // of all sites in site order; empty: those of the run file
  std::string certificates;             // folder; empty: RUN FOLDER/certificates
  bool local = false;                   // all sites are on this machine: links are emulated, cores are divided
  bool resume = false;
  bool fresh = false;
  bool json = false;             // events as JSON lines on standard output instead of text
  bool control = false;          // reads lines from its standard input (site/control.h)
  std::vector<std::string> cut;  // the sites to which its links are cut from the start
  std::string die_at;            // VERSION:PLACE (sync/planned_death.h)
  Duration progress_every{0};    // between events of progress; 0: as usual

  std::vector<std::string> arguments() const;
};

// intertie-trainer sample RUN.toml ...
struct SampleCommand {
  std::string run_file;
  std::vector<std::string> overrides;
  std::string site;  // whose checkpoint; empty: the first
  std::string prompt;
  int tokens = 200;
  double temperature = 0.8;
  int top_k = 0;  // 0: all
  std::uint64_t seed = 1;

  std::vector<std::string> arguments() const;
};

// `arguments` without the program's name and the first word ("site" or "sample").
Result<SiteCommand> parse_site_command(const std::vector<std::string>& arguments);
Result<SampleCommand> parse_sample_command(const std::vector<std::string>& arguments);

}  // namespace intertie::site
