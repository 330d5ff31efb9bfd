#include "intertie/status/report_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

double counted(const Event& event, const char* field) {
  return static_cast<double>(std::max<std::int64_t>(0, integer_of(event, field)));
}

std::uint64_t ordinal(const Event& event, const char* field) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_of(event, field)));
}

double median(std::vector<double> values) {
  if (values.empty()) return kNotKnown;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Of the start that has it, the last one first.
const Event* last_started(const SiteHistory& site) {
  const auto found =
      std::find_if(site.starts.rbegin(), site.starts.rend(), [](const Start& start) { return !start.started.name.empty(); });
  return found == site.starts.rend() ? nullptr : &found->started;
}

// The last, but for those that failed before they took part in the run: a start that was refused says nothing of the run that
// was there before it.
const Start* last_part(const SiteHistory& site) {
  const auto counts = [](const Start& start) {
    return start.error.name.empty() || start.step > 0 || !start.resumed.name.empty();
  };
  const auto found = std::find_if(site.starts.rbegin(), site.starts.rend(), counts);
  return found == site.starts.rend() ? last_start(site) : &*found;
}

double last_loss(const SiteHistory& site) {
  const Start* start = last_part(site);
  if (start && !start->finished.name.empty()) return number_of(start->finished, "loss");
  const std::vector<LossPoint> curve = training_curve(site);
  return curve.empty() ? kNotKnown : curve.back().loss;
}

void add_sums(SiteFigures& figures, const std::vector<Start>& starts) {
  for (const Start& start : starts) {
    figures.seconds += start.seconds;
    figures.computing += start.computing_seconds;
    figures.waiting += start.waiting_seconds;
    figures.encoding += start.encoding_seconds;
    figures.tokens += start.tokens;
    figures.bytes_sent += start.bytes_sent;
    figures.bytes_received += start.bytes_received;
  }
  const double seconds = figures.seconds > 0 ? figures.seconds : kNotKnown;
  for (double* part : {&figures.computing, &figures.waiting, &figures.encoding}) *part /= seconds;
  figures.other = std::max(0.0, 1 - figures.computing - figures.waiting - figures.encoding);
  if (std::isnan(seconds)) figures.other = kNotKnown;
  figures.tokens_per_second = figures.tokens / seconds;
}

SiteFigures site_figures(const SiteHistory& site) {
  SiteFigures figures;
  figures.site = site.site;
  figures.has_log = site.has_log;
  figures.num_starts = site.starts.size();
  figures.loss = last_loss(site);
  figures.validation_loss = site.validation.empty() ? kNotKnown : site.validation.back().loss;
  add_sums(figures, site.starts);
  const Start* last = last_part(site);
  if (!last) return figures;
  figures.step = last->step;
  figures.finished = !last->finished.name.empty();
  figures.complete = flag_of(last->finished, "complete");
  figures.left = flag_of(last->finished, "left");
  figures.parameters_hash = text_of(last->finished, "parameters_hash");
  figures.program = last->program;
  if (const Event* started = last_started(site)) {
    figures.has_started = true;
    figures.trainer = text_of(*started, "trainer");
    figures.agreement = text_of(*started, "agreement");
    figures.data = text_of(*started, "data");
    figures.threads = ordinal(*started, "threads");
  }
  return figures;
}

void add_links(RunFigures& run, const SiteHistory& site) {
  for (const auto& [peer, points] : site.links) {
    LinkFigures link{.from = site.site, .to = peer};
    link.bytes_sent = points.back().bytes_sent;
    std::vector<double> rates, trips;
    for (const LinkPoint& point : points) {
      if (std::isfinite(point.mbit_per_second)) rates.push_back(point.mbit_per_second);
      if (point.rtt_ms > 0) trips.push_back(point.rtt_ms);
    }
    link.least_mbit_per_second = rates.empty() ? kNotKnown : *std::min_element(rates.begin(), rates.end());
    link.most_mbit_per_second = rates.empty() ? kNotKnown : *std::max_element(rates.begin(), rates.end());
    link.mbit_per_second = median(std::move(rates));
    link.rtt_ms = median(std::move(trips));
    run.links.push_back(std::move(link));
  }
}

// Several members record the same loss and the same view; the earliest stands for all.
class Dedup {
 public:
  explicit Dedup(RunFigures& run) : run_(run) {}

  void take(const SiteHistory& site) {
    for (const Start& start : site.starts) {
      if (!start.resumed.name.empty()) resumed_from_[start.restart] = ordinal(start.resumed, "version");
    }
    for (const Happening& happening : site.happenings) {
      if (happening.event.name == "samples.lost") take_lost(happening);
      if (happening.event.name == "view.entered") take_view(happening);
      if (happening.event.name == "site.fenced") take_fenced(site.site, happening);
    }
  }

  void finish() {
    for (const auto& [key, lost] : lost_) {
      if (!was_done_again(std::get<0>(key), lost.version)) run_.lost.push_back(lost);
    }
    for (const auto& [restart, given_up] : given_up_) {
      if (!was_done_again(restart, given_up.version + 1)) run_.given_up.push_back(given_up);
    }
    for (const auto& [key, view] : views_) run_.views.push_back(view);
    const auto earlier = [](const auto& a, const auto& b) { return a.at < b.at; };
    std::stable_sort(run_.lost.begin(), run_.lost.end(), earlier);
    std::stable_sort(run_.given_up.begin(), run_.given_up.end(), earlier);
    for (const LostSamples& lost : run_.lost) run_.lost_tokens += lost.tokens;
    for (const GivenUp& given_up : run_.given_up) run_.given_up_tokens += given_up.tokens;
    for (std::size_t i = 1; i < run_.views.size(); ++i) {
      run_.num_member_changes += run_.views[i].members != run_.views[i - 1].members ? 1 : 0;
    }
  }

 private:
  // A later restart went on from before `version`, and drew its samples anew.
  bool was_done_again(std::uint64_t restart, std::uint64_t version) const {
    return std::any_of(resumed_from_.upper_bound(restart), resumed_from_.end(),
                       [version](const auto& later) { return later.second < version; });
  }

  void take_lost(const Happening& happening) {
    const Event& event = happening.event;
    const LostSamples lost{.at = happening.at,
                           .site = text_of(event, "peer"),
                           .version = ordinal(event, "version"),
                           .samples = text_of(event, "samples"),
                           .tokens = counted(event, "lost_tokens")};
    keep(lost_, std::tuple(happening.restart, lost.site, lost.version, lost.samples), lost);
  }

  void take_view(const Happening& happening) {
    const Event& event = happening.event;
    const Membership view{.at = happening.at,
                          .restart = happening.restart,
                          .view = ordinal(event, "view"),
                          .members = names_of(event, "members"),
                          .reason = text_of(event, "reason")};
    keep(views_, std::pair(view.restart, view.view), view);
  }

  void take_fenced(const std::string& site, const Happening& happening) {
    const GivenUp given_up{.at = happening.at,
                           .site = site,
                           .version = ordinal(happening.event, "version"),
                           .tokens = counted(happening.event, "lost_tokens")};
    given_up_.emplace_back(happening.restart, given_up);
  }

  template <class Map, class Value>
  static void keep(Map& map, typename Map::key_type key, const Value& value) {
    const auto [at, added] = map.try_emplace(std::move(key), value);
    if (!added) at->second.at = std::min(at->second.at, value.at);
  }

  RunFigures& run_;
  std::map<std::tuple<std::uint64_t, std::string, std::uint64_t, std::string>, LostSamples> lost_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Membership> views_;
  std::vector<std::pair<std::uint64_t, GivenUp>> given_up_;  // with its restart
  std::map<std::uint64_t, std::uint64_t> resumed_from_;      // versions, by restart
};

// The last that the sites' logs say, whichever event says it.
double tokens_of(const RunHistory& history) {
  double tokens = 0;
  for (const SiteHistory& site : history.sites) {
    if (!site.merges.empty()) tokens = std::max(tokens, site.merges.back().tokens);
    if (!site.training.empty()) tokens = std::max(tokens, site.training.back().tokens);
    if (const Start* last = last_part(site)) tokens = std::max(tokens, counted(last->finished, "tokens"));
  }
  return tokens;
}

void count_merges(RunFigures& run, const RunHistory& history) {
  std::map<std::uint64_t, std::pair<std::uint64_t, bool>> partial;  // by version, with its restart: a later one's stands
  std::map<std::uint64_t, double> redone;
  std::set<std::uint64_t> restarts;
  for (const SiteHistory& site : history.sites) {
    for (const MergePoint& merge : site.merges) {
      auto& [restart, without] = partial[merge.version];
      if (merge.restart >= restart) std::tie(restart, without) = std::pair(merge.restart, merge.set_size < run.num_sites);
    }
    for (const Start& start : site.starts) {
      if (start.resumed.name.empty()) continue;
      restarts.insert(start.restart);
      redone[start.restart] = std::max(redone[start.restart], start.redone_tokens);
    }
  }
  run.num_merges = partial.size();
  for (const auto& [version, merge] : partial) run.num_partial_merges += merge.second ? 1 : 0;
  run.num_resumes = restarts.size();
  for (const auto& [restart, tokens] : redone) run.redone_tokens += tokens;
}

void add_run(RunFigures& run, const RunHistory& history) {
  for (const SiteHistory& site : history.sites) {
    const Event* started = last_started(site);
    if (!started) continue;
    run.begun = true;
    run.method = text_of(*started, "method");
    run.num_steps = std::max(run.num_steps, ordinal(*started, "num_steps"));
    run.num_parameters = std::max(run.num_parameters, ordinal(*started, "num_parameters"));
    run.emulated = run.emulated || flag_of(*started, "emulated");
    run.paced = run.paced || flag_of(*started, "paced");
  }
}

void add_losses(RunFigures& run, const RunHistory& history) {
  double sum = 0;
  double num = 0;
  double latest = -1;
  for (std::size_t i = 0; i < run.sites.size(); ++i) {
    if (std::isfinite(run.sites[i].loss)) sum += run.sites[i].loss, num += 1;
    if (history.sites[i].validation.empty()) continue;
    const LossPoint& last = history.sites[i].validation.back();
    if (last.at > latest) run.validation_loss = last.loss;
    latest = std::max(latest, last.at);
  }
  run.loss = num > 0 ? sum / num : kNotKnown;
}

}  // namespace

