// intertie sample: becomes the program that has the model.
#include "intertie/cli/commands.h"
#include "intertie/env/real/children.h"

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

}  // namespace intertie::cli
