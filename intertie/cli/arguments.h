// The command line of `intertie`, as values. Uses CLI11 (the only file that does); errors are one line with the nearest valid
// name. Pure; main's thread.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/site/merge_bench.h"
#include "intertie/site/programs.h"

namespace intertie::cli {

// What most commands begin with.
struct RunOptions {
  std::string run_file;
  std::vector<std::string> overrides;  // --set, in order
  std::vector<std::string> data;       // --data
  bool json = false;
};

struct TrainOptions {
  RunOptions run;
  bool local = false;
  std::string site;
  bool resume = false;
  bool fresh = false;
  bool dry_run = false;
  std::string script;  // a file; of --local
  std::string die_at;  // VERSION:PLACE; of --site
  bool plain = false;  // lines on a terminal, too
};
struct CheckOptions {
  RunOptions run;
  std::string site;  // whose certificate is looked at; empty: all
  bool schedule = false;
};
struct CaOptions {
  RunOptions run;
  std::string site;    // empty: all
  std::string revoke;  // whose certificate; empty: nobody's
  bool no_new = false;
  bool renew = false;
  bool dry_run = false;
};
// Of a run that goes on elsewhere.
struct StatusOptions {
  RunOptions run;
  std::string at;  // an address; empty: those of all sites
  bool once = false;
  bool plain = false;
};
struct StopOptions {
  RunOptions run;
  std::string at;
  std::string reason;
};
struct LeaveOptions {
  RunOptions run;
  std::string site;
  std::string at;
  std::string reason;
};
struct ReportOptions {
  RunOptions run;
  std::string out;  // empty: into the run's folder
  bool sample = false;
};
struct ShardOptions {
  RunOptions run;
  std::string out;
};
struct BenchOptions {
  std::string kind;
  std::string size = "64 MiB", every = "0 s", silence = "0 s";
  site::MergeBenchCommand merge;
};
struct DocsOptions {
  std::string page;
};
struct VersionOptions {};
struct Text {
  std::string text;  // help that was asked for
};
using Arguments =
    std::variant<TrainOptions, CheckOptions, CaOptions, StatusOptions, StopOptions, LeaveOptions, site::SampleCommand,
                 site::SiteCommand, ReportOptions, ShardOptions, site::MergeBenchCommand, DocsOptions, VersionOptions, Text>;

// Without the program's name.
Result<Arguments> parse_arguments(std::vector<std::string> words);

// What --help says of the commands, for docs/commands.md.
struct OptionHelp {
  std::string name;  // "--site NAME"
  std::string fallback;
  std::string meaning;
};
struct CommandHelp {
  std::string name;
  std::string meaning;
  std::vector<OptionHelp> options;
};
std::vector<CommandHelp> command_help();

}  // namespace intertie::cli
