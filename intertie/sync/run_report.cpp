// What a run records: its events and their figures (docs/events.md).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "intertie/sync/run.h"

namespace intertie::sync {
namespace {

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }
double per(double amount, double time) { return time > 0 ? amount / time : 0; }

}  // namespace

void Run::record(std::string name, std::vector<std::pair<std::string, Event::Value>> fields) {
  services_.events.record({std::move(name), std::move(fields)});
}

std::string Run::names(const std::vector<SiteId>& sites) const {
  std::vector<std::string> all;
  for (const SiteId site : sites) all.push_back(name(site));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::int64_t Run::step() const { return number(state_->progress.step); }

std::int64_t Run::tokens() const { return number(state_->progress.tokens); }

// Who makes the next version, as far as is known here.
std::vector<SiteId> Run::present_members() const {
  const std::vector<SiteId> members = state_->members(state_->version().next());
  return members.empty() ? std::vector{settings_.self} : members;
}

Bytes Run::bytes_sent() const {
  Bytes total;
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    if (const links::Link* link = mesh_->link(SiteId{i})) total = total + link->bytes_sent();
  }
  return total;
}

Bytes Run::bytes_received() const {
  Bytes total;
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    if (const links::Link* link = mesh_->link(SiteId{i})) total = total + link->bytes_received();
  }
  return total;
}

void Run::report_connected(SiteId site) {
  std::int64_t num_streams = 0;
  for (const links::PathSettings& path : settings_.paths[site.value]) num_streams += path.num_merge_streams;
  record("site.connected", {{"peer", settings_.site_names[site.value]},
                            {"address", env::to_string(settings_.addresses[site.value])},
                            {"streams", num_streams},
                            {"congestion_control", mesh_->link(site)->congestion_control()}});
}

void Run::report_path(SiteId site, std::uint16_t path, const Error* why) {
  if (ended_) return;  // the others' ends are no news
  record("path.changed", {{"peer", name(site)},
                          {"path", std::int64_t{path}},
                          {"state", std::string(why ? "down" : "up")},
                          {"message", why ? why->message() : std::string()}});
}

// While the others are missing, so that nobody wonders what goes on.
void Run::report_waiting() {
  if (started_with_ || fetched_) return;
  const std::string whom = mesh_->all_connected() ? member_->waits_for() : mesh_->missing();
  std::string listening;
  for (const env::Address& address : listens_at()) listening += (listening.empty() ? "" : ", ") + env::to_string(address);
  record("start.waiting", {{"listening", listening}, {"message", whom}});
  waiting_timer_ = services_.loop.call_after(settings_.progress_every, [this] { report_waiting(); });
}

// Anybody who reaches the port can be refused, so only one a second is told of.
void Run::report_refused(const Error& error) {
  const env::TimePoint now = services_.loop.now();
  ++refusals_.since;
  if (refusals_.reported_at != env::TimePoint{} && now - refusals_.reported_at < std::chrono::seconds(1)) return;
  const std::string more = refusals_.since > 1 ? fmt::format(" (and {} more before it)", refusals_.since - 1) : std::string();
  refusals_ = {now, 0};
  record("connection.refused", {{"message", error.message() + more}});
}

void Run::report_resumed(const std::string& folder, int threads_then) {
  record("run.resumed", {{"step", step()},
                         {"tokens", tokens()},
                         {"version", number(state_->version().value)},
                         {"restart", std::int64_t{state_->restart.value}},
                         {"checkpoint", folder}});
  if (threads_then == settings_.train.threads) return;
  record("warning", {{"message", fmt::format("resumed with {} threads where the checkpoint was made with {}: the run goes on, "
                                             "but not bit for bit as it would have",
                                             settings_.train.threads, threads_then)}});
}

std::uint64_t Run::tokens_per_step(const std::vector<SiteId>& members) const {
  std::uint64_t sum = 0;
  for (const SiteId member : members) sum += state_->timetable.tokens_of(member);
  return sum;
}

