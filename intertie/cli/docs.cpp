// intertie docs, intertie version.
#include "intertie/base/version.h"
#include "intertie/cli/commands.h"
#include "intertie/site/output.h"
#include "intertie/site/run_file_keys.h"
#include "intertie/status/event_table.h"

namespace intertie::cli {

Result<site::ExitCode> docs(const DocsOptions& options) {
  std::string page;
  if (options.page == "commands") page = commands_page();
  if (options.page == "run-file") page = site::run_file_page();
  if (options.page == "events") page = status::events_page();
  if (options.page == "exit-codes") page = site::exit_codes_page();
  INTERTIE_RETURN_IF_ERROR(site::write_output(page));
  return site::ExitCode::done;
}

Result<site::ExitCode> version() {
  INTERTIE_RETURN_IF_ERROR(site::write_output(std::string("intertie ") + kVersion + "\n"));
  return site::ExitCode::done;
}

}  // namespace intertie::cli
