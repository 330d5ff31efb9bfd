#include "intertie/trial/merge_trial.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/codec/codec.h"
#include "intertie/reduce/measured_map.h"
#include "intertie/reduce/planned_ways.h"
#include "intertie/trial/made_up.h"

namespace intertie::trial {

using env::Done;
using env::Task;
using env::TimePoint;

namespace {

constexpr SiteId kAsks{0};  // for the probe, and says what follows from it
constexpr FragmentId kFragment{0};
constexpr Contribution kContribution{1};
constexpr std::uint64_t kMostEarly = 16;  // bytes an element and site: a contribution and a result in f32 are 8
constexpr std::size_t kStreams = 1;       // of a paced link
constexpr double kPace = 0.98;  // of what the schedule gives it: a line that is filled to the brim overflows with every burst
constexpr Duration kDirectWait = std::chrono::seconds(5);   // for links between sites that reach each other over others
constexpr Duration kPartingTime = std::chrono::seconds(3);  // for the last acknowledgements, and for closing

SharedBytes encode_chunk(Encoding encoding, std::span<const float> values) {
  std::vector<std::byte> encoded(codec::encoded_size(encoding, values.size()));
  codec::encode(encoding, values, encoded);
  return SharedBytes(std::move(encoded));
}

// What the sum of the blocks must be, bit for bit.
std::vector<float> expected_sum(const MergeTrialSettings& settings, std::span<const reduce::SetMember> set,
                                const ElementRange& range) {
  std::vector<float> values(range.size()), sum(range.size());
  for (std::size_t i = 0; i < set.size(); ++i) {
    make_up(settings.seed, set[i].site, range.first, values);
    const SharedBytes encoded = encode_chunk(settings.encoding, values);
    const auto add = i == 0 ? codec::decode_scaled : codec::decode_add_scaled;
    add(settings.encoding, encoded.view(), set[i].weight, sum);
  }
  if (settings.schedule.reduction == wire::Reduction::owners) {
    codec::decode(settings.result_encoding, encode_chunk(settings.result_encoding, sum).view(), sum);
  }
  return sum;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(std::as_bytes(a), std::as_bytes(b));
}

// Of the first link that there is.
std::string congestion_control_of(const links::Mesh& mesh, std::uint16_t num_sites) {
  for (std::uint16_t site = 0; site < num_sites; ++site) {
    const links::Link* link = mesh.link(SiteId{site});
    if (link && link->has_control()) return link->congestion_control();
  }
  return "none";
}

// The shortest and the longest of the links that there are; 0 as long as it is not known.
std::pair<Duration, Duration> round_trips_of(const links::Mesh& mesh, std::uint16_t num_sites) {
  std::vector<Duration> round_trips;
  for (std::uint16_t site = 0; site < num_sites; ++site) {
    const links::Link* link = mesh.link(SiteId{site});
    if (link && link->route().direct) round_trips.push_back(link->round_trip());
  }
  if (round_trips.empty()) return {};
  const auto [shortest, longest] = std::minmax_element(round_trips.begin(), round_trips.end());
  return {*shortest, *longest};
}

bool reaches_all(const links::Mesh& mesh, std::uint16_t num_sites) {
  for (std::uint16_t site = 0; site < num_sites; ++site) {
    if (!mesh.reaches(SiteId{site})) return false;
  }
  return true;
}

}  // namespace

MergeTrial::MergeTrial(MergeTrialSettings settings, Services services, Handlers handlers)
    : settings_(std::move(settings)),
      services_(services),
      handlers_(std::move(handlers)),
      waiting_(services.loop),
      mesh_(services.loop, services.network, settings_.mesh, mesh_handlers()),
      probe_(services.loop, mesh_, self(), num_sites()) {}

links::Mesh::Handlers MergeTrial::mesh_handlers() {
  return {.message = [this](SiteId from, wire::Message message) { receive(from, std::move(message)); },
          .connected = [this](SiteId) { waiting_.notify(); },
          .appeared =
              [this](SiteId site) {
                if (set_.empty()) return waiting_.notify();
                waiting_.fail(Error{.code = ErrorCode::retry,
                                    .where = mesh_.describe(site),
                                    .what = "was started again in the middle of the merges",
                                    .fix = "start all sites again",
                                    .cause = {}});
              },
          .route =
              [this](SiteId site, const links::Route& route, const Error* why) {
                const char* way = route.direct ? "direct" : route.relay ? "over another site" : "gone";
                if (why) handlers_.note(fmt::format("the way to {} is {}: {}", mesh_.describe(site), way, why->message()));
                waiting_.notify();
              },
          .path =
              [this](SiteId site, std::uint16_t path, const Error* why) {
                handlers_.note(fmt::format("path {} to {} is {}{}", path, mesh_.describe(site), why ? "down: " : "up",
                                           why ? why->message() : ""));
              },
          .broken = [this](SiteId, Error error) { waiting_.fail(std::move(error)); },
          .beat =
              [this] {
                look_for_the_lost();
                waiting_.notify();
              },
          .closed = [this] { waiting_.notify(); },
          .refused = [this](const Error& error) { handlers_.note("refused: " + error.message()); },
          .failed = [this](SiteId, Error error) { waiting_.fail(std::move(error)); },
          .round_trip = [this](Duration time) { round_trips_.push_back(time); }};
}

void MergeTrial::stop() {
  waiting_.fail(Error{.code = ErrorCode::cancelled, .where = {}, .what = "stopped", .fix = {}, .cause = {}});
}

// ---- what comes ----

void MergeTrial::receive(SiteId from, wire::Message message) {
  if (const auto* order = std::get_if<wire::ProbeOrder>(&message); order && from == kAsks) return probe(*order);
  if (auto* report = std::get_if<wire::ProbeReport>(&message)) reports_[from] = std::move(*report);
  if (auto* view = std::get_if<wire::View>(&message); view && from == kAsks) schedule_ = std::move(view->schedule);
  if (std::holds_alternative<wire::Farewell>(message)) done_.insert(from);
  waiting_.notify();
  auto* chunk = std::get_if<wire::Chunk>(&message);
  if (!chunk) return;
  if (set_.empty()) {
    early_bytes_ = early_bytes_ + Bytes{chunk->payload.size()};
    if (early_bytes_.value > kMostEarly * num_sites() * settings_.schedule.elements) return waiting_.fail(too_early(from));
    early_.emplace_back(from, std::move(*chunk));
  } else {
    take(from, *chunk);
  }
}

void MergeTrial::take(SiteId from, const wire::Chunk& chunk) {
  const Version version = chunk.merge.version;
  // Nobody is more than one merge ahead of another, since each needs everybody's contribution.
  const bool known =
      !executions_.empty() && version >= executions_.begin()->first && version <= executions_.begin()->first.next();
  reduce::Sends sends;
  const Result<void> taken = known ? execution(version).receive(chunk, sends)
                                   : Error{.code = ErrorCode::give_up,
                                           .where = mesh_.describe(from),
                                           .what = fmt::format("a chunk of merge {}, which is not open", version.value),
                                           .fix = {},
                                           .cause = {}};
  if (!taken) return waiting_.fail(taken.error());
  send(std::move(sends));
  if (execution(version).committed()) waiting_.notify();
}

void MergeTrial::send(reduce::Sends sends) {
  for (const reduce::Send& each : sends) mesh_.send_data(each.to, wire::StreamClass::merge, each.message);
}

reduce::Execution& MergeTrial::execution(Version version) {
  if (const auto found = executions_.find(version); found != executions_.end()) return found->second;
  std::vector<float> result = std::move(spare_result_);
  result.resize(settings_.schedule.elements);
  const reduce::Execution::Settings settings{.merge = {kFragment, version},
                                             .view = ViewNumber{1},
                                             .self = self(),
                                             .incarnation = mesh_.incarnation(self()),
                                             .restart = {},
                                             .num_sites = num_sites(),
                                             .contribution_encoding = settings_.encoding,
                                             .result_encoding = settings_.result_encoding};
  return executions_.try_emplace(version, settings, settings_.schedule, set_, std::move(result)).first->second;
}

MergeTrial::Traffic MergeTrial::traffic() const {
  Traffic all;
  for (std::uint16_t site = 0; site < num_sites(); ++site) {
    const links::Link* link = mesh_.link(SiteId{site});
    if (!link) continue;
    all.sent = all.sent + link->bytes_sent();
    all.received = all.received + link->bytes_received();
  }
  return all;
}

void MergeTrial::note_links(MergeTrialReport& report) const {
  for (std::uint16_t site = 0; site < num_sites(); ++site) {
    const links::Link* link = mesh_.link(SiteId{site});
    if (!link) continue;
    report.num_streams = std::max(report.num_streams, link->num_used_streams());
    report.lost = report.lost + link->session().bytes_lost();
    report.sent_again = report.sent_again + link->session().bytes_sent_again();
  }
}

// In beats, so that a machine that stood still does not take the others for lost. What went wrong a note has said.
void MergeTrial::look_for_the_lost() {
  if (set_.empty()) return;
  const Duration beat = settings_.mesh.timing.beat_every;
  for (std::uint16_t i = 0; i < num_sites(); ++i) {
    const SiteId site{i};
    if (site == self() || done_.contains(site)) continue;
    const links::Link& link = *mesh_.link(site);
    const auto heard = link.heard_at();
    const bool near = link.route().relay || (heard && services_.loop.now() - *heard <= beat);
    silent_[site] = near ? Duration(0) : silent_[site] + beat;
    if (silent_[site] <= settings_.lost_after) continue;
    return waiting_.fail({.code = ErrorCode::retry,
                          .where = mesh_.describe(site),
                          .what = fmt::format("lost in the middle of the merges: nothing was heard of it for {}",
                                              to_string(settings_.lost_after)),
                          .fix = "look there why it has ended, and start all sites again",
                          .cause = {}});
  }
}

Error MergeTrial::late(const std::string& what) const {
  return {.code = ErrorCode::retry,
          .where = "bench merge",
          .what = what,
          .fix = "start the bench at every site with the same run file and options; check addresses, certificates and lines",
          .cause = {}};
}

Error MergeTrial::too_early(SiteId from) const {
  return {.code = ErrorCode::give_up,
          .where = mesh_.describe(from),
          .what = "sent more of merges than there is before this site was ready",
          .fix = "compare `intertie version` at all sites",
          .cause = {}};
}

// ---- the course of it ----

Task<Result<Done>> MergeTrial::connect() {
  INTERTIE_CO_RETURN_IF_ERROR(mesh_.start());
  // Without a probe nobody says what goes over whom, so every two sites have a link.
  std::function<bool()> all = [this] {
    return settings_.probed_work ? reaches_all(mesh_, num_sites()) : mesh_.all_connected();
  };
  std::function<Error()> missing = [this] {
    return late(fmt::format("after {} still missing: {}", to_string(settings_.start_wait), mesh_.missing()));
  };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(all), services_.loop.now() + settings_.start_wait, missing));
  if (!mesh_.all_connected()) {
    co_await waiting_.at_most_until(services_.loop.now() + kDirectWait, [this] { return mesh_.all_connected(); });
    if (!mesh_.all_connected()) handlers_.note("over other sites: " + mesh_.missing());
  }
  if (settings_.probed_work) INTERTIE_CO_RETURN_IF_ERROR(co_await agree_on_the_schedule());
  before_ = traffic();
  before_.received = Bytes{before_.received.value - early_bytes_.value};  // which belongs to the merges
  begin_merges();
  co_return Done{};
}

