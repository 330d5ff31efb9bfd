#include "intertie/status/live_model.h"

#include <algorithm>
#include <utility>

#include "intertie/base/check.h"
#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

int badness(LiveWay way) { return way == LiveWay::unknown ? -1 : static_cast<int>(way); }

void forget_figures(LiveSite& site) { site.tokens_per_second = site.computing = site.waiting = site.encoding = kUnknown; }

bool has_ended(const LiveSite& site) { return site.state == LiveState::done || site.state == LiveState::stopped; }

}  // namespace

const LiveLink::Direction& LiveLink::worse() const { return badness(back.way) > badness(there.way) ? back : there; }

LiveModel::LiveModel(const std::vector<std::string>& site_names) {
  for (const std::string& name : site_names) run_.sites.emplace_back().name = name;
  for (std::size_t a = 0; a < site_names.size(); ++a) {
    for (std::size_t b = a + 1; b < site_names.size(); ++b) run_.links.push_back({.a = a, .b = b, .there = {}, .back = {}});
  }
}

void LiveModel::take(const Record& record) {
  LiveSite* site = find(record.site);
  if (!site) return;
  take_run(record, *site);
  take_figures(record, *site);
  take_members(record.event, *site);
  take_link(record.event, static_cast<std::size_t>(site - run_.sites.data()));
  note(record);
}

void LiveModel::take_run(const Record& record, LiveSite& site) {
  const Event& event = record.event;
  if (event.name == "run.started") {
    site = LiveSite{.name = site.name};
    run_.name = text_of(event, "run");
    run_.method = text_of(event, "method");
    run_.num_steps = integer_of(event, "num_steps");
    run_.emulated = run_.emulated || flag_of(event, "emulated");
    run_.paced = run_.paced || flag_of(event, "paced");
  } else if (event.name == "run.resumed") {
    site.step = integer_of(event, "step");
    run_.step = std::max(run_.step, site.step);
    run_.version = std::max(run_.version, integer_of(event, "version"));
  } else if (event.name == "join.finished") {
    site.step = integer_of(event, "step");
  } else if (event.name == "evaluation") {
    run_.validation_loss = number_of(event, "loss");
    run_.validation_step = integer_of(event, "step");
  } else if (event.name == "checkpoint.complete") {
    run_.checkpoint = std::max(run_.checkpoint, integer_of(event, "version"));
  } else if (event.name == "run.stopping") {
    run_.stopping = true;
  } else if (event.name == "run.finished") {
    const bool left = flag_of(event, "left");
    site.state = left ? LiveState::away : flag_of(event, "complete") ? LiveState::done : LiveState::stopped;
    site.fate = left ? "left" : "";
    forget_figures(site);
  }
}

void LiveModel::take_figures(const Record& record, LiveSite& site) {
  const Event& event = record.event;
  const bool progress = event.name == "progress";
  const bool merge = event.name == "merge.committed";
  const bool finished = event.name == "run.finished";
  if (!progress && !merge && !finished) return;
  site.step = integer_of(event, "step");
  site.loss = number_of(event, "loss");
  run_.step = std::max(run_.step, site.step);
  if (merge) run_.version = std::max(run_.version, integer_of(event, "version"));
  if (!merge) run_.tokens = std::max(run_.tokens, integer_of(event, "tokens"));
  if (run_.view == 0 && site.state == LiveState::starting) site.state = LiveState::member;  // it trains
  if (!progress) return;
  site.tokens_per_second = number_of(event, "tokens_per_second");
  site.computing = number_of(event, "computing_share");
  site.waiting = number_of(event, "waiting_share");
  site.encoding = number_of(event, "encoding_share");
  run_.num_steps = integer_of(event, "num_steps");
  run_.eta_seconds = number_of(event, "eta_seconds");
  run_.eta_at = record.since_start;
}

void LiveModel::take_members(const Event& event, LiveSite& site) {
  if (event.name == "view.entered") return enter_view(event, site);
  if (event.name == "join.began") site.state = LiveState::fetching;
  if (event.name == "site.fenced") {
    site.state = LiveState::away;
    site.fate = "fenced";
  }
  LiveSite* peer = event.name == "site.left" ? find(text_of(event, "peer")) : nullptr;
  if (peer && !has_ended(*peer)) {
    peer->state = LiveState::away;
    peer->fate = "left";
  }
}

// All sites have started anew: with --fresh views and versions begin again, with --resume versions and steps go back.
void LiveModel::forget_the_run_before() {
  const LiveRun none;
  run_.view = none.view;
  run_.version = none.version;
  run_.checkpoint = none.checkpoint;
  run_.step = none.step;
  run_.tokens = none.tokens;
  run_.validation_loss = none.validation_loss;
  run_.eta_seconds = none.eta_seconds;
  run_.stopping = none.stopping;
}

