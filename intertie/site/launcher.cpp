#include "intertie/site/launcher.h"

#include <memory>

#include "intertie/env/real/children.h"

namespace intertie::site {
namespace {

using env::real::ChildEnded;
using env::real::ChildEvent;
using env::real::ChildLine;
using env::real::Children;
using env::real::StopRequested;

std::vector<std::string> site_names_of(const std::vector<LaunchedSite>& sites) {
  std::vector<std::string> names;
  for (const LaunchedSite& site : sites) names.push_back(site.name);
  return names;
}

class Launcher {
 public:
  Launcher(const std::vector<LaunchedSite>& sites, const LauncherServices& services)
      : sites_(sites), services_(services), launch_(site_names_of(sites)) {}

  Result<Launch::Outcome> run() {
    for (const LaunchedSite& site : sites_) INTERTIE_RETURN_IF_ERROR(start(site));
    while (!launch_.all_ended()) {
      const ChildEvent event = children_.next(launch_.deadline());
      const env::TimePoint now = services_.clock.now();
      perform(launch_.time_passed(now));
      if (const auto* line = std::get_if<ChildLine>(&event)) take_line(*line);
      if (const auto* end = std::get_if<ChildEnded>(&event)) {
        perform(launch_.ended(end->child, {.exit_code = end->exit_code, .signal = end->signal}, now));
      }
      if (std::holds_alternative<StopRequested>(event)) perform(launch_.stop_requested(now));
    }
    return launch_.outcome();
  }

 private:
  Result<void> start(const LaunchedSite& site) {
    const std::size_t slash = site.log.rfind('/');
    if (slash != std::string::npos) INTERTIE_RETURN_IF_ERROR(services_.disk.make_folders(site.log.substr(0, slash)));
    INTERTIE_ASSIGN(logs_.emplace_back(), services_.disk.append_to(site.log));
    INTERTIE_RETURN_IF_ERROR(children_.start(site.command));
    return {};
  }

  void take_line(const ChildLine& line) {
    log(line.child, line.text);
    if (line.error_stream && line.text.starts_with(kErrorPrefix)) {
      launch_.failed_because(line.child, line.text.substr(std::string(kErrorPrefix).size()));
    } else {
      (line.error_stream ? services_.print_error : services_.print)(line.text);
    }
  }

  // A disk that fails ends the log, not the run.
  void log(std::size_t child, const std::string& text) {
    if (!logs_[child]) return;
    const std::string line = text + "\n";
    const Result<void> written = logs_[child]->append(std::as_bytes(std::span(line)));
    if (written) return;
    services_.print_error("no longer logged: " + written.error().message());
    logs_[child].reset();
  }

  void perform(const LaunchActions& actions) {
    for (const LaunchAction& action : actions) {
      if (const auto* send = std::get_if<SendSignal>(&action)) children_.signal(send->site, send->signal);
      if (const auto* say = std::get_if<Say>(&action)) services_.print_error(say->line);
    }
  }

  const std::vector<LaunchedSite>& sites_;
  const LauncherServices& services_;
  Launch launch_;
  Children children_;
  std::vector<std::unique_ptr<env::WritableFile>> logs_;
};

}  // namespace

Result<Launch::Outcome> run_sites(const std::vector<LaunchedSite>& sites, const LauncherServices& services) {
  return Launcher(sites, services).run();
}

}  // namespace intertie::site
