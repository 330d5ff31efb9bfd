#include "intertie/site/launcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "intertie/env/real/children.h"
#include "intertie/status/console.h"
#include "intertie/status/event_table.h"
#include "intertie/status/json_log.h"

namespace intertie::site {
namespace {

using env::real::ChildEnded;
using env::real::ChildEvent;
using env::real::ChildId;
using env::real::ChildInput;
using env::real::ChildLine;
using env::real::Children;
using env::real::InputReady;
using env::real::StopRequested;
using env::real::TerminalSignal;
using env::real::TerminalSignals;

std::vector<std::string> site_names_of(const std::vector<LaunchedSite>& sites) {
  std::vector<std::string> names;
  for (const LaunchedSite& site : sites) names.push_back(site.name);
  return names;
}

// Events that only a site has that trains together with the others.
bool shows_that_it_began(const Event& event) {
  static const std::set<std::string_view> names = {"view.entered", "progress", "evaluation", "merge.committed"};
  return names.count(event.name) != 0;
}

class Launcher {
 public:
  Launcher(const std::vector<LaunchedSite>& sites, const LauncherServices& services)
      : sites_(sites),
        services_(services),
        screen_(services.screen),
        script_(services.script),
        start_(services.clock.now()),
        launch_(site_names_of(sites)),
        children_(screen_.is_terminal() ? TerminalSignals::as_events : TerminalSignals::as_usual),
        running_(sites.size()),
        logs_(sites.size()),
        consoles_(sites.size()) {}

  Result<Launch::Outcome> run() {
    for (std::size_t site = 0; site < sites_.size(); ++site) {
      INTERTIE_RETURN_IF_ERROR(open_log(site));
      INTERTIE_RETURN_IF_ERROR(start(site, sites_[site].command));
    }
    screen_.look_at(launch_);
    while (!launch_.all_ended()) {
      children_.watch(screen_.keys());
      take(children_.next(deadline()));
      perform_script();
      if (screen_.deadline() <= now()) screen_.draw();
    }
    if (script_.next()) screen_.say(fmt::format("the run ended before {}", script_.next()->text));
    return launch_.outcome();
  }

 private:
  env::TimePoint now() const { return services_.clock.now(); }

  env::TimePoint deadline() const {
    const auto script = script_.wakes_at();
    const env::TimePoint wakes_at = script ? start_ + *script : env::TimePoint::max();
    return std::min({launch_.deadline(), wakes_at, screen_.deadline()});
  }

  Result<void> open_log(std::size_t site) {
    const std::string& path = sites_[site].log;
    const std::size_t slash = path.rfind('/');
    if (slash != std::string::npos) INTERTIE_RETURN_IF_ERROR(services_.disk.make_folders(path.substr(0, slash)));
    INTERTIE_ASSIGN(logs_[site], services_.disk.append_to(path));
    return {};
  }

  Result<void> start(std::size_t site, const std::vector<std::string>& command) {
    const bool told = !sites_[site].again.empty();
    INTERTIE_ASSIGN(running_[site], children_.start(command, told ? ChildInput::told_lines : ChildInput::nothing));
    site_of_.push_back(site);
    return {};
  }

  void take(const ChildEvent& event) {
    perform(launch_.time_passed(now()));
    if (const auto* line = std::get_if<ChildLine>(&event)) take_line(*line);
    if (const auto* end = std::get_if<ChildEnded>(&event)) {
      perform(launch_.ended(site_of_[end->child], {.exit_code = end->exit_code, .signal = end->signal}, now()));
      screen_.look_at(launch_);
    }
    if (std::holds_alternative<StopRequested>(event)) perform(launch_.stop_requested(now()));
    if (const auto* signal = std::get_if<TerminalSignal>(&event)) screen_.signalled(signal->signal);
    if (std::holds_alternative<InputReady>(event)) {
      for (const LaunchRequest& request : screen_.requests()) perform(launch_.requested(request, now()));
    }
  }

  void take_line(const ChildLine& came) {
    const std::size_t site = site_of_[came.child];
    if (came.error_stream && came.text.starts_with(kErrorPrefix)) {
      log(site, came.text);
      return launch_.failed_because(site, came.text.substr(std::string(kErrorPrefix).size()));
    }
    SiteLine line{.text = came.text, .shown = came.text, .error_stream = came.error_stream, .record = {}};
    if (!came.error_stream && sites_[site].writes_events) line.record = status::read_json_line(came.text);
    if (line.record) take_event(site, line);
    if (!line.shown.empty() || !line.record) log(site, line.shown);
    screen_.show(site, line);
  }

  void take_event(std::size_t site, SiteLine& line) {
    const Event& event = line.record->event;
    if (shows_that_it_began(event)) launch_.begun();
    if (event.name == "site.leaving") launch_.leaving(site);
    if (event.name == "merge.committed") {
      version_ =
          std::max(version_, static_cast<std::uint64_t>(std::max<std::int64_t>(0, status::integer_of(event, "version"))));
    }
    if (!services_.json) line.shown = consoles_[site].line(*line.record);
    line.record->since_start = now() - start_;
  }

  // A disk that fails ends the log, not the run.
  void log(std::size_t site, const std::string& text) {
    if (!logs_[site]) return;
    const std::string line = text + "\n";
    const Result<void> written = logs_[site]->append(std::as_bytes(std::span(line)));
    if (written) return;
    screen_.say("no longer logged: " + written.error().message());
    logs_[site].reset();
  }

  void perform_script() {
    while (const auto line = script_.due(now() - start_, version_)) {
      screen_.say(line->text);
      perform(launch_.requested(line->request, now()));
    }
  }

  void perform(const LaunchActions& actions) {
    for (const LaunchAction& action : actions) {
      if (const auto* send = std::get_if<SendSignal>(&action)) children_.signal(running_[send->site], send->signal);
      if (const auto* say = std::get_if<Say>(&action)) screen_.say(say->line);
      if (const auto* tell = std::get_if<Tell>(&action)) children_.tell(running_[tell->site], tell->line.text());
      if (const auto* again = std::get_if<StartAgain>(&action)) start_again(*again);
    }
    if (!actions.empty()) screen_.look_at(launch_);
  }

  void start_again(const StartAgain& again) {
    std::vector<std::string> command = sites_[again.site].again;
    for (const std::string& name : again.cut_from) command.insert(command.end(), {"--cut", name});
    consoles_[again.site] = {};
    const Result<void> started = start(again.site, command);
    if (started) return;
    launch_.failed_because(again.site, started.error().message());
    perform(launch_.ended(again.site, {.exit_code = static_cast<int>(ExitCode::failed), .signal = 0}, now()));
  }

  const std::vector<LaunchedSite>& sites_;
  const LauncherServices& services_;
  LaunchScreen& screen_;
  LaunchScript script_;
  env::TimePoint start_;
  std::uint64_t version_ = 0;  // the newest that any site has committed
  Launch launch_;
  Children children_;
  std::vector<ChildId> running_;      // of each site: its process, or its last one
  std::vector<std::size_t> site_of_;  // of each child
  std::vector<std::unique_ptr<env::WritableFile>> logs_;
  std::vector<status::ConsoleLines> consoles_;
};

}  // namespace

void LineScreen::show(std::size_t, const SiteLine& line) {
  if (line.shown.empty() && line.record) return;
  (line.error_stream ? print_error_ : print_)(line.shown);
}

Result<Launch::Outcome> run_sites(const std::vector<LaunchedSite>& sites, const LauncherServices& services) {
  return Launcher(sites, services).run();
}

}  // namespace intertie::site