void MergeTrial::begin_merges() {
  const float weight = 1.0F / static_cast<float>(num_sites());
  for (std::uint16_t site = 0; site < num_sites(); ++site) {
    set_.push_back({SiteId{site}, mesh_.incarnation(SiteId{site}), kContribution, weight});
  }
  execution(Version{1});
  for (const auto& [from, chunk] : std::exchange(early_, {})) take(from, chunk);
}

// ---- the probe ----

void MergeTrial::probe(const wire::ProbeOrder& order) {
  if (probe_.begun() || !links::Probe::is_sane(order)) return;
  probe_.begin(order, [this](wire::ProbeReport report) {
    if (self() == kAsks) {
      reports_[kAsks] = std::move(report);
    } else {
      mesh_.send(kAsks, std::move(report));
    }
    waiting_.notify();
  });
}

Result<wire::Schedule> MergeTrial::schedule_of_the_reports() {
  std::vector<wire::ProbeReport> reports;
  for (const auto& [site, report] : reports_) {
    INTERTIE_RETURN_IF_ERROR(reduce::check_report(report, site, num_sites()));
    reports.push_back(report);
  }
  const reduce::Map map = reduce::measured_map(settings_.mesh.identity.site_names, reports);
  INTERTIE_ASSIGN(reduce::Scheduled best, reduce::best_schedule(map, *settings_.probed_work));
  handlers_.scheduled(map, best);
  return std::move(best.schedule);
}

