// Whether the devices that a run file names are there. Only the program that trains can see them, so it is asked.
#include <set>

#include "intertie/cli/commands.h"
#include "intertie/env/real/children.h"
#include "intertie/env/real/real_loop.h"
#include "intertie/site/launcher.h"

namespace intertie::cli {
namespace {

using env::real::ChildEnded;
using env::real::ChildLine;
using env::real::StopRequested;

Result<void> ask(const std::string& program, const std::string& device, const std::string& where) {
  env::real::Children children;
  INTERTIE_RETURN_IF_ERROR(children.start({program, "device", device}));
  const env::real::RealLoop clock;
  std::string message = "the program that trains ended when it was asked for the device \"" + device + "\"";
  const std::string prefix = site::kErrorPrefix;
  while (true) {
    const env::real::ChildEvent event = children.next(clock.now() + std::chrono::minutes(1));
    if (const auto* line = std::get_if<ChildLine>(&event); line && line->text.starts_with(prefix)) {
      message = line->text.substr(prefix.size());
    }
    if (std::holds_alternative<StopRequested>(event)) {
      return Error{
          .code = ErrorCode::cancelled, .where = where, .what = "stopped before it began", .fix = {}, .cause = nullptr};
    }
    const auto* end = std::get_if<ChildEnded>(&event);
    if (!end) continue;
    if (end->signal == 0 && end->exit_code == 0) return {};
    return Error{.code = ErrorCode::reconfigure, .where = where, .what = message, .fix = {}, .cause = nullptr};
  }
}

}  // namespace

Result<void> check_devices(const site::RunFile& file, const std::string& program, const std::string& only) {
  std::set<std::string> devices;
  for (const site::SiteSettings& site : file.sites) {
    if (!only.empty() && site.name != only) continue;
    devices.insert(site.device.empty() ? file.train.device : site.device);
  }
  devices.erase("cpu");
  if (file.model.kind == "toy") return {};
  for (const std::string& device : devices) INTERTIE_RETURN_IF_ERROR(ask(program, device, file.path));
  return {};
}

}  // namespace intertie::cli
