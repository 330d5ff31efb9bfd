#include "intertie/site/watched_run.h"

#include <algorithm>
#include <utility>

#include "intertie/base/json.h"
#include "intertie/status/event_table.h"
#include "intertie/status/json_log.h"

namespace intertie::site {
namespace {

constexpr std::uint64_t kOldest = std::uint64_t{10} * 365 * 24 * 3600 * 1'000'000'000;  // ns; a start is no older

}  // namespace

std::optional<std::size_t> WatchedRun::index_of(const std::string& site) const {
  const auto found = std::find(names_.begin(), names_.end(), site);
  return found == names_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - names_.begin()));
}

void WatchedRun::admitted(std::size_t number, const wire::Admission& admission, env::TimePoint now) {
  Visit& visit = visits_[number];
  if (visit.start != admission.start) {
    visit.start = admission.start;
    visit.began = now - Duration(static_cast<Duration::rep>(std::min(admission.age, kOldest)));
    visit.newest = Duration(-1);
    visit.ended = visit.run_ended = false;
  }
  visit.heard = visit.newest;
  visit.site = index_of(admission.site);
  visit.there = true;
  visit.given_up = false;
  if (visit.site) heard_of_.insert(*visit.site);
  visit.away.clear();
  if (!origin_) origin_ = visit.began;
  if (!first_answer_) first_answer_ = now;
  if (visit.site) model_.set_running(*visit.site, true, "");
}

void WatchedRun::take(std::size_t number, const wire::EventLines& told) {
  Visit& visit = visits_[number];
  visit.told = visit.told || told.caught_up;
  for (std::size_t at = 0; at < told.lines.size();) {
    const std::size_t end = std::min(told.lines.find('\n', at), told.lines.size());
    if (auto line = take_line(visit, told.lines.substr(at, end - at))) news_.push_back(std::move(*line));
    at = end + 1;
  }
}

std::vector<WatchedRun::Line> WatchedRun::news(env::TimePoint now) {
  if (!all_answered() && (!first_answer_ || now - *first_answer_ < kPatience)) return {};
  std::vector<Line> lines = std::exchange(news_, {});
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.record.since_start < b.record.since_start; });
  for (const Line& line : lines) model_.take(line.record);
  return lines;
}

void WatchedRun::take_end(Visit& visit, const Event& event) {
  const bool failed = event.name == "error";
  if (!failed && event.name != "run.finished") return;
  visit.ended = true;
  visit.run_ended = !failed && !status::flag_of(event, "left");
  if (!failed) return;
  for (Visit& other : visits_) other.given_up = other.given_up || (other.told && !other.there);
}

std::optional<WatchedRun::Line> WatchedRun::take_line(Visit& visit, const std::string& text) {
  std::optional<status::Record> record = status::read_json_line(text);
  if (!record || !visit.site || record->site != names_[*visit.site]) return std::nullopt;
  visit.newest = std::max(visit.newest, record->since_start);
  if (record->since_start <= visit.heard) return std::nullopt;
  record->since_start = std::max(Duration(0), record->since_start + (visit.began - *origin_));
  take_end(visit, record->event);
  if (record->event.name == "view.entered") {
    for (const std::string& member : status::names_of(record->event, "members")) {
      if (const auto site = index_of(member)) heard_of_.insert(*site);
    }
  }
  // Written anew, since it is not this program that wrote it.
  const Result<Json> json = parse_json(text);
  return Line{std::move(*record), json ? json->dump() : std::string()};
}

std::string WatchedRun::away(std::size_t number, const Error& error, env::TimePoint now) {
  Visit& visit = visits_[number];
  visit.there = false;
  if (visit.site) model_.set_running(*visit.site, false, visit.ended ? "" : "no answer");
  std::string words = error.message();
  if (std::exchange(visit.away, words) == words || visit.ended) return {};
  model_.say(since_start(now), words, status::Weight::bad);
  return words;
}

bool WatchedRun::all_answered() const {
  return std::all_of(visits_.begin(), visits_.end(), [](const Visit& visit) { return visit.told || !visit.away.empty(); });
}

bool WatchedRun::any_answered() const {
  return std::any_of(visits_.begin(), visits_.end(), [](const Visit& visit) { return visit.told; });
}

bool WatchedRun::over() const {
  std::set<std::size_t> go_on = heard_of_;
  bool run_ended = false;
  for (const Visit& visit : visits_) {
    if (visit.there) return false;
    run_ended = run_ended || visit.run_ended;
    if ((visit.ended || visit.given_up) && visit.site) go_on.erase(*visit.site);
  }
  return run_ended || (go_on.empty() && !heard_of_.empty());
}

}  // namespace intertie::site