// By the pace of what is committed: a step counts only when its merge is done. What the open merge takes longer than others did
// brings the end no nearer. NaN before the first commit, and while the run stands.
double Run::eta_seconds() const {
  constexpr double kStands = 10;  // s
  const auto committed = static_cast<double>(committed_.step - started_.step);
  const std::uint64_t num_steps = state_->timetable.num_steps(state_->progress, present_members());
  const auto left = static_cast<double>(num_steps - std::min(num_steps, committed_.step));
  const double step = per(seconds_of(committed_.at - started_.at), committed);
  const double merge = step * (settings_.sync.method == Method::diloco ? settings_.sync.every : 1);
  const double open = seconds_of(services_.loop.now() - committed_.at);
  const double eta = left * step - std::min(open, merge);
  return committed > 0 && eta > 0 && open < merge + kStands ? eta : std::nan("");
}

// Every progress_every: what happened since the last time, or the start.
void Run::report_progress() {
  const env::TimePoint now = services_.loop.now();
  const double elapsed = seconds_of(now - reported_at_);
  Meter& meter = state_->meter;
  meter.count(now);
  const std::uint64_t steps = meter.steps - reported_.steps;
  if (elapsed > 0) {
    const Timetable& timetable = state_->timetable;
    const std::uint64_t num_steps = timetable.num_steps(state_->progress, present_members());
    const std::uint64_t ahead = meter.steps - std::min(meter.steps, committed_meter_steps_);
    const std::uint64_t done = std::min(num_steps, state_->progress.step + ahead);
    const std::uint64_t trained = (done - state_->progress.step) * tokens_per_step(present_members());
    if (steps > 0) last_loss_ = (meter.loss - reported_.loss) / static_cast<double>(steps);
    const auto share = [elapsed](Duration a, Duration b) { return std::max(0.0, per(seconds_of(a - b), elapsed)); };
    record("progress", {{"step", number(done)},
                        {"num_steps", number(num_steps)},
                        {"tokens", number(state_->progress.tokens + trained)},
                        {"loss", last_loss_},
                        {"lr", meter.learning_rate},
                        {"gradient_norm", meter.gradient_norm},
                        {"tokens_per_second", per(static_cast<double>(steps * timetable.tokens_of(settings_.self)), elapsed)},
                        {"computing_share", share(meter.computing, reported_.computing)},
                        {"waiting_share", share(meter.waiting, reported_.waiting)},
                        {"encoding_share", share(meter.encoding, reported_.encoding)},
                        {"eta_seconds", eta_seconds()}});
    report_links();
    warn_of_a_long_wait();
    reported_ = meter;
    reported_at_ = now;
  }
  progress_timer_ = services_.loop.call_after(settings_.progress_every, [this] { report_progress(); });
}

// A rate over less would be that of a chunk which a buffer took at once.
void Run::report_links() {
  constexpr Duration kSample = std::chrono::milliseconds(1);
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    const links::Link* link = mesh_->link(SiteId{i});
    if (!link) continue;
    const links::Link::Transfer all = link->transfer();
    const links::Link::Transfer before = std::exchange(reported_transfers_[SiteId{i}], all);
    const double bits = 8.0 * static_cast<double>(all.bytes.value - before.bytes.value);
    const Duration time = all.time - before.time;
    record("link.measured",
           {{"peer", settings_.site_names[i]},
            {"mbit_per_second", time >= kSample ? bits / seconds_of(time) / 1e6 : std::nan("")},
            {"rtt_ms", 1e3 * seconds_of(link->round_trip())},
            {"bytes_sent", number((services_.sums.sent_to[SiteId{i}] + link->bytes_sent()).value)},
            {"bytes_received", number((services_.sums.received_from[SiteId{i}] + link->bytes_received()).value)}});
  }
}

// A merge waits as long as its links are alive; a person should know for whom.
void Run::warn_of_a_long_wait() {
  constexpr Duration kLong = std::chrono::seconds(30);
  const env::TimePoint now = services_.loop.now();
  const Meter& meter = state_->meter;
  if (meter.phase != Meter::Phase::waiting ||
      now - std::max(meter.phase_began, warned_at_.value_or(meter.phase_began)) < kLong) {
    return;
  }
  const Round* round = state_->round(state_->version().next());
  if (!round) return;
  std::string names;
  for (const SiteId site : round->waits_for()) names += (names.empty() ? "" : ", ") + mesh_->describe(site);
  record("warning", {{"message", fmt::format("{} has waited {} for {}", phase(), to_string(now - meter.phase_began), names)}});
  warned_at_ = now;
}

