#include "intertie/site/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <tuple>
#include <utility>

namespace intertie::site {
namespace {

bool failed(const SiteEnd& end) {
  return end.signal != 0 ||
         (end.exit_code != static_cast<int>(ExitCode::done) && end.exit_code != static_cast<int>(ExitCode::stopped));
}

ExitCode code_of(const SiteEnd& end) { return end.signal != 0 ? ExitCode::failed : exit_code_from(end.exit_code); }

// Which failure explains the others: wrong input, then a death, then an error; a site that lost the others comes last.
int explains(const SiteEnd& end) {
  if (code_of(end) == ExitCode::input) return 0;
  if (end.signal != 0) return 1;
  return code_of(end) == ExitCode::failed ? 2 : 3;
}

}  // namespace

Launch::Launch(std::vector<std::string> site_names) {
  for (std::string& name : site_names)
    sites_.push_back(
        {.name = std::move(name), .message = {}, .end = {}, .order = 0, .asked = false, .killed = false, .leaves = false});
}

// A site that was asked to leave ends as one that stops.
bool Launch::has_left(const Site& site) { return site.leaves && site.end && code_of(*site.end) == ExitCode::stopped; }

void Launch::failed_because(std::size_t site, std::string message) { sites_[site].message = std::move(message); }

LaunchActions Launch::ended(std::size_t site, SiteEnd end, env::TimePoint now) {
  Site& one = sites_[site];
  const bool asked = phase_ == Phase::asked || phase_ == Phase::terminating;
  one.end = end;
  one.order = num_ends_++;
  one.asked = asked && (end.signal != 0 || one.message.empty());
  // What ends the run last, and without anybody having finished, its outcome says.
  if (all_ended()) return failed(end) && any_finished() && !asked ? LaunchActions{Say{words_of_end(one)}} : LaunchActions{};
  if (failed(end)) {
    if (asked) return {};
    if (!ends_all(one) && stops_without_the_holder()) return end_without_the_holder(now);
    if (!ends_all(one)) return {Say{words_of_end(one) + "; the others go on"}};
    given_up_ = true;
    return enter(Phase::asked, kAskWait, SIGINT, now);
  }
  if (phase_ == Phase::running && has_left(one)) return {Say{fmt::format("site {} has left; the others go on", one.name)}};
  if (phase_ == Phase::running) {
    phase_ = Phase::ending;
    deadline_ = now + (stop_requested_ ? kStopWait : kEndWait);
  }
  return {};
}

// Before the sites have come together none can do without another. After a request to stop there is nothing to go on for.
bool Launch::ends_all(const Site& site) const { return !site.killed && (!begun_ || stop_requested_); }

// Only the store's holder can say at which version all stop, and that a checkpoint is complete.
bool Launch::stops_without_the_holder() const {
  const Site& holder = sites_.front();
  return begun_ && stop_requested_ && phase_ == Phase::running && holder.end && failed(*holder.end);
}

LaunchActions Launch::end_without_the_holder(env::TimePoint now) {
  given_up_ = without_holder_ = true;
  LaunchActions actions = {Say{fmt::format(
      "site {}, which holds the record, does not run: no checkpoint can be agreed on, and all end", sites_.front().name)}};
  for (LaunchAction& action : enter(Phase::asked, kAskWait, SIGINT, now)) actions.push_back(std::move(action));
  return actions;
}

LaunchActions Launch::stop_requested(env::TimePoint now) {
  if (stop_requested_ || phase_ == Phase::asked || phase_ == Phase::terminating) return signal_all(SIGKILL);
  stop_requested_ = true;
  if (stops_without_the_holder()) return end_without_the_holder(now);
  const auto first = std::find_if(sites_.begin(), sites_.end(), [](const Site& site) { return !site.end; });
  if (first == sites_.end()) return {};
  return {Say{"stopping at the next checkpoint; Ctrl-C again ends everything at once"},
          SendSignal{static_cast<std::size_t>(first - sites_.begin()), SIGINT}};
}

LaunchActions Launch::requested(const LaunchRequest& request, env::TimePoint now) {
  switch (request.kind) {
    case LaunchRequest::Kind::cut:
    case LaunchRequest::Kind::mend: return cut_or_mend(request);
    case LaunchRequest::Kind::kill: return kill(request.site);
    case LaunchRequest::Kind::restore: return restore(request.site);
    case LaunchRequest::Kind::leave:
      if (request.site != 0) return leave(request.site);
      break;
    case LaunchRequest::Kind::stop: break;
  }
  if (stop_requested_) return {Say{"it is stopping; Ctrl-C ends everything at once"}};
  return stop_requested(now);
}

bool Launch::is_cut(std::size_t site, std::size_t other) const { return cut_.count(std::minmax(site, other)) != 0; }

std::string Launch::fate(std::size_t site) const {
  const Site& one = sites_[site];
  if (has_left(one)) return "left";
  if (!one.end || !failed(*one.end)) return {};
  if (one.killed) return "killed";
  return one.end->signal != 0 ? fmt::format("died of signal {}", one.end->signal) : "failed";
}

// Each end holds back what it sends, so both are told.
LaunchActions Launch::cut_or_mend(const LaunchRequest& request) {
  const auto [first, second] = std::minmax(request.site, request.other);
  const bool cut = request.kind == LaunchRequest::Kind::cut;
  const std::string link = fmt::format("the link {} - {}", sites_[first].name, sites_[second].name);
  const bool changes = cut ? cut_.insert({first, second}).second : cut_.erase({first, second}) != 0;
  if (!changes) return {Say{fmt::format("{} is {}", link, cut ? "cut already" : "whole")}};
  const auto kind = cut ? ControlLine::Kind::cut : ControlLine::Kind::mend;
  LaunchActions actions = {Say{fmt::format("{} is {}", link, cut ? "cut" : "mended")}};
  if (runs(first)) actions.push_back(Tell{first, {kind, sites_[second].name}});
  if (runs(second)) actions.push_back(Tell{second, {kind, sites_[first].name}});
  return actions;
}

LaunchActions Launch::kill(std::size_t site) {
  if (!runs(site)) return {Say{fmt::format("site {} does not run", sites_[site].name)}};
  sites_[site].killed = true;
  return {SendSignal{site, SIGKILL}};
}

LaunchActions Launch::leave(std::size_t site) {
  Site& one = sites_[site];
  if (!runs(site)) return {Say{fmt::format("site {} does not run", one.name)}};
  if (std::exchange(one.leaves, true)) return {Say{fmt::format("site {} was asked to leave already", one.name)}};
  return {Say{fmt::format("site {} is asked to leave", one.name)}, Tell{site, {ControlLine::Kind::leave, {}}}};
}

LaunchActions Launch::restore(std::size_t site) {
  Site& one = sites_[site];
  if (runs(site)) return {Say{fmt::format("site {} runs", one.name)}};
  if (phase_ != Phase::running || stop_requested_) return {Say{"the run is ending: nobody comes back"}};
  one = {.name = one.name, .message = {}, .end = {}, .order = 0, .asked = false, .killed = false, .leaves = false};
  StartAgain start{site, {}};
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    if (i != site && is_cut(site, i)) start.cut_from.push_back(sites_[i].name);
  }
  return {Say{fmt::format("site {} is started again", one.name)}, std::move(start)};
}