Task<Result<Done>> MergeTrial::agree_on_the_schedule() {
  std::vector<SiteId> all;
  for (std::uint16_t site = 0; site < num_sites(); ++site) all.push_back(SiteId{site});
  const auto all_measured = [this] { return round_trips_of(mesh_, num_sites()).first > Duration(0); };
  co_await waiting_.at_most_until(services_.loop.now() + kDirectWait, all_measured);
  const wire::ProbeOrder order = links::Probe::order_for(round_trips_of(mesh_, num_sites()).second);
  const Duration limit = links::Probe::takes(order, num_sites()) + settings_.start_wait;
  std::function<Error()> hangs = [this] { return late("the links were probed, and not all sites have said what they found"); };
  if (self() == kAsks) {
    mesh_.send(all, order);
    probe(order);
    std::function<bool()> told = [this] { return reports_.size() == num_sites(); };
    INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(told), services_.loop.now() + limit, hangs));
    INTERTIE_CO_ASSIGN(schedule_, schedule_of_the_reports());
    wire::View view;
    view.schedule = *schedule_;
    mesh_.send(all, view);
  }
  std::function<bool()> agreed = [this] { return schedule_.has_value(); };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(agreed), services_.loop.now() + limit, hangs));
  INTERTIE_CO_RETURN_IF_ERROR(reduce::validate(*schedule_, all, settings_.schedule.elements));
  follow_the_schedule();
  co_return Done{};
}