void Run::report_merge(const MergeReport& report, const Meter& before) {
  const Meter& now = state_->meter;
  const Bytes sent = bytes_sent();
  const Bytes received = bytes_received();
  record("merge.committed", {{"fragment", std::int64_t{report.merge.fragment.value}},
                             {"version", number(report.merge.version.value)},
                             {"step", step()},
                             {"set_size", number(report.set.size())},
                             {"set", names(report.set)},
                             {"steps", std::int64_t{report.lap.steps}},
                             {"merge_tokens", number(state_->progress.tokens - report.before.tokens)},
                             {"loss", report.loss},
                             {"gradient_norm", report.gradient_norm},
                             {"lr", report.learning_rate},
                             {"seconds_computing", seconds_of(now.computing - before.computing)},
                             {"seconds_waiting", seconds_of(now.waiting - before.waiting)},
                             {"seconds_encoding", seconds_of(now.encoding - before.encoding)},
                             {"duplicates", number(report.num_duplicates)},
                             {"bytes_sent", number(sent.value - merged_sent_.value)},
                             {"bytes_received", number(received.value - merged_received_.value)}});
  if (report.ordered) report_order(report);
  report_lost_samples(report);
  committed_ = {services_.loop.now(), state_->progress.step};
  committed_meter_steps_ = state_->meter.steps;
  merged_sent_ = sent;
  merged_received_ = received;
}

void Run::report_order(const MergeReport& report) {
  std::vector<SiteId> without = report.lap.members;
  std::erase_if(without,
                [&](SiteId site) { return std::find(report.set.begin(), report.set.end(), site) != report.set.end(); });
  std::vector<SiteId> saved = report.set;
  std::erase_if(saved, [this](SiteId site) { return member_->has(site); });
  record("merge.ordered", {{"version", number(report.merge.version.value)},
                           {"order", std::string(report.order == wire::OrderKind::adopt ? "adopt" : "re-sum")},
                           {"set", names(report.set)},
                           {"without", names(without)},
                           {"saved", names(saved)}});
}

void Run::report_flush(const wire::FlushReport& report) {
  const Version open = report.applied.next();
  const auto merge = std::find_if(report.merges.begin(), report.merges.end(),
                                  [open](const wire::OpenMerge& each) { return each.merge.version == open; });
  std::size_t chunks = 0;
  std::size_t results = 0;
  std::vector<std::string> contributions;
  if (merge != report.merges.end()) {
    chunks = merge->num_chunks;
    results = merge->results.count();
    for (std::size_t i = 0; i < merge->members.size(); ++i) {
      contributions.push_back(fmt::format("{} {}", name(merge->members[i].site), merge->contributions[i].count()));
    }
  }
  record("flush.answered", {{"view", number(report.number.value)},
                            {"applied", number(report.applied.value)},
                            {"chunks", number(chunks)},
                            {"results", number(results)},
                            {"contributions", fmt::format("{}", fmt::join(contributions, ", "))}});
}

void Run::report_planned_death() {
  const DeathWatch& death = *state_->death;
  std::vector<std::string> shares;
  for (const auto& [site, share] : death.shares()) {
    shares.push_back(fmt::format("{}: contribution {}/{}, results {}/{}", name(site), share.contributions,
                                 share.all_contributions, share.results, share.all_results));
  }
  record("site.dies", {{"version", number(death.plan().version.value)},
                       {"place", std::string(name_of(death.plan().place))},
                       {"arrived", fmt::format("{}", fmt::join(shares, "; "))}});
}

// Told by everybody who makes the merge, since any of the others may be gone. The samples were drawn and nobody draws them
// again.
void Run::report_lost_samples(const MergeReport& report) {
  for (const SiteId site : report.lap.members) {
    if (std::find(report.set.begin(), report.set.end(), site) != report.set.end()) continue;
    std::vector<std::string> ranges;
    for (std::uint32_t step = 0; step < report.lap.steps; ++step) {
      const wire::SampleRange range = state_->timetable.samples_of(report.lap, site, step);
      ranges.push_back(fmt::format("{}-{}", range.first, range.first + range.count - 1));
    }
    record("samples.lost", {{"peer", name(site)},
                            {"version", number(report.merge.version.value)},
                            {"samples", fmt::format("{}", fmt::join(ranges, ", "))},
                            {"lost_tokens", number(state_->timetable.tokens_of(site) * report.lap.steps)}});
  }
}

