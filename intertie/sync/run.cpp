#include "intertie/sync/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/train/evaluate.h"

namespace intertie::sync {

using env::Done;
using env::Task;

Run::Run(RunSettings settings, RunServices services)
    : settings_(std::move(settings)),
      services_(services),
      waiting_(services.loop),
      hashes_(settings_.site_names, [this](Version version) { return reporters(version); }) {}

Run::~Run() {
  services_.loop.cancel(waiting_timer_);
  services_.loop.cancel(progress_timer_);
}

void Run::start(std::function<void(Result<Outcome>)> finished) {
  task_.emplace(main());
  task_->start(std::move(finished));
}

void Run::request_stop(const std::string& reason) {
  if (state_ && member_->is_member()) return perform(member_->request_stop(reason));
  if (members::Member::holder() == settings_.self && mesh_ && goes_on_elsewhere()) return request_stop_once_member(reason);
  waiting_.fail({.code = ErrorCode::cancelled, .where = "phase start", .what = "stopped: " + reason, .fix = {}, .cause = {}});
}

void Run::request_stop_once_member(const std::string& reason) {
  kept_stop_ = reason;
  pass_the_stop_on();
}

void Run::request_leave(const std::string& reason) {
  if (state_ && member_->is_member()) return perform(member_->request_leave(reason));
  leaves_early_ = members::Member::holder() != settings_.self;
  request_stop(reason);
}

Task<Result<Outcome>> Run::main() {
  Result<Outcome> outcome = co_await take_part();
  services_.loop.cancel(waiting_timer_);
  services_.loop.cancel(progress_timer_);
  std::optional<Error> error;
  if (!outcome) error = outcome.error();
  if (error) waiting_.fail(*error);  // what still arrives has no say any more
  add_to_sums();
  if (outcome) report_finished(*outcome);
  if (error && error->code != ErrorCode::rejoin) report_error(*error);
  wire::Farewell farewell{.finished = true, .code = ErrorCode::give_up, .reason = "complete"};
  if (error) farewell = {.finished = false, .code = error->code, .reason = error->message()};
  // Whoever waits for this site waits for a later start of it.
  if (leaves_early_ && farewell.code == ErrorCode::cancelled) farewell.code = ErrorCode::rejoin;
  if (outcome && outcome->left) farewell = {.finished = false, .code = ErrorCode::cancelled, .reason = "leaves"};
  if (outcome && outcome->left) co_await until_all_is_given();  // then the others hear that it has gone
  ended_ = true;
  co_await leave(std::move(farewell));
  co_return outcome;
}

// The run, from top to bottom.
Task<Result<Outcome>> Run::take_part() {
  INTERTIE_CO_RETURN_IF_ERROR(prepare());
  INTERTIE_CO_RETURN_IF_ERROR(co_await join());
  services_.loop.cancel(waiting_timer_);
  if (started_with_) INTERTIE_CO_RETURN_IF_ERROR(co_await go_on_from_checkpoint());
  reported_at_ = services_.loop.now();
  progress_timer_ = services_.loop.call_after(settings_.progress_every, [this] { report_progress(); });
  started_ = committed_ = {services_.loop.now(), state_->progress.step};
  if (!services_.sums.began) services_.sums.began = started_.at;
  runs_ = true;
  if (state_->flushing) report_for(*state_->flushing);
  while (!ends_with(state_->progress)) {
    if (!makes_the_next()) {
      if (member_->leaves()) break;
      INTERTIE_CO_RETURN_IF_ERROR(co_await follow());
      continue;
    }
    INTERTIE_CO_RETURN_IF_ERROR(co_await give_state(nullptr));
    const Meter before = state_->meter;
    INTERTIE_CO_ASSIGN(const MergeReport report, co_await merge(*state_));
    report_merge(report, before);
    INTERTIE_CO_RETURN_IF_ERROR(co_await go_on_or_die(report.merge.version));
    if (state_->flushing && state_->reported_for != state_->flushing) report_for(*state_->flushing);
    INTERTIE_CO_RETURN_IF_ERROR(co_await after_merge(report));
  }
  if (member_->leaves() && !ends_with(state_->progress)) INTERTIE_CO_RETURN_IF_ERROR(co_await write_checkpoint());
  // A holder that came back at the end is what the members still need.
  std::function<bool()> settled = [this] { return settled_ || !member_->is_needed(left_); };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(settled)));
  co_return outcome();
}

Outcome Run::outcome() const {
  const bool complete = state_->timetable.complete(state_->progress);
  return {.stopped = !complete,
          .left = !complete && member_->leaves() && !(stop_at_ && state_->version() == *stop_at_),
          .version = state_->version(),
          .tokens = state_->progress.tokens,
          .parameters = hash_bytes(std::as_bytes(services_.model.parameters()))};
}

