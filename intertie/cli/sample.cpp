// intertie sample: becomes the program that has the model. And the sample at the end of a run, by the same program.
#include "intertie/cli/commands.h"
#include "intertie/env/real/children.h"
#include "intertie/site/folders.h"
#include "intertie/site/output.h"

namespace intertie::cli {

Result<site::ExitCode> sample(env::Disk& disk, const site::SampleCommand& command) {
  INTERTIE_ASSIGN(const site::RunFile file, site::read_run_file(disk, command.run_file, command.overrides));
  if (!command.site.empty()) INTERTIE_RETURN_IF_ERROR(file.require_site(command.site));
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
void write_sample(const SampleRun& run, const site::LineScreen::Print& print, const site::LineScreen::Print& say) {
  site::SampleCommand command;
  command.run_file = run.options.run_file;
  command.overrides = run.options.overrides;
  site::LineScreen lines([&print, terminal = site::output_is_terminal()](
                             const std::string& line) { print(terminal ? site::printable(line) : line); },
                         say);
  say("a sample of the model:");
  std::vector<std::string> words = command.arguments();
  words.insert(words.begin(), run.program);
  // Not to be appended to, nor to be taken for what this model wrote.
  if (const auto removed = run.disk.remove_all(site::sample_file(run.file)); !removed) {
    return say("no sample: " + removed.error().message());
  }
  const site::LaunchedSite sampler{
      .name = "sample", .command = words, .log = site::sample_file(run.file), .again = {}, .writes_events = false};
  const auto outcome = site::run_sites({sampler}, {.disk = run.disk, .clock = run.clock, .screen = lines});
  if (!outcome) return say("no sample: " + outcome.error().message());
  if (!outcome->message.empty()) say("no sample: " + outcome->message);
}

}  // namespace intertie::cli