void Run::report_view(const wire::View& view) {
  std::vector<SiteId> members;
  for (const wire::MemberRecord& member : view.members) members.push_back(member.site);
  record("view.entered", {{"view", number(view.number.value)},
                          {"members", names(members)},
                          {"num_members", number(members.size())},
                          {"from_version", number(view.from_version.value)},
                          {"reason", view.reason.text()}});
}

// Once: each of the others says so.
void Run::report_fenced(ViewNumber view) {
  if (waiting_.failure()) return;
  const std::uint64_t steps = state_ ? state_->meter.steps - std::min(state_->meter.steps, committed_meter_steps_) : 0;
  record("site.fenced", {{"view", number(view.value)},
                         {"version", number(state_ ? state_->version().value : 0)},
                         {"lost_tokens", number(steps * (state_ ? state_->timetable.tokens_of(settings_.self) : 0))}});
}

void Run::report_evaluation(double loss, Duration took) {
  last_validation_loss_ = loss;
  record("evaluation", {{"step", step()},
                        {"tokens", tokens()},
                        {"loss", loss},
                        {"num_batches", number(services_.validation->num_batches())},
                        {"seconds", seconds_of(took)}});
}

void Run::report_checkpoint(const checkpoint::Written& written, Duration took) {
  record("checkpoint.written", {{"step", step()},
                                {"version", number(state_->version().value)},
                                {"restart", std::int64_t{state_->restart.value}},
                                {"folder", written.folder},
                                {"bytes", number(written.bytes)},
                                {"seconds", seconds_of(took)}});
}

void Run::report_stopping(Version version, const std::string& reason) {
  record("run.stopping", {{"step", step()}, {"version", number(version.value)}, {"reason", reason}});
}

// At the end of this start.
void Run::add_to_sums() {
  ProcessSums& sums = services_.sums;
  for (std::uint16_t i = 0; mesh_ && i < settings_.site_names.size(); ++i) {
    const links::Link* link = mesh_->link(SiteId{i});
    if (!link) continue;
    sums.sent_to[SiteId{i}] = sums.sent_to[SiteId{i}] + link->bytes_sent();
    sums.received_from[SiteId{i}] = sums.received_from[SiteId{i}] + link->bytes_received();
  }
  if (!state_) return;
  Meter& meter = state_->meter;
  meter.count(services_.loop.now());
  sums.computing += meter.computing;
  sums.waiting += meter.waiting;
  sums.encoding += meter.encoding;
  sums.tokens += meter.steps * state_->timetable.tokens_of(settings_.self);
}

void Run::report_finished(const Outcome& outcome) {
  const ProcessSums& sums = services_.sums;
  const double elapsed = seconds_of(services_.loop.now() - *sums.began);
  const auto total = [](const std::map<SiteId, Bytes>& by_site) {
    std::uint64_t bytes = 0;
    for (const auto& [site, of_site] : by_site) bytes += of_site.value;
    return number(bytes);
  };
  const Meter& meter = state_->meter;
  const std::uint64_t recent = meter.steps - reported_.steps;
  if (recent > 0) last_loss_ = (meter.loss - reported_.loss) / static_cast<double>(recent);
  record("run.finished", {{"step", step()},
                          {"tokens", number(outcome.tokens)},
                          {"complete", !outcome.stopped},
                          {"left", outcome.left},
                          {"loss", last_loss_},
                          {"validation_loss", last_validation_loss_},
                          {"seconds", elapsed},
                          {"tokens_per_second", per(static_cast<double>(sums.tokens), elapsed)},
                          {"computing_share", per(seconds_of(sums.computing), elapsed)},
                          {"waiting_share", per(seconds_of(sums.waiting), elapsed)},
                          {"encoding_share", per(seconds_of(sums.encoding), elapsed)},
                          {"bytes_sent", total(sums.sent_to)},
                          {"bytes_received", total(sums.received_from)},
                          {"parameters_hash", to_string(outcome.parameters)}});
}

void Run::report_error(const Error& error) {
  record("error", {{"code", std::string(to_string(error.code))}, {"message", error.message()}});
}

}  // namespace intertie::sync
