// intertie docs, intertie version.
#include "intertie/base/version.h"
#include "intertie/cli/commands.h"
#include "intertie/site/run_file_keys.h"
#include "intertie/status/event_table.h"

namespace intertie::cli {

Result<site::ExitCode> docs(const DocsOptions& options) {
  if (options.page == "run-file") print(site::run_file_page());
  if (options.page == "events") print(status::events_page());
  if (options.page == "exit-codes") print(site::exit_codes_page());
  return site::ExitCode::done;
}

Result<site::ExitCode> version() {
  print(std::string("intertie ") + kVersion + "\n");
  return site::ExitCode::done;
}

}  // namespace intertie::cli
