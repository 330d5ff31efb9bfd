// What a run records: merges, progress, and their figures.
#include <algorithm>

#include "intertie/sync/run.h"

namespace intertie::sync {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

}  // namespace

void Run::record(std::string name, std::vector<std::pair<std::string, Event::Value>> fields) {
  services_.events.record({std::move(name), std::move(fields)});
}

void Run::report_merge(const MergeReport& report, const Meter& before) {
  const Meter& now = state_->meter;
  record("merge.committed", {{"fragment", number(report.merge.fragment.value)},
                             {"version", number(report.merge.version.value)},
                             {"steps", number(report.steps)},
                             {"tokens", number(report.tokens)},
                             {"loss", report.loss},
                             {"gradient_norm", report.gradient_norm},
                             {"learning_rate", report.learning_rate},
                             {"computing", seconds(now.computing - before.computing)},
                             {"encoding", seconds(now.encoding - before.encoding)},
                             {"waiting", seconds(now.waiting - before.waiting)}});
}

// Once at the start, then every progress_every: what happened since the last time.
void Run::report_progress() {
  const env::TimePoint now = services_.loop.now();
  const double elapsed = seconds(now - reported_at_);
  const Meter& meter = state_->meter;
  if (elapsed > 0 && meter.steps > reported_.steps) {
    const Timetable& timetable = state_->timetable;
    const std::uint64_t step = std::min(timetable.num_steps(), timetable.first_step(state_->version.next()));
    const auto share = [&](Duration a, Duration b) { return seconds(a - b) / elapsed; };
    record("progress",
           {{"step", number(step)},
            {"steps", number(timetable.num_steps())},
            {"version", number(state_->version.value)},
            {"loss", meter.loss},
            {"tokens", number(timetable.tokens_before(step))},
            {"tokens_per_second", static_cast<double>((meter.steps - reported_.steps) * timetable.tokens_per_step()) / elapsed},
            {"computing", share(meter.computing, reported_.computing)},
            {"encoding", share(meter.encoding, reported_.encoding)},
            {"waiting", share(meter.waiting, reported_.waiting)}});
    reported_ = meter;
    reported_at_ = now;
  }
  progress_timer_ = services_.loop.call_after(settings_.progress_every, [this] { report_progress(); });
}

}  // namespace intertie::sync