LaunchActions Launch::time_passed(env::TimePoint now) {
  if (now < deadline_) return {};
  switch (phase_) {
    case Phase::running: return {};
    case Phase::ending: return ask_the_late(now);
    case Phase::asked: return enter(Phase::terminating, kTermWait, SIGTERM, now);
    case Phase::terminating: return enter(Phase::terminating, kTermWait, SIGKILL, now);
  }
  return {};
}

bool Launch::all_ended() const {
  return std::all_of(sites_.begin(), sites_.end(), [](const Site& site) { return site.end.has_value(); });
}

bool Launch::any_finished() const {
  return std::any_of(sites_.begin(), sites_.end(),
                     [](const Site& site) { return site.end && !failed(*site.end) && !has_left(site); });
}

Launch::Outcome Launch::outcome() const {
  const auto result = [this](ExitCode code, std::string message) { return Outcome{code, std::move(message), begun_}; };
  const Site* cause = nullptr;
  bool stopped = false;
  for (const Site& site : sites_) {
    stopped = stopped || (code_of(*site.end) == ExitCode::stopped && !has_left(site));
    if (!failed(*site.end)) continue;
    const auto rank = [](const Site& s) { return std::tuple(s.asked, explains(*s.end), s.order); };
    if (!cause || rank(site) < rank(*cause)) cause = &site;
  }
  if (!cause || (any_finished() && !given_up_)) return result(stopped ? ExitCode::stopped : ExitCode::done, {});
  if (without_holder_)
    return result(code_of(*sites_.front().end), words_of_end(sites_.front()) + "; the others ended without a checkpoint");
  // Asked before it had set up how it stops: nothing was lost, and the run goes on from its last checkpoint.
  if (stop_requested_ && cause->end->signal == SIGINT) return result(ExitCode::stopped, {});
  // Killed on request: not a failure to be explained.
  if (stop_requested_ && cause->end->signal == SIGKILL)
    return result(ExitCode::failed, "ended at once, as asked; no checkpoint was written");
  return result(code_of(*cause->end), words_of_end(*cause));
}

std::string Launch::words_of_end(const Site& site) const {
  if (site.killed) return fmt::format("site {} was killed, as asked", site.name);
  if (!site.message.empty()) return fmt::format("site {}: {}", site.name, site.message);
  if (site.end->signal != 0) return fmt::format("site {} died of signal {}", site.name, site.end->signal);
  return fmt::format("site {} ended with exit code {}", site.name, site.end->exit_code);
}

// The run is done, or stopped; what becomes of these changes nothing about it.
LaunchActions Launch::ask_the_late(env::TimePoint now) {
  LaunchActions actions;
  for (const Site& site : sites_) {
    if (!site.end)
      actions.push_back(Say{fmt::format("site {} has not ended as the others have, and is asked to stop", site.name)});
  }
  for (LaunchAction& action : enter(Phase::asked, kAskWait, SIGINT, now)) actions.push_back(std::move(action));
  return actions;
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
