#include "intertie/site/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <tuple>

namespace intertie::site {
namespace {

bool failed(const SiteEnd& end) {
  return end.signal != 0 ||
         (end.exit_code != static_cast<int>(ExitCode::done) && end.exit_code != static_cast<int>(ExitCode::stopped));
}

ExitCode code_of(const SiteEnd& end) {
  if (end.signal != 0) return ExitCode::failed;
  const bool known = end.exit_code >= 0 && end.exit_code <= static_cast<int>(ExitCode::unreachable);
  return known ? static_cast<ExitCode>(end.exit_code) : ExitCode::failed;
}

// Which failure explains the others: wrong input, then a death, then an error; a site that lost the others comes last.
int explains(const SiteEnd& end) {
  if (code_of(end) == ExitCode::input) return 0;
  if (end.signal != 0) return 1;
  return code_of(end) == ExitCode::failed ? 2 : 3;
}

}  // namespace

Launch::Launch(std::vector<std::string> site_names) {
  for (std::string& name : site_names)
    sites_.push_back({.name = std::move(name), .message = {}, .end = {}, .order = 0, .asked = false});
}

void Launch::failed_because(std::size_t site, std::string message) { sites_[site].message = std::move(message); }

LaunchActions Launch::ended(std::size_t site, SiteEnd end, env::TimePoint now) {
  sites_[site].end = end;
  sites_[site].order = num_ended_++;
  sites_[site].asked = end.signal != 0 && (phase_ == Phase::asked || phase_ == Phase::terminating);
  if (all_ended()) return {};
  if (failed(end) && (phase_ == Phase::running || phase_ == Phase::ending)) return enter(Phase::asked, kAskWait, SIGINT, now);
  if (phase_ == Phase::running) {
    phase_ = Phase::ending;
    deadline_ = now + (stop_requested_ ? kStopWait : kEndWait);
  }
  return {};
}

LaunchActions Launch::stop_requested(env::TimePoint) {
  if (stop_requested_ || phase_ == Phase::asked || phase_ == Phase::terminating) return signal_all(SIGKILL);
  stop_requested_ = true;
  const auto first = std::find_if(sites_.begin(), sites_.end(), [](const Site& site) { return !site.end; });
  if (first == sites_.end()) return {};
  return {Say{"stopping at the next checkpoint; Ctrl-C again ends everything at once"},
          SendSignal{static_cast<std::size_t>(first - sites_.begin()), SIGINT}};
}

LaunchActions Launch::time_passed(env::TimePoint now) {
  if (now < deadline_) return {};
  switch (phase_) {
    case Phase::running: return {};
    case Phase::ending: return enter(Phase::asked, kAskWait, SIGINT, now);
    case Phase::asked: return enter(Phase::terminating, kTermWait, SIGTERM, now);
    case Phase::terminating: return enter(Phase::terminating, kTermWait, SIGKILL, now);
  }
  return {};
}

bool Launch::all_ended() const { return num_ended_ == sites_.size(); }

Launch::Outcome Launch::outcome() const {
  const Site* cause = nullptr;
  bool stopped = false;
  for (const Site& site : sites_) {
    stopped = stopped || code_of(*site.end) == ExitCode::stopped;
    if (!failed(*site.end)) continue;
    const auto rank = [](const Site& s) { return std::tuple(s.asked, explains(*s.end), s.order); };
    if (!cause || rank(site) < rank(*cause)) cause = &site;
  }
  if (!cause) return {stopped ? ExitCode::stopped : ExitCode::done, {}};
  // Asked before it had set up how it stops: nothing was lost, and the run goes on from its last checkpoint.
  if (stop_requested_ && cause->end->signal == SIGINT) return {ExitCode::stopped, {}};
  // Killed on request: not a failure to be explained.
  if (stop_requested_ && cause->end->signal == SIGKILL)
    return {ExitCode::failed, "ended at once, as asked; no checkpoint was written"};
  if (!cause->message.empty()) return {code_of(*cause->end), fmt::format("site {}: {}", cause->name, cause->message)};
  if (cause->end->signal != 0) {
    return {ExitCode::failed, fmt::format("site {} died of signal {}", cause->name, cause->end->signal)};
  }
  return {code_of(*cause->end), fmt::format("site {} ended with exit code {}", cause->name, cause->end->exit_code)};
}

LaunchActions Launch::signal_all(int signal) const {
  LaunchActions actions;
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    if (!sites_[i].end) actions.push_back(SendSignal{i, signal});
  }
  return actions;
}

LaunchActions Launch::enter(Phase phase, Duration wait, int signal, env::TimePoint now) {
  phase_ = phase;
  deadline_ = now + wait;
  return signal_all(signal);
}

}  // namespace intertie::site
