#include "intertie/sync/merge.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "intertie/base/reduction.h"
#include "intertie/codec/codec.h"
#include "intertie/fragment/fragment.h"
#include "intertie/outer/optimiser.h"
#include "intertie/train/learning_rate.h"

namespace intertie::sync {
namespace {

using env::Done;
using env::Task;
using env::TimePoint;

// A piece of this site's contribution, encoded on the worker.
struct Offer {
  std::size_t slot = 0;
  SharedBytes encoded;
  TimePoint ready_at;
};

double learning_rate_of(const SiteState& site, const Lap& lap, std::uint32_t step) {
  return train::learning_rate(site.train, site.timetable.tokens_before(lap, step), site.timetable.tokens_per_step());
}

// ---- samples -> data -> train ----

// One inner step's gradient. Worker thread.
Result<train::StepReport> gradient_of(SiteState& site, const Lap& lap, std::uint32_t step,
                                      const train::LocalStep::GradientReady& ready) {
  const wire::SampleRange range = site.timetable.samples_of(lap, site.self, step);
  const data::Batch batch = site.samples.batch(range.first, static_cast<int>(range.count));
  return site.model.compute_gradient(batch, site.train.micro_batches, ready);
}

// A paced site waits until its step has taken the fixed time, so that sites which share a machine do not speed each other up.
Task<Done> pace(SiteState& site, TimePoint start) {
  if (site.step_time) co_await env::sleep_until(site.loop, start + *site.step_time);
  co_return Done{};
}

// H steps, each with its own optimiser step (diloco).
Task<Result<Done>> train_locally(SiteState& site, MergeReport& report) {
  const Lap& lap = report.lap;
  site.meter.enter(Meter::Phase::computing, site.loop.now());
  for (std::uint32_t step = 0; step < lap.steps; ++step) {
    if (site.waiting.failure()) co_return *site.waiting.failure();
    const TimePoint start = site.loop.now();
    report.learning_rate = learning_rate_of(site, lap, step);
    Result<train::StepReport> trained = train::StepReport{};
    double norm = 0;
    std::function<void()> work = [&] {
      trained = gradient_of(site, lap, step, {});
      if (trained) norm = site.inner.apply(site.model.gradient(), report.learning_rate, lap.first_step + step);
    };
    co_await env::run_on(site.loop, site.worker, std::move(work));
    if (!trained) co_return trained.error();
    report.loss += trained->loss / lap.steps;
    report.gradient_norm += norm / lap.steps;
    co_await pace(site, start);
    site.meter.steps += 1;
    site.meter.loss += trained->loss;
    site.meter.learning_rate = report.learning_rate;
    site.meter.gradient_norm = norm;
  }
  co_return Done{};
}

// Before it can reach a checkpoint.
Error not_finite(const MergeReport& report, const char* what) {
  return {.code = ErrorCode::give_up,
          .where = fmt::format("phase merge {}", report.merge.version.value),
          .what = fmt::format("{} is not finite (loss {:.3g})", what, report.loss),
          .fix = "training diverged: start anew with a lower learning rate (--fresh)",
          .cause = {}};
}

// ---- fragment -> codec -> links ----

SharedBytes encode_slot(const SiteState& site, std::span<const float> values, const reduce::ChunkSlot& slot) {
  const ElementRange range = elements_of(slot.blocks, values.size());
  std::vector<std::byte> encoded(codec::encoded_size(site.sync.encoding, range.size()));
  codec::encode(site.sync.encoding, values.subspan(range.first, range.size()), encoded);
  return SharedBytes(std::move(encoded));
}

// Loop thread.
void offer(SiteState& site, Version version, Offer piece) {
  Round* round = site.round(version);
  INTERTIE_CHECK(round != nullptr);
  reduce::Sends sends;
  round->execution().offer(piece.slot, Contribution{version.value}, std::move(piece.encoded), sends);
  site.send(std::move(sends));
  site.waiting.notify();
}

// From the worker: the loop takes it on from there, unless the run has ended meanwhile.
std::function<void()> offering(SiteState& site, Version version, Offer piece) {
  return [&site, version, piece = std::move(piece), alive = std::weak_ptr(site.alive)] {
    if (!alive.expired()) offer(site, version, piece);
  };
}

// Tells everybody what is coming.
Task<Result<Done>> announce(SiteState& site, const MergeReport& report, double sum_of_squares) {
  const Version version = report.merge.version;
  std::function<bool()> allowed = [&site, version] { return site.member.may_open(version); };
  INTERTIE_CO_RETURN_IF_ERROR(co_await site.waiting.until(std::move(allowed)));
  site.member.opened(version);
  Round& round = *site.round(version);
  wire::ContributionHeader header{.merge = report.merge,
                                  .view = round.view(),
                                  .restart = site.restart,
                                  .incarnation = site.incarnation,
                                  .contribution = Contribution{version.value},
                                  .agreement = site.agreement,
                                  .tokens = site.timetable.tokens_of(site.self) * report.lap.steps,
                                  .inner_steps = report.lap.steps,
                                  .sum_of_squares = sum_of_squares,
                                  .samples = {}};
  for (std::uint32_t step = 0; step < report.lap.steps; ++step) {
    header.samples.push_back(site.timetable.samples_of(report.lap, site.self, step));
  }
  site.mesh.send(round.members(), header);
  INTERTIE_CO_RETURN_IF_ERROR(round.take_header(site.self, header));
  co_return Done{};
}

// diloco: anchor minus live parameters, encoded chunk by chunk while the first chunks are on their way.
Task<Result<Done>> contribute_outer_gradient(SiteState& site, MergeReport& report) {
  site.meter.enter(Meter::Phase::encoding, site.loop.now());
  const std::span<float> difference = site.model.gradient();  // free until the next step
  double sum = 0;
  std::function<void()> subtract = [&] {
    fragment::outer_gradient(site.anchor, site.model.parameters(), difference);
    sum = sum_of_squares(difference);
  };
  co_await env::run_on(site.loop, site.worker, std::move(subtract));
  if (!std::isfinite(sum)) co_return not_finite(report, "this site's outer gradient");
  INTERTIE_CO_RETURN_IF_ERROR(co_await announce(site, report, sum));

  const Version version = report.merge.version;
  const std::vector<reduce::ChunkSlot>& slots = site.round(version)->execution().slots();
  // Now: a change of members may give chunks to other owners while the worker encodes.
  const std::vector<std::size_t> order = reduce::sending_order(slots, site.self, site.num_sites);
  std::function<void()> encode = [&] {
    for (const std::size_t slot : order) {
      Offer piece{slot, encode_slot(site, difference, slots[slot]), site.loop.now()};
      site.loop.post(offering(site, version, std::move(piece)));
    }
  };
  co_await env::run_on(site.loop, site.worker, std::move(encode));
  co_return Done{};
}

// synchronous: the step's gradient, chunks sent from the end while backward still runs.
class GradientSender {
 public:
  GradientSender(SiteState& site, Version version)
      : site_(site), version_(version), slots_(site.round(version)->execution().slots()), next_(slots_.size()) {}

