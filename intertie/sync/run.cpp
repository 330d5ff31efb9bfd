#include "intertie/sync/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/reduce/schedule.h"
#include "intertie/train/evaluate.h"

namespace intertie::sync {

using env::Done;
using env::Task;

Run::Run(RunSettings settings, RunServices services)
    : settings_(std::move(settings)), services_(services), waiting_(services.loop), hashes_(settings_.site_names) {}

Run::~Run() {
  services_.loop.cancel(waiting_timer_);
  services_.loop.cancel(progress_timer_);
}

void Run::start(std::function<void(Result<Outcome>)> finished) {
  task_.emplace(main());
  task_->start(std::move(finished));
}

void Run::request_stop(const std::string& reason) {
  if (state_) return perform(member_->request_stop(reason));
  waiting_.fail({.code = ErrorCode::cancelled, .where = "phase start", .what = "stopped: " + reason, .fix = {}, .cause = {}});
}

Task<Result<Outcome>> Run::main() {
  Result<Outcome> outcome = co_await take_part();
  services_.loop.cancel(waiting_timer_);
  services_.loop.cancel(progress_timer_);
  std::optional<Error> error;
  if (!outcome) error = outcome.error();
  if (error) waiting_.fail(*error);  // what still arrives has no say any more
  if (outcome) report_finished(*outcome);
  if (error) report_error(*error);
  co_await leave(std::move(error));
  co_return outcome;
}

// The run, from top to bottom.
Task<Result<Outcome>> Run::take_part() {
  INTERTIE_CO_RETURN_IF_ERROR(prepare());
  INTERTIE_CO_RETURN_IF_ERROR(co_await join());
  services_.loop.cancel(waiting_timer_);
  INTERTIE_CO_RETURN_IF_ERROR(co_await go_on_from_checkpoint());
  progress_timer_ = services_.loop.call_after(settings_.progress_every, [this] { report_progress(); });
  const std::uint64_t first_step = state_->timetable.first_step(state_->version.next());
  started_ = committed_ = {services_.loop.now(), first_step};
  while (!ends_with(state_->version)) {
    const Meter before = state_->meter;
    INTERTIE_CO_ASSIGN(const MergeReport report, co_await merge(*state_));
    report_merge(report, before);
    INTERTIE_CO_RETURN_IF_ERROR(co_await after_merge(report));
  }
  Outcome outcome{.stopped = state_->version < state_->timetable.last_version(), .version = state_->version};
  outcome.tokens = state_->timetable.tokens_before(state_->timetable.first_step(state_->version.next()));
  outcome.parameters = hash_bytes(std::as_bytes(services_.model.parameters()));
  co_return outcome;
}

bool Run::ends_with(Version version) const {
  return version == state_->timetable.last_version() || (stop_at_ && version == *stop_at_);
}

// What may follow a version: comparing hashes, an evaluation, a checkpoint.
Task<Result<Done>> Run::after_merge(MergeReport report) {
  const Version version = report.merge.version;
  if (report.anchor_hash) {
    mesh_->send_to_all(wire::AnchorHash{report.merge, *report.anchor_hash});
    INTERTIE_CO_RETURN_IF_ERROR(hashes_.add(settings_.self, version, *report.anchor_hash));
  }
  if (services_.validation && state_->timetable.falls_on(version, settings_.train.evaluate_every)) {
    INTERTIE_CO_RETURN_IF_ERROR(co_await evaluate());
  }
  const bool ends = ends_with(version);
  if (ends || state_->timetable.falls_on(version, settings_.train.checkpoint_every)) {
    INTERTIE_CO_RETURN_IF_ERROR(co_await write_checkpoint());
  }
  if (ends) {
    const bool compared = report.anchor_hash.has_value();
    std::function<bool()> done = [this, version, compared] {
      return complete_checkpoint_ && *complete_checkpoint_ >= version && (!compared || hashes_.compared() >= version);
    };
    INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(done)));
  }
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
    const SaveAs as{path("checkpoints"), settings_.run, settings_.site_names[settings_.self.value], settings_.data};
    written = save(services_.disk, as, *state_);
  };
  co_await env::run_on(services_.loop, services_.worker, std::move(work));
  if (!written) co_return written.error().in("writing a checkpoint failed; the one before it is intact");
  if (waiting_.failure()) co_return *waiting_.failure();  // such as other parameters at another site: not to become complete
  report_checkpoint(*written, services_.loop.now() - start);
  perform(member_->wrote_checkpoint({state_->version, state_->restart, written->manifest_hash}));
  co_return Done{};
}