void MergeTrial::follow_the_schedule() {
  settings_.schedule = *schedule_;
  mesh_.plan(reduce::planned_ways(*schedule_, settings_.probed_work->element));
  for (const wire::Route& route : schedule_->routes) {
    if (route.from != self() || route.rate == 0) continue;
    mesh_.set_pacing(route.to, BitRate{kPace * static_cast<double>(route.rate)}, kStreams);
  }
}

// Encodes chunk by chunk while the first ones are on their way, as a training site does.
Task<Result<Duration>> MergeTrial::merge(Version version) {
  const TimePoint begun = services_.loop.now();
  reduce::Execution& open = execution(version);
  const std::vector<std::size_t> order = reduce::sending_order(open.slots(), self(), num_sites());
  std::function<void()> encode = [&] {
    for (const std::size_t slot : order) {
      const ElementRange range = elements_of(open.slots()[slot].blocks, contribution_.size());
      SharedBytes encoded = encode_chunk(settings_.encoding, std::span(contribution_).subspan(range.first, range.size()));
      services_.loop.post([this, version, slot, encoded = std::move(encoded), alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;
        reduce::Sends sends;
        execution(version).offer(slot, kContribution, encoded, sends);
        send(std::move(sends));
        waiting_.notify();
      });
    }
  };
  co_await env::run_on(services_.loop, services_.worker, std::move(encode));
  std::function<bool()> committed = [&open] { return open.committed(); };
  std::function<Error()> hangs = [&] {
    std::string words =
        fmt::format("merge {} was not done after {}; chunks missing", version.value, to_string(settings_.merge_wait));
    for (const reduce::SetMember& each : set_) {
      if (const std::size_t missing = open.num_missing_from(each.site); missing > 0) {
        words += fmt::format(" from {}: {}", mesh_.describe(each.site), missing);
      }
    }
    return late(words);
  };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(committed), begun + settings_.merge_wait, std::move(hangs)));
  co_return services_.loop.now() - begun;
}

