// Entry of the program `intertie`: one file per command beside this one.
#include "intertie/cli/commands.h"
#include "intertie/env/real/posix_disk.h"
#include "intertie/site/output.h"
#include "intertie/site/site_process.h"

namespace {

using namespace intertie;
using site::ExitCode;

struct Perform {
  env::Disk& disk;
  Result<ExitCode> operator()(const cli::TrainOptions& options) const { return cli::train(disk, options); }
  Result<ExitCode> operator()(const cli::CheckOptions& options) const { return cli::check(disk, options); }
  Result<ExitCode> operator()(const cli::CaOptions& options) const { return cli::ca(disk, options); }
  Result<ExitCode> operator()(const site::SampleCommand& command) const { return cli::sample(disk, command); }
  Result<ExitCode> operator()(const cli::StatusOptions& options) const { return cli::status(disk, options); }
  Result<ExitCode> operator()(const cli::StopOptions& options) const { return cli::stop(disk, options); }
  Result<ExitCode> operator()(const cli::LeaveOptions& options) const { return cli::leave(disk, options); }
  Result<ExitCode> operator()(const cli::ReportOptions& options) const { return cli::report(disk, options); }
  Result<ExitCode> operator()(const cli::ShardOptions& options) const { return cli::shard(disk, options); }
  Result<ExitCode> operator()(const site::SiteCommand& command) const { return site::run_site(command, site::make_toy_only); }
  Result<ExitCode> operator()(const site::MergeBenchCommand& command) const { return site::run_merge_bench(command); }
  Result<ExitCode> operator()(const cli::DocsOptions& options) const { return cli::docs(options); }
  Result<ExitCode> operator()(const cli::VersionOptions&) const { return cli::version(); }
  Result<ExitCode> operator()(const cli::Text& text) const {
    INTERTIE_RETURN_IF_ERROR(site::write_output(text.text));
    return ExitCode::done;
  }
};

Result<ExitCode> run(int argc, char** argv) {
  INTERTIE_ASSIGN(const cli::Arguments arguments, cli::parse_arguments({argv + 1, argv + argc}));
  env::real::PosixDisk disk;
  return std::visit(Perform{disk}, arguments);
}

}  // namespace

int main(int argc, char** argv) {
  const Result<ExitCode> code = run(argc, argv);
  if (code) return static_cast<int>(*code);
  cli::print_error("error: " + code.error().message());
  return static_cast<int>(site::exit_code_of(code.error()));
}