// ---- messages and actions ----

void Run::receive(SiteId from, wire::Message message) {
  if (waiting_.failure()) return;
  if (const Result<void> taken = take(from, message); !taken) {
    Error error = taken.error();
    if (error.where.empty()) error.where = mesh_->describe(from) + ", " + phase();
    waiting_.fail(std::move(error));
  }
  waiting_.notify();
}

Result<void> Run::take(SiteId from, const wire::Message& message) {
  if (const auto* farewell = std::get_if<wire::Farewell>(&message)) {
    left_.insert(from);
    if (farewell->finished) return {};
    // Nobody is at fault for a site that is missing, or for a wish to stop; of other causes this site is not the one.
    const bool shared = farewell->code == ErrorCode::retry || farewell->code == ErrorCode::cancelled;
    return Error{.code = shared ? farewell->code : ErrorCode::give_up,
                 .where = {},
                 .what = "stopped: " + farewell->reason.text(),
                 .fix = {},
                 .cause = {}};
  }
  const auto* header = std::get_if<wire::ContributionHeader>(&message);
  const auto* chunk = std::get_if<wire::Chunk>(&message);
  const auto* hash = std::get_if<wire::AnchorHash>(&message);
  if (!header && !chunk && !hash) {
    perform(member_->receive(from, message));
    return {};
  }
  if (!state_) {
    return Error{.code = ErrorCode::give_up, .where = {}, .what = "sent a merge before the view", .fix = {}, .cause = {}};
  }
  const Version version = hash ? hash->merge.version : header ? header->merge.version : chunk->merge.version;
  const bool late = version <= state_->version;
  Round* round = late || hash ? nullptr : state_->round(version);
  if (hash ? version > state_->version.next() : !late && !round) {
    return Error{.code = ErrorCode::give_up,
                 .where = {},
                 .what = fmt::format("sent a part of merge {}, which it cannot have come to", version.value),
                 .fix = {},
                 .cause = {}};
  }
  if (hash) return hashes_.add(from, version, hash->hash);
  if (late) {
    ++state_->num_duplicates;
    return {};
  }
  reduce::Sends sends;
  INTERTIE_RETURN_IF_ERROR(header ? round->take_header(from, *header, sends) : round->take_chunk(from, *chunk, sends));
  state_->send(std::move(sends));
  return {};
}

void Run::perform(members::Actions actions) {
  for (members::Action& action : actions) {
    if (const Result<void> done = perform_one(std::move(action)); !done) return waiting_.fail(done.error());
  }
  waiting_.notify();
}

Result<void> Run::perform_one(members::Action action) {
  if (auto* send = std::get_if<members::SendTo>(&action)) {
    send->to ? mesh_->send(*send->to, send->message) : mesh_->send_to_all(send->message);
  } else if (auto* persist = std::get_if<members::Persist>(&action)) {
    return members::save_store(services_.disk, path("store.json"), persist->state);
  } else if (auto* entered = std::get_if<members::EnterView>(&action)) {
    enter(entered->view);
  } else if (auto* stop = std::get_if<members::StopAt>(&action)) {
    stop_at_ = stop->version;
    report_stopping(stop->version, stop->reason);
  } else if (auto* complete = std::get_if<members::CheckpointIsComplete>(&action)) {
    complete_checkpoint_ = complete->version;
    record("checkpoint.complete", {{"version", static_cast<std::int64_t>(complete->version.value)},
                                   {"restart", static_cast<std::int64_t>(complete->restart.value)}});
    prune(complete->keep);
  } else if (auto* failed = std::get_if<members::Fail>(&action)) {
    return failed->error;
  }
  return {};  // StopAgreed: perform() notifies
}

void Run::lost(SiteId site, const Error& error) {
  if (left_.contains(site)) return;
  std::string fix = "start all sites again";
  if (complete_checkpoint_)
    fix += fmt::format(" with --resume (last complete checkpoint: version {})", complete_checkpoint_->value);
  // Bytes that are no frame are not the line's fault.
  const ErrorCode code = error.code == ErrorCode::give_up ? ErrorCode::give_up : ErrorCode::retry;
  waiting_.fail({.code = code,
                 .where = mesh_->describe(site) + ", " + phase(),
                 .what = "lost: " + error.message(),
                 .fix = std::move(fix),
                 .cause = {}});
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
  return state_ ? fmt::format("phase merge {}", state_->version.next().value) : std::string("phase start");
}

}  // namespace intertie::sync