  // Worker thread.
  void ready(const ElementRange& range) {
    const TimePoint start = site_.loop.now();
    const std::span<const float> gradient = site_.model.gradient();
    while (next_ > 0 && elements_of(slots_[next_ - 1].blocks, gradient.size()).first >= range.first) {
      --next_;
      Offer piece{next_, encode_slot(site_, gradient, slots_[next_]), site_.loop.now()};
      if (site_.step_time) {
        held_.push_back(std::move(piece));
      } else {
        site_.loop.post(offering(site_, version_, std::move(piece)));
      }
    }
    encoding_ += site_.loop.now() - start;
  }

  // A paced site computes faster than the site that it stands for: its chunks leave at the same share of the paced step as they
  // became ready at in the real one.
  void release_paced(TimePoint start, Duration computed) {
    for (Offer& piece : held_) {
      const double share = static_cast<double>((piece.ready_at - start).count()) /
                           static_cast<double>(std::max<std::int64_t>(1, computed.count()));
      const Duration delay(static_cast<std::int64_t>(share * static_cast<double>(site_.step_time->count())));
      site_.loop.call_at(start + delay, offering(site_, version_, std::move(piece)));
    }
  }

  Duration encoding() const { return encoding_; }

 private:
  SiteState& site_;
  Version version_;
  const std::vector<reduce::ChunkSlot>& slots_;
  std::size_t next_;
  std::vector<Offer> held_;
  Duration encoding_{0};
};

Task<Result<Done>> contribute_gradient(SiteState& site, MergeReport& report) {
  INTERTIE_CO_RETURN_IF_ERROR(co_await announce(site, report, 0));
  const TimePoint start = site.loop.now();
  site.meter.enter(Meter::Phase::computing, start);
  GradientSender sender(site, report.merge.version);
  Result<train::StepReport> trained = train::StepReport{};
  std::function<void()> work = [&] {
    trained = gradient_of(site, report.lap, 0, [&sender](ElementRange range) { sender.ready(range); });
  };
  co_await env::run_on(site.loop, site.worker, std::move(work));
  if (!trained) co_return trained.error();
  if (site.step_time) sender.release_paced(start, site.loop.now() - start);
  co_await pace(site, start);
  report.loss = trained->loss;
  site.meter.encoding += sender.encoding();  // on the worker, between the parts of the step
  site.meter.computing -= sender.encoding();
  site.meter.steps += 1;
  site.meter.loss += trained->loss;
  co_return Done{};
}

// ---- reduce ----

Task<Result<Done>> committed(SiteState& site, MergeReport& report) {
  site.meter.enter(Meter::Phase::waiting, site.loop.now());
  const Version version = report.merge.version;
  const Round& round = *site.round(version);
  std::function<bool()> condition = [&site, &round, version] {
    return round.execution().committed() && site.may_apply(version);
  };
  INTERTIE_CO_RETURN_IF_ERROR(co_await site.waiting.until(std::move(condition)));
  site.decided = report.merge.version;
  report.set = round.set();
  if (const auto order = site.orders.find(report.merge.version); order != site.orders.end()) {
    report.ordered = true;
    report.order = order->second.kind;
  }
  co_return Done{};
}

// ---- outer -> back into the live parameters ----

// Worker thread.
void apply_outer(SiteState& site, std::span<const float> result) {
  const auto lr = static_cast<float>(site.sync.outer_lr);
  if (site.sync.outer == "sgd") {
    outer::sgd_step(site.anchor, result, lr);
  } else {
    outer::nesterov_step(site.anchor, site.momentum, result, lr, static_cast<float>(site.sync.outer_momentum));
  }
  // Every site waited, so the snapshot that was contributed is the live parameters: they become the new anchor.
  std::copy(site.anchor.begin(), site.anchor.end(), site.model.parameters().begin());
  site.model.parameters_changed();
}

// Worker thread.
void apply_gradient(SiteState& site, std::span<const float> result, MergeReport& report) {
  report.learning_rate = learning_rate_of(site, report.lap, 0);
  report.gradient_norm = site.inner.apply(result, report.learning_rate, report.lap.first_step);
}

// Always before a checkpoint: one whose parts differ must not become complete. Loop's thread: a stop order may come at any
// time, and one for this version is here before the version is committed.
bool compares_hashes(const SiteState& site, const wire::Progress& before, const wire::Progress& after) {
  if (site.timetable.falls_on(before, after, site.train.checkpoint_every) || site.member.stops_at(after.version)) return true;
  const bool waits_long = site.sync.method == Method::diloco;
  const auto every = static_cast<std::uint64_t>(site.sync.hash_every > 0 ? site.sync.hash_every : (waits_long ? 1 : 20));
  return after.version.value % every == 0 || site.timetable.complete(after);
}

Task<Result<Done>> apply(SiteState& site, MergeReport& report) {
  site.meter.enter(Meter::Phase::encoding, site.loop.now());
  const wire::Progress after = site.timetable.after(report.lap, report.set);
  const bool compares = compares_hashes(site, report.before, after);
  const std::span<const float> result = site.round(report.merge.version)->execution().result();
  bool finite = true;
  std::function<void()> work = [&] {
    apply_result(site, result, report);
    if (compares) {
      finite = all_finite(site.model.parameters());
      report.anchor_hash = hash_bytes(std::as_bytes(site.model.parameters()));
    }
  };
  co_await env::run_on(site.loop, site.worker, std::move(work));
  if (!std::isfinite(report.gradient_norm)) co_return not_finite(report, "the gradient");
  if (!finite) co_return not_finite(report, "a parameter");
  site.meter.learning_rate = report.learning_rate;
  site.meter.gradient_norm = report.gradient_norm;
  site.meter.enter(Meter::Phase::other, site.loop.now());
  report.num_duplicates =
      std::exchange(site.num_duplicates, 0) + site.round(report.merge.version)->execution().num_duplicates();
  site.progress = after;
  site.forget_the_past();
  co_return Done{};
}

}  // namespace

void apply_result(SiteState& site, std::span<const float> result, MergeReport& report) {
  if (site.sync.method == Method::diloco) {
    apply_outer(site, result);
  } else {
    apply_gradient(site, result, report);
  }
}

Task<Result<MergeReport>> merge(SiteState& site) {
  const Version version = site.version().next();
  MergeReport report{.merge = {FragmentId{0}, version},
                     .lap = site.timetable.lap(site.progress, site.members(version)),
                     .before = site.progress};
  site.merging = version;
  if (site.sync.method == Method::diloco) {
    INTERTIE_CO_RETURN_IF_ERROR(co_await train_locally(site, report));
    INTERTIE_CO_RETURN_IF_ERROR(co_await contribute_outer_gradient(site, report));
  } else {
    INTERTIE_CO_RETURN_IF_ERROR(co_await contribute_gradient(site, report));
  }
  INTERTIE_CO_RETURN_IF_ERROR(co_await committed(site, report));
  INTERTIE_CO_RETURN_IF_ERROR(co_await apply(site, report));
  co_return report;
}

}  // namespace intertie::sync
