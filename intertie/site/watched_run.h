// WatchedRun: a run that goes on elsewhere, as somebody who visits its sites hears of it: each event once and in the time of
// one clock, who is away, and when all is over. What a site says of another site than itself is passed over. Value; one thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intertie/env/clock.h"
#include "intertie/status/live_model.h"
#include "intertie/wire/visits.h"

namespace intertie::site {

class WatchedRun {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(3);

  struct Line {
    status::Record record;  // since_start: since the first site that answered began
    std::string json;       // the line of the event log, without its line break
  };

  // `num_visits`: to sites of the run; which they are shows when they answer.
  WatchedRun(const std::vector<std::string>& site_names, std::size_t num_visits)
      : names_(site_names), visits_(num_visits), model_(site_names) {}

  // `number`: of the visit, from 0. A site whose name is known before it answers:
  void expect(std::size_t number, const std::string& site) { visits_[number].site = index_of(site); }
  void admitted(std::size_t number, const wire::Admission& admission, env::TimePoint now);
  void take(std::size_t number, const wire::EventLines& told);
  // What the sites have told since the last call, in the order of time; to be asked for every now and then. Nothing before all
  // have answered, or kPatience after the first has, so that their stories make one.
  std::vector<Line> news(env::TimePoint now);
  // Words for a person; empty: nothing that was not said before.
  std::string away(std::size_t number, const Error& error, env::TimePoint now);

  // Every visit has told its story so far, or is known to be away.
  bool all_answered() const;
  bool any_answered() const;  // with a story
  // Nobody is there any more, and either the run has ended at a site, or all sites that were heard of have ended each for
  // itself, but for those that were lost before the others failed. One that left, and others who are silent, are not the end.
  bool over() const;
  Duration since_start(env::TimePoint now) const { return origin_ ? now - *origin_ : Duration(0); }
  const status::LiveModel& model() const { return model_; }

 private:
  struct Visit {
    std::optional<std::size_t> site;
    bool there = false;
    bool told = false;                   // its story so far, once at least
    bool ended = false;                  // by its own word
    bool run_ended = false;              // with it: the run is complete, or stopped as a whole
    bool given_up = false;               // it was lost before others failed, who ended without it
    std::optional<std::uint64_t> start;  // as in Admission
    env::TimePoint began{};              // that start
    Duration heard{-1};                  // events of that start up to here are known
    Duration newest{-1};
    std::string away;  // why; empty: it is not known to be
  };
  std::optional<std::size_t> index_of(const std::string& site) const;
  void take_end(Visit& visit, const Event& event);
  std::optional<Line> take_line(Visit& visit, const std::string& text);

  std::vector<std::string> names_;
  std::vector<Visit> visits_;
  std::set<std::size_t> heard_of_;  // sites that answered, or that one which did names as a member
  status::LiveModel model_;
  std::vector<Line> news_;
  std::optional<env::TimePoint> origin_;  // the start of the first that answered
  std::optional<env::TimePoint> first_answer_;
};

}  // namespace intertie::site
