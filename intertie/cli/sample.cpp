// intertie sample: becomes the program that has the model. And the sample at the end of a run, by the same program.
#include "intertie/cli/commands.h"
#include "intertie/env/real/children.h"
#include "intertie/site/folders.h"
#include "intertie/site/output.h"

namespace intertie::cli {

Result<site::ExitCode> sample(env::Disk& disk, const site::SampleCommand& command) {
  INTERTIE_ASSIGN(const site::RunFile file, site::read_run_file(disk, command.run_file, command.overrides));
  if (!command.site.empty()) INTERTIE_RETURN_IF_ERROR(require_site(file, command.site));
  if (file.model.kind == "toy") {
    return Error{.code = ErrorCode::reconfigure,
                 .where = file.path,
                 .what = "the toy problem writes no text",
                 .fix = {},
                 .cause = nullptr};
  }
  INTERTIE_ASSIGN(const std::string program, site_program(disk, file));
  std::vector<std::string> words = command.arguments();
  words.insert(words.begin(), program);
  return env::real::become(words);
}

// That it fails to come is no failure of the run.
void write_sample(const site::RunFile& file, const RunOptions& options, const std::string& program,
                  site::LauncherServices services) {
  site::SampleCommand command;
  command.run_file = options.run_file;
  command.overrides = options.overrides;
  if (site::output_is_terminal()) {
    services.print = [show = services.print](const std::string& line) { show(site::printable(line)); };
  }
  services.print_error("a sample of the model:");
  std::vector<std::string> words = command.arguments();
  words.insert(words.begin(), program);
  // Not to be appended to, nor to be taken for what this model wrote.
  if (const auto removed = services.disk.remove_all(site::sample_file(file)); !removed) {
    return services.print_error("no sample: " + removed.error().message());
  }
  const auto outcome = site::run_sites({{"sample", words, site::sample_file(file)}}, services);
  if (!outcome) return services.print_error("no sample: " + outcome.error().message());
  if (!outcome->message.empty()) services.print_error("no sample: " + outcome->message);
}

}  // namespace intertie::cli