bool Run::ends_with(const wire::Progress& progress) const {
  return state_->timetable.complete(progress) || (stop_at_ && progress.version >= *stop_at_);
}

// Who made the version and is still there to say what it got. A new start of a site has not made it.
std::vector<SiteId> Run::reporters(Version version) const {
  std::vector<SiteId> sites;
  const Membership* made = state_ ? state_->membership(version) : nullptr;
  for (const wire::MemberRecord& maker : made ? made->members : std::vector<wire::MemberRecord>()) {
    if (!member_->view() || member_->has_say(maker.site, maker.incarnation)) sites.push_back(maker.site);
  }
  return sites;
}

// A view says that this site makes the next version: not one that comes, and not one that leaves.
bool Run::makes_the_next() const {
  const Membership* who = state_->membership(state_->version().next());
  return who && who->has(settings_.self);
}

// A site that was told to die here does nothing more.
Task<Result<Done>> Run::go_on_or_die(Version applied) {
  if (!state_->death) co_return Done{};
  state_->death->applied(applied);
  std::function<bool()> lives = [this] { return !state_->death->reached(); };
  co_return co_await waiting_.until(std::move(lives));
}

// What may follow a version: comparing hashes, an evaluation, a checkpoint.
Task<Result<Done>> Run::after_merge(MergeReport report) {
  if (report.anchor_hash) {
    mesh_->send(report.lap.members, wire::AnchorHash{report.merge, *report.anchor_hash});
    INTERTIE_CO_RETURN_IF_ERROR(hashes_.add(settings_.self, report.merge.version, *report.anchor_hash));
  }
  INTERTIE_CO_RETURN_IF_ERROR(co_await give_state(&report));
  take_early();
  if (services_.validation && state_->timetable.falls_on(report.before, state_->progress, settings_.train.evaluate_every)) {
    INTERTIE_CO_RETURN_IF_ERROR(co_await evaluate());
  }
  const bool ends = ends_with(state_->progress);
  if (ends || state_->timetable.falls_on(report.before, state_->progress, settings_.train.checkpoint_every)) {
    INTERTIE_CO_RETURN_IF_ERROR(co_await write_checkpoint());
  }
  if (ends) INTERTIE_CO_RETURN_IF_ERROR(co_await settle(report));
  co_return Done{};
}

// The run ends with this version: when everybody's part of its checkpoint is on disk. Whoever comes meanwhile still gets it.
Task<Result<env::Done>> Run::settle(const MergeReport& report) {
  member_->ended();
  const Version version = report.merge.version;
  const bool compared = report.anchor_hash.has_value();
  const auto done = [this, version, compared] {
    return complete_checkpoint_ && *complete_checkpoint_ >= version && (!compared || hashes_.compared() >= version);
  };
  while (!done()) {
    std::function<bool()> something = [this, &done] { return done() || copies_wanted(); };
    INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(something)));
    INTERTIE_CO_RETURN_IF_ERROR(co_await give_state(nullptr));
  }
  settled_ = true;
  co_return Done{};
}

Task<Result<Done>> Run::evaluate() {
  const env::TimePoint start = services_.loop.now();
  Result<double> loss = 0.0;
  std::function<void()> work = [&] { loss = train::evaluate(services_.model, *services_.validation); };
  co_await env::run_on(services_.loop, services_.worker, std::move(work));
  if (!loss) co_return loss.error();
  report_evaluation(*loss, services_.loop.now() - start);
  co_return Done{};
}

Task<Result<Done>> Run::write_checkpoint() {
  const env::TimePoint start = services_.loop.now();
  Result<checkpoint::Written> written = checkpoint::Written{};
  std::function<void()> work = [&] {
    const SaveAs as{path("checkpoints"), settings_.run, name(settings_.self), settings_.data};
    written = save(services_.disk, as, *state_);
  };
  co_await env::run_on(services_.loop, services_.worker, std::move(work));
  if (!written) co_return written.error().in("writing a checkpoint failed; the one before it is intact");
  if (waiting_.failure()) co_return *waiting_.failure();  // such as other parameters at another site: not to become complete
  report_checkpoint(*written, services_.loop.now() - start);
  perform(member_->wrote_checkpoint({state_->version(), state_->restart, written->manifest_hash}));
  co_return Done{};
}

// On the worker, after what it may be writing there.
void Run::prune(std::vector<Hash64> keep) {
  const auto pruned = std::make_shared<Result<void>>();
  services_.worker.run([&disk = services_.disk, folder = path("checkpoints"), keep = std::move(keep),
                        pruned] { *pruned = checkpoint::prune(disk, folder, keep); },
                       [this, pruned, alive = std::weak_ptr(alive_)] {
                         if (!alive.expired() && !*pruned) waiting_.fail(pruned->error());
                       });
}

std::string Run::phase() const {
  return state_ ? fmt::format("phase merge {}", state_->version().next().value) : std::string("phase start");
}

}  // namespace intertie::sync
