// A run whose members and links change: views, the flush, the way to the store, sites that come.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/base/check.h"
#include "intertie/reduce/schedule.h"
#include "intertie/sync/run.h"

namespace intertie::sync {

using env::Task;

namespace {

// Before the first chunk: a quarter of a result's bytes, and no more than this.
constexpr std::uint64_t kMostPadding = 2 * 1024 * 1024;

}  // namespace

// ---- views ----

void Run::enter(const wire::View& view) {
  std::vector<SiteId> members;
  for (const wire::MemberRecord& member : view.members) members.push_back(member.site);
  if (const Result<void> valid = reduce::validate(view.schedule, members, services_.model.layout().num_elements); !valid) {
    return waiting_.fail(valid.error());
  }
  if (!view.starts && !state_) return;
  if (follows_another_way(view)) {
    return waiting_.fail({.code = ErrorCode::rejoin,
                          .where = phase(),
                          .what = "the members go on from another result than this site was given",
                          .fix = "it comes back as a new start",
                          .cause = {}});
  }
  if (view.starts) {
    make_state(view.restart, {.version = Version{view.from_version.value - 1}, .step = 0, .next_sample = 0, .tokens = 0});
    started_with_ = view;
    forget_what_was_before(view);
  }
  if (state_->death) state_->death->view_comes();
  if (state_->death && state_->death->reached()) return look_for_the_planned_end();
  // The view may come before any word of a member that this site has no link to yet.
  for (const wire::MemberRecord& member : view.members) mesh_->expect(member.site, member.incarnation);
  warm_up(view);
  state_->enter(view);
  mesh_->set_view(view.number);
  report_view(view);
  if (const Result<void> equal = hashes_.look_again(); !equal) return waiting_.fail(equal.error());
  take_early();
}

// Those who have made no merge together before will send each other the first chunks soon.
void Run::warm_up(const wire::View& view) {
  const std::vector<wire::MemberRecord> before =
      state_->memberships.empty() ? std::vector<wire::MemberRecord>() : state_->memberships.back().members;
  const auto is_new = [&before](const wire::MemberRecord& member) {
    return std::find(before.begin(), before.end(), member) == before.end();
  };
  const wire::MemberRecord self{settings_.self, incarnation_};
  if (!members::is_in(view, self.site, self.incarnation)) return;
  const Bytes most{std::min(services_.model.layout().num_elements, kMostPadding)};
  for (const wire::MemberRecord& member : view.members) {
    const bool gives = donations_.contains(member.site);  // the state: that line is up to speed
    if (member.site != self.site && !gives && (is_new(member) || is_new(self))) mesh_->warm_up(member.site, most);
  }
}

// This site may have waited to come to a run that its members have begun anew since.
void Run::forget_what_was_before(const wire::View& view) {
  fetch_.reset();
  fetched_ = false;
  hashes_.begin_anew();
  std::erase_if(early_, [&view](const auto& each) {
    const auto* header = std::get_if<wire::ContributionHeader>(&each.second);
    const auto* chunk = std::get_if<wire::Chunk>(&each.second);
    return (header ? header->view : chunk->view) < view.number;
  });
}

// A site that has come by results that one member gave it has no part in their merges: what the others now order of them may be
// something else. Nor may a version that has begun here be made by others than it began with, and a run that begins anew does
// not begin with what this site was given of the one before it.
bool Run::follows_another_way(const wire::View& view) const {
  if (!state_) return false;
  if (view.starts) return runs_;
  if (state_->merging >= view.from_version && state_->merging > state_->version()) return true;
  if (!fetched_ || state_->merging > Version{}) return false;
  const bool donor_stays = std::find(view.survivors.begin(), view.survivors.end(), fetch_->donor()) != view.survivors.end();
  if (!donor_stays && state_->decided.next() < view.from_version) return true;
  return std::any_of(view.orders.begin(), view.orders.end(), [this](const wire::MergeOrder& order) {
    return order.kind == wire::OrderKind::resum && order.merge.version <= state_->decided;
  });
}

// While a result is being applied, or a checkpoint restored, it cannot be said what this site holds; the answer comes right
// after.
void Run::report_for(ViewNumber number) {
  if (!state_) return;  // meant for another start of this site
  state_->flushing = number;
  if (!runs_ || state_->decided > state_->version()) return;
  const Version open = state_->version().next();
  if (state_->death) state_->death->flush_asked(open);
  if (state_->death && state_->death->reached()) return look_for_the_planned_end();
  wire::FlushReport report{.number = number,
                           .applied = state_->version(),
                           .ends = ends_with(state_->progress),
                           .fed = fetched_ && state_->merging == Version{},
                           .donor = fetch_ ? fetch_->donor() : SiteId{},
                           .merges = {}};
  if (!report.ends) state_->round(open);
  for (const auto& [version, round] : state_->rounds) report.merges.push_back(round.execution().holdings());
  state_->reported_for = number;
  report_flush(report);
  perform(member_->report(std::move(report)));
  if (state_->death) state_->death->flush_answered(open);
}

void Run::fenced(const wire::View& view) {
  report_fenced(view.number);
  if (member_->leaves()) return waiting_.fail(left_without_it());
  waiting_.fail({.code = ErrorCode::rejoin,
                 .where = phase(),
                 .what = fmt::format("this site is no member of view {}: {}", view.number.value, view.reason.text()),
                 .fix = "it comes back as a new start",
                 .cause = {}});
}

// What this site, which leaves, still had to do was not waited for.
Error Run::left_without_it() const {
  return {.code = ErrorCode::cancelled,
          .where = phase(),
          .what = "left; the others completed the open merge without this site",
          .fix = "nothing is to be done; start the site again to come back",
          .cause = {}};
}

// ---- the beat ----

void Run::beat() {
  if (ended_) return waiting_.notify();
  if (waiting_.failure()) return;
  look_for_the_planned_end();
  say_ready();
  perform(member_->beat(services_.loop.now()));
  pass_the_stop_on();
  look_for_the_store();
  look_for_the_donor();
  for (auto& [site, donation] : donations_) {
    if (is_there(donation.to)) donation.seen_at = services_.loop.now();
  }
  waiting_.notify();
}

void Run::pass_the_stop_on() {
  if (!kept_stop_ || !state_ || !member_->is_member()) return;
  const std::string reason = std::move(*kept_stop_);
  kept_stop_.reset();
  perform(member_->request_stop(reason));
}

// After the loop has written the event down.
void Run::look_for_the_planned_end() {
  if (!state_ || !state_->death || !state_->death->reached()) return;
  if (state_->death->waits_for_arrivals() && !mesh_->all_acknowledged()) return;
  INTERTIE_CHECK(services_.die != nullptr);
  report_planned_death();
  services_.loop.post(services_.die);
}

// While it is away the members cannot change; whoever must wait for that, waits so long and no longer.
void Run::look_for_the_store() {
  const SiteId holder = members::Member::holder();
  const bool concerns = state_ && (member_->is_member() || member_->leaves());
  if (!concerns || settings_.self == holder || (left_.contains(holder) && settled_)) return;
  const env::TimePoint now = services_.loop.now();
  if (mesh_->reaches(holder)) {
    if (store_away_told_ != env::TimePoint{}) {
      record("store.back", {{"peer", name(holder)}, {"seconds", seconds_of(now - *store_away_since_)}});
    }
    store_away_since_.reset();
    store_away_told_ = {};
    return;
  }
  if (!store_away_since_) store_away_since_ = now;
  const Duration away = now - *store_away_since_;
  const bool waits = state_->meter.phase == Meter::Phase::waiting || ends_with(state_->progress);
  if (away > settings_.store_wait && waits) {
    return waiting_.fail({.code = ErrorCode::store_away,
                          .where = mesh_->describe(holder) + ", " + phase(),
                          .what = fmt::format("holds the store, and was away for {}", to_string(away)),
                          .fix = "bring that site back, then start all sites with --resume",
                          .cause = {}});
  }
  const bool due = store_away_told_ == env::TimePoint{} || now - store_away_told_ > std::chrono::seconds(30);
  if (away < settings_.lost_after || !due) return;
  store_away_told_ = now;
  record("store.away",
         {{"peer", name(holder)},
          {"seconds", seconds_of(away)},
          {"message", fmt::format("the members cannot change; this site {}, and gives up after {}",
                                  waits ? "waits" : "goes on until it has to wait", to_string(settings_.store_wait))}});
}

// A site that comes gets everything from one member; if that goes, it begins anew.
void Run::look_for_the_donor() {
  if (!state_ || !fetch_ || !fetch_->begun() || makes_the_next() || member_->leaves()) return;
  const SiteId donor = fetch_->donor();
  const bool same_start = mesh_->incarnation(donor) == donor_start_;
  const bool has_all = fetched_ || fetch_->whole();
  if (same_start && (mesh_->reaches(donor) || (left_.contains(donor) && has_all))) {
    donor_away_since_.reset();
    return;
  }
  const env::TimePoint now = services_.loop.now();
  if (!donor_away_since_) donor_away_since_ = now;
  if (same_start && now - *donor_away_since_ < settings_.lost_after) return;
  if (left_.contains(donor)) {
    return waiting_.fail({.code = ErrorCode::retry,
                          .where = mesh_->describe(donor),
                          .what = "the run ended before this site had its state",
                          .fix = "to go on from its end, start all sites with --resume",
                          .cause = {}});
  }
  waiting_.fail({.code = ErrorCode::rejoin,
                 .where = mesh_->describe(donor),
                 .what = "gave this site the state of the run, and is gone",
                 .fix = "another member is asked",
                 .cause = {}});
}

void Run::route_changed(SiteId site, const links::Route& route, const Error* why) {
  waiting_.notify();
  if (ended_) return;                                      // the others' ends are no news
  if (route.direct && detoured_.erase(site) == 0) return;  // the first way: it is connected, and that is said
  if (!route.direct) detoured_.insert(site);
  const std::string state = route.direct ? "direct" : route.relay ? "relayed" : "cut";
  record("link.changed", {{"peer", name(site)},
                          {"state", state},
                          {"relay", route.relay ? name(*route.relay) : std::string()},
                          {"message", why && !route.direct ? why->message() : std::string()}});
}

// Another site will not have this start of this site. Once the run goes on here, whoever says so is a site that came back with
// something else, and has no say.
void Run::refused(SiteId site, Error error) {
  if (error.code == ErrorCode::rejoin) {
    const bool decides = site == members::Member::holder();
    const ViewNumber own = member_->view() ? member_->view()->number : ViewNumber{};
    if (!decides && mesh_->view_of(site) < own) return;
    if (member_->is_member()) report_fenced(mesh_->view_of(site));
    if (member_->leaves()) return waiting_.fail(left_without_it());
    return waiting_.fail(std::move(error));
  }
  if (!state_) return waiting_.fail(std::move(error));
  report_refused(error);
}

void Run::broken(SiteId site, Error error) {
  if (member_->view()) return perform(member_->complain(site, mesh_->incarnation(site), error.message()));
  error.where = mesh_->describe(site) + ", " + phase();
  waiting_.fail(std::move(error));
}

// ---- sites that come ----

bool Run::is_there(const wire::MemberRecord& member) const {
  return mesh_->incarnation(member.site) == member.incarnation && mesh_->reaches(member.site);
}

// One that cannot be reached for long begins anew by itself; meanwhile nothing is kept for it.
bool Run::still_wanted(Donation& donation) {
  const SiteId to = donation.to.site;
  if (mesh_->incarnation(to) > donation.to.incarnation) return false;
  const env::TimePoint now = services_.loop.now();
  if (donation.begun && now - donation.seen_at > settings_.lost_after) {
    mesh_->fence(to, donation.to.incarnation, member_->view()->number, "was away while it was given the state of the run");
    return false;
  }
  if (is_too_slow(donation)) {
    mesh_->fence(to, donation.to.incarnation, member_->view()->number,
                 "takes the state of the run more slowly than the members merge");
    return false;
  }
  const Membership* made_this = state_->membership(state_->version());
  return !made_this || std::find(made_this->members.begin(), made_this->members.end(), donation.to) == made_this->members.end();
}

// Memory here is what waits for its line.
bool Run::is_too_slow(const Donation& donation) {
  Bytes copy;
  for (const NamedArray& array : transferred_arrays(*state_)) copy.value += array.values.size_bytes();
  const Bytes waiting = mesh_->link(donation.to.site)->session().unacknowledged_bytes(wire::StreamClass::bulk);
  return waiting.value > copy.value + most_behind(services_.model.layout().num_elements).value;
}

bool Run::copies_wanted() const {
  return std::any_of(donations_.begin(), donations_.end(),
                     [this](const auto& each) { return !each.second.begun && is_there(each.second.to); });
}

// Between two merges: a copy of the state for whoever has none, the result of the last merge for those who have.
Task<Result<env::Done>> Run::give_state(const MergeReport* applied) {
  for (auto donation = donations_.begin(); donation != donations_.end();) {
    donation = still_wanted(donation->second) ? std::next(donation) : donations_.erase(donation);
  }
  const bool copies = copies_wanted();
  const bool results =
      applied && std::any_of(donations_.begin(), donations_.end(), [](const auto& e) { return e.second.begun; });
  if (!copies && !results) co_return env::Done{};
  std::vector<ArrayCopy> state;
  ArrayCopy result;
  std::span<const float> sum;
  if (results) sum = state_->rounds.at(applied->merge.version).execution().result();
  std::function<void()> work = [&] {
    if (copies) {
      for (const NamedArray& array : transferred_arrays(*state_)) state.push_back(copy_of(array.name, array.values));
    }
    if (results) result = copy_of("result", sum);
  };
  co_await env::run_on(services_.loop, services_.worker, std::move(work));
  for (auto& [site, donation] : donations_) {
    if (donation.begun && applied) give_result(donation, result);
    if (!donation.begun && copies && is_there(donation.to)) give_copy(donation, state);
  }
  co_return env::Done{};
}

void Run::give_copy(Donation& donation, const std::vector<ArrayCopy>& copies) {
  donation.begun = true;
  wire::StateBegin begin{.number = donation.number, .restart = state_->restart, .progress = state_->progress, .arrays = {}};
  for (const ArrayCopy& copy : copies) begin.arrays.push_back({copy.name, copy.bytes.size() / sizeof(float), copy.hash});
  mesh_->send_data(donation.to.site, wire::StreamClass::bulk, begin);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const wire::StatePart head{.number = donation.number,
                               .version = state_->version(),
                               .array = static_cast<std::uint16_t>(i),
                               .first = 0,
                               .payload = {}};
    for (const wire::StatePart& part : parts_of(copies[i], head)) {
      mesh_->send_data(donation.to.site, wire::StreamClass::bulk, part);
    }
  }
}

void Run::give_result(const Donation& donation, const ArrayCopy& result) {
  const wire::StatePart head{.number = donation.number,
                             .version = state_->version(),
                             .array = static_cast<std::uint16_t>(transferred_arrays(*state_).size()),
                             .first = 0,
                             .payload = {}};
  for (const wire::StatePart& part : parts_of(result, head)) {
    mesh_->send_data(donation.to.site, wire::StreamClass::bulk, part);
  }
  mesh_->send_data(donation.to.site, wire::StreamClass::bulk, wire::Replay{donation.number, state_->progress});
}

}  // namespace intertie::sync
