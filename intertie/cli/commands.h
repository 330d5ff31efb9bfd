// The commands of `intertie`, one file each. Each prints what a person (or, with --json, a program) asked for to standard
// output, and returns an error, which main prints as one line, or the exit code. Main's thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "intertie/cli/arguments.h"
#include "intertie/env/disk.h"
#include "intertie/site/exit_code.h"
#include "intertie/site/launcher.h"
#include "intertie/site/run_file.h"

namespace intertie::cli {

Result<site::ExitCode> train(env::Disk& disk, const TrainOptions& options);
Result<site::ExitCode> check(env::Disk& disk, const CheckOptions& options);
Result<site::ExitCode> ca(env::Disk& disk, const CaOptions& options);
Result<site::ExitCode> sample(env::Disk& disk, const site::SampleCommand& command);
Result<site::ExitCode> status(env::Disk& disk, const StatusOptions& options);
Result<site::ExitCode> stop(env::Disk& disk, const StopOptions& options);
Result<site::ExitCode> leave(env::Disk& disk, const LeaveOptions& options);
Result<site::ExitCode> report(env::Disk& disk, const ReportOptions& options);
Result<site::ExitCode> shard(env::Disk& disk, const ShardOptions& options);
Result<site::ExitCode> docs(const DocsOptions& options);
Result<site::ExitCode> version();

std::string commands_page();  // docs/commands.md

// What several commands do.

Result<site::RunFile> load(env::Disk& disk, const RunOptions& options);
// What `check` and `ca` end with where a certificate that is there cannot work; they have said what is wrong and what to do.
Error unusable_certificates(const site::RunFile& file);
// What there is of certificates will be accepted, and the authority of none is gone. Writes nothing.
Result<void> check_certificates(env::Disk& disk, const site::RunFile& file, std::chrono::system_clock::time_point now);
// Certificates of all sites and visitors that have none; says on standard error what was made.
Result<void> make_missing_certificates(env::Disk& disk, const site::RunFile& file);
// The program that a site of this run is a process of: this one for the toy problem, else intertie-trainer beside it.
Result<std::string> site_program(env::Disk& disk, const site::RunFile& file);
// The devices of site `only`, or of all where it is empty, are there: `program` is asked, unless they are the CPU.
Result<void> check_devices(const site::RunFile& file, const std::string& program, const std::string& only);
// The table of the run's logs as they are; empty if there are none.
std::string run_summary(env::Disk& disk, const site::RunFile& file);
// Writes the report into the run's folder, and says where, or why not: a run is no worse for it. Does nothing before there is
// a log.
void leave_report(env::Disk& disk, const site::RunFile& file, const std::function<void(const std::string& line)>& print_error);
struct SampleRun {
  env::Disk& disk;
  const env::Clock& clock;
  const site::RunFile& file;
  const RunOptions& options;
  const std::string& program;  // that has the model
};
// Has the newest checkpoint's model write a few lines: printed, and into the run's sample.txt.
void write_sample(const SampleRun& run, const site::LineScreen::Print& print, const site::LineScreen::Print& say);
void print_error(const std::string& text);  // a line to standard error

}  // namespace intertie::cli