// Members tell of a view at different times; an older one says nothing any more.
void LiveModel::enter_view(const Event& event, LiveSite& site) {
  const auto goes_on = [](const LiveSite& each) { return each.runs && each.takes_part; };
  if (std::none_of(run_.sites.begin(), run_.sites.end(), goes_on)) forget_the_run_before();
  site.takes_part = true;
  const std::int64_t view = integer_of(event, "view");
  if (view < run_.view) return;
  run_.view = view;
  const std::vector<std::string> members = names_of(event, "members");
  for (LiveSite& each : run_.sites) {
    const bool member = std::find(members.begin(), members.end(), each.name) != members.end();
    if (has_ended(each) || !each.runs) continue;
    if (member) {
      each.state = LiveState::member;
      each.fate.clear();
    } else if (each.state == LiveState::member) {
      each.state = LiveState::away;
      each.fate = "not a member";
      forget_figures(each);
    }
  }
}

void LiveModel::take_link(const Event& event, std::size_t site) {
  const LiveSite* peer = find(text_of(event, "peer"));
  LiveLink::Direction* link = direction(site, text_of(event, "peer"));
  if (!link || !peer->runs) return;
  if (event.name == "site.connected") link->way = LiveWay::direct;
  if (event.name == "link.measured") {
    if (link->way == LiveWay::unknown) link->way = LiveWay::direct;
    if (link->way != LiveWay::direct) return;  // its figures are of a way that is not there
    link->mbit_per_second = number_of(event, "mbit_per_second");
    const double rtt = number_of(event, "rtt_ms");
    link->rtt_ms = rtt > 0 ? rtt : kUnknown;
  }
  if (event.name == "link.changed") {
    const std::string state = text_of(event, "state");
    link->way = state == "relayed" ? LiveWay::relayed : state == "cut" ? LiveWay::cut : LiveWay::direct;
    link->relay = text_of(event, "relay");
    if (link->way != LiveWay::direct) link->mbit_per_second = link->rtt_ms = kUnknown;
  }
}

void LiveModel::note(const Record& record) {
  const EventKind& kind = kind_of(record.event);
  std::string words = kind.in_view ? words_of(record.event) : "";
  if (words.empty()) return;
  constexpr std::size_t kLookBack = 12;
  const std::string site = kind.of_run ? "" : record.site;
  std::size_t looked = 0;
  for (auto it = run_.events.rbegin(); it != run_.events.rend() && looked < kLookBack; ++it, ++looked) {
    if (it->site != site) continue;
    if (it->words == words) return;
    // Said again after something else, it has happened again; but many say what is of all, and anybody makes a site refuse.
    if (!kind.of_run && record.event.name != "connection.refused") break;
  }
  run_.events.push_back({record.since_start, site, std::move(words), weight_of(record.event)});
  if (run_.events.size() > kMaxEvents) run_.events.pop_front();
}

void LiveModel::set_running(std::size_t site, bool runs, const std::string& fate) {
  LiveSite& one = run_.sites[site];
  if (!runs) {
    forget_figures(one);
    for (LiveLink& link : run_.links) {
      if (link.a == site || link.b == site) link.there = link.back = {};
    }
    if (!has_ended(one)) one.state = LiveState::away;
    if (!has_ended(one)) one.fate = fate;
  } else if (!one.runs) {
    one.state = LiveState::starting;
    one.fate.clear();
  }
  one.runs = runs;
}

void LiveModel::set_cut(std::size_t a, std::size_t b, bool cut) {
  for (LiveLink& each : run_.links) {
    if (std::pair(each.a, each.b) == std::pair(std::min(a, b), std::max(a, b))) each.cut_on_purpose = cut;
  }
}

void LiveModel::say(Duration at, std::string words, Weight weight) {
  run_.events.push_back({at, "", std::move(words), weight});
  if (run_.events.size() > kMaxEvents) run_.events.pop_front();
}

const LiveLink& LiveModel::link(std::size_t a, std::size_t b) const {
  const auto found = std::find_if(run_.links.begin(), run_.links.end(),
                                  [&](const LiveLink& each) { return each.a == std::min(a, b) && each.b == std::max(a, b); });
  INTERTIE_CHECK(found != run_.links.end());
  return *found;
}

LiveSite* LiveModel::find(const std::string& name) {
  const auto found = std::find_if(run_.sites.begin(), run_.sites.end(), [&](const LiveSite& s) { return s.name == name; });
  return found == run_.sites.end() ? nullptr : &*found;
}

// Null: there is no such link.
LiveLink::Direction* LiveModel::direction(std::size_t from, const std::string& to) {
  const LiveSite* peer = find(to);
  if (!peer) return nullptr;
  const auto other = static_cast<std::size_t>(peer - run_.sites.data());
  for (LiveLink& each : run_.links) {
    if (each.a == from && each.b == other) return &each.there;
    if (each.b == from && each.a == other) return &each.back;
  }
  return nullptr;
}

}  // namespace intertie::status