Task<Result<Done>> MergeTrial::check_sum() {
  const reduce::Execution& last = executions_.begin()->second;
  bool same = true;
  std::function<void()> compare = [&] {
    for (const reduce::ChunkSlot& slot : last.slots()) {
      const ElementRange range = elements_of(slot.blocks, settings_.schedule.elements);
      same = same && same_bits(expected_sum(settings_, set_, range), last.result().subspan(range.first, range.size()));
    }
  };
  co_await env::run_on(services_.loop, services_.worker, std::move(compare));
  if (same) co_return Done{};
  co_return Error{.code = ErrorCode::give_up,
                  .where = "bench merge",
                  .what = "the sum is not that of the sites' contributions",
                  .fix = "this is a fault of the program or the machine; compare `intertie version` at all sites",
                  .cause = {}};
}

// Others may still wait for what this site has sent.
Task<Done> MergeTrial::all_acknowledged() {
  co_await waiting_.at_most_until(services_.loop.now() + kPartingTime, [this] { return mesh_.all_acknowledged(); });
  co_return Done{};
}

// What others send each other may go over this site until they have it.
Task<Done> MergeTrial::part() {
  for (std::uint16_t site = 0; site < num_sites(); ++site) {
    if (SiteId{site} != self()) mesh_.send(SiteId{site}, wire::Farewell{.finished = true});
  }
  std::function<bool()> done = [this] { return done_.size() + 1 == num_sites() && mesh_.all_acknowledged(); };
  co_await waiting_.at_most_until(services_.loop.now() + kPartingTime, std::move(done));
  mesh_.close_after_sending();
  co_await waiting_.at_most_until(services_.loop.now() + kPartingTime, [this] { return mesh_.closed(); });
  co_return Done{};
}

// The merges numbered from `first` on, and how long each took.
Task<Result<std::vector<Duration>>> MergeTrial::merges(std::uint32_t first, std::uint32_t count) {
  std::vector<Duration> took;
  TimePoint due = services_.loop.now();
  for (std::uint32_t number = first; number < first + count; ++number) {
    co_await waiting_.at_most_until(due, [this] { return waiting_.failure().has_value(); });
    due = services_.loop.now() + settings_.every;
    const Version version{number};
    close_before(version);
    INTERTIE_CO_ASSIGN(const Duration time, co_await merge(version));
    took.push_back(time);
    handlers_.merged(number, settings_.num_warm_ups + settings_.num_merges, time);
  }
  co_return took;
}

// Those of the sites that are ahead may come from now on.
void MergeTrial::close_before(Version version) {
  if (executions_.begin()->first == version) return;
  execution(version);
  spare_result_ = executions_.begin()->second.take_result();
  executions_.erase(executions_.begin());
}

Task<Result<MergeTrialReport>> MergeTrial::run() {
  contribution_.resize(settings_.schedule.elements);
  std::function<void()> make = [this] { make_up(settings_.seed, self(), 0, contribution_); };
  co_await env::run_on(services_.loop, services_.worker, std::move(make));
  INTERTIE_CO_RETURN_IF_ERROR(co_await connect());

  MergeTrialReport report;
  INTERTIE_CO_ASSIGN(report.warm_ups, co_await merges(1, settings_.num_warm_ups));
  co_await waiting_.at_most_until(services_.loop.now() + settings_.silence, [this] { return waiting_.failure().has_value(); });
  const TimePoint from = services_.loop.now();
  round_trips_.clear();
  handlers_.measuring();
  INTERTIE_CO_ASSIGN(report.merges, co_await merges(settings_.num_warm_ups + 1, settings_.num_merges));
  handlers_.measured();
  report.round_trips = std::move(round_trips_);
  std::sort(report.round_trips.begin(), report.round_trips.end());
  note_links(report);
  report.reduction = settings_.schedule.reduction;
  report.elapsed = services_.loop.now() - from;
  report.congestion_control = congestion_control_of(mesh_, num_sites());
  co_await all_acknowledged();
  report.sent = Bytes{traffic().sent.value - before_.sent.value};
  report.received = Bytes{traffic().received.value - before_.received.value};
  INTERTIE_CO_RETURN_IF_ERROR(co_await check_sum());
  report.result = hash_bytes(std::as_bytes(executions_.begin()->second.result()));
  co_await part();
  co_return report;
}

}  // namespace intertie::trial