RunFigures figures_of(const RunHistory& history) {
  RunFigures run;
  run.num_sites = history.sites.size();
  run.validation_loss = kNotKnown;
  run.finished = !history.sites.empty();
  bool stopped = false;
  double trained_tokens = 0;
  double seconds = 0;
  Dedup dedup(run);
  for (const SiteHistory& site : history.sites) {
    const SiteFigures& figures = run.sites.emplace_back(site_figures(site));
    // A log that is not here says nothing against the others.
    run.finished = run.finished && (figures.finished || !figures.has_log);
    run.complete = run.complete || figures.complete;
    stopped = stopped || (!figures.complete && !figures.left && figures.has_log);
    trained_tokens += figures.tokens;
    seconds = std::max(seconds, figures.seconds);
    add_links(run, site);
    dedup.take(site);
  }
  dedup.finish();
  run.tokens_per_second = seconds > 0 ? trained_tokens / seconds : kNotKnown;
  add_run(run, history);
  run.tokens = tokens_of(history);
  run.finished = run.finished && run.begun;
  run.complete = run.complete && !stopped;
  count_merges(run, history);
  add_losses(run, history);
  return run;
}

FinalParameters final_parameters(const RunFigures& run) {
  FinalParameters parameters;
  for (const SiteFigures& site : run.sites) {
    if (!site.finished || site.left) continue;
    parameters.sites.push_back(&site);
    const bool same = site.parameters_hash == parameters.sites.front()->parameters_hash;
    if (!same && !parameters.other) parameters.other = &site;
  }
  return parameters;
}

std::vector<LossPoint> training_curve(const SiteHistory& site) {
  constexpr std::size_t kEnough = 8;
  if (site.training.size() >= kEnough || site.merges.size() <= site.training.size()) return site.training;
  std::vector<LossPoint> curve;
  for (const MergePoint& merge : site.merges) {
    if (std::isfinite(merge.loss)) curve.push_back({.at = merge.at, .tokens = merge.tokens, .loss = merge.loss});
  }
  return curve;
}

}  // namespace intertie::status
