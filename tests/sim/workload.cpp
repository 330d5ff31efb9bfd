#include "tests/sim/workload.h"

#include <fmt/format.h>

#include <optional>

#include "tests/sim/calm.h"
#include "tests/sim/endings.h"
#include "tests/sim/history.h"
#include "tests/sim/hostility.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

// Half of all runs are f32; an fp4 run has results in fp4 or wider ones.
void draw_encodings(env::Random random, sync::Settings& settings) {
  if (random.below(2) == 0) return;
  settings.encoding = kEncodings[1 + random.below(3)];
  settings.result_encoding = random.below(2) == 0 ? settings.encoding : usual_result_encoding(settings.encoding);
}

ToyOptions draw(env::Random& random, const WorkloadOptions& how) {
  ToyOptions options = toy_options(60 + random.below(60));
  options.seed = random.next();
  options.elements = 1 + random.below(40000);
  options.batch_sizes.clear();
  const std::uint64_t num_sites = 2 + random.below(7);
  for (std::uint64_t i = 0; i < num_sites; ++i) options.batch_sizes.push_back(1 + static_cast<int>(random.below(4)));
  options.sync.method = random.below(2) == 0 ? sync::Method::diloco : sync::Method::synchronous;
  options.sync.every = 1 + static_cast<int>(random.below(4));
  options.sync.reduction = random.below(3) == 0 ? "gather" : (num_sites == 2 ? "auto" : "owners");
  draw_encodings(random.fork(7), options.sync);  // beside the sequence of what follows
  options.sync.hash_every = 1;
  options.sync.bucket_mib = 0.02 + random.uniform() * 0.1;
  options.train.checkpoint_every = {.count = 10 + random.below(20), .steps = true};
  options.link = {BitRate{1e6 * static_cast<double>(2 + random.below(200))},
                  Duration(std::chrono::milliseconds(random.below(80)))};
  options.step_time = std::chrono::milliseconds(20 + random.below(400));
  options.step_jitter = std::chrono::milliseconds(random.below(50));
  options.streams = static_cast<std::uint16_t>(1 + random.below(4));
  options.paths = how.paths;
  if (how.hostile) harden(options, random);
  return options;
}

std::string describe(const ToyOptions& options) {
  return fmt::format("{} sites, {}, every {}, {}, {} and {}, {} elements, {} steps of {}, {}, {} one way",
                     options.batch_sizes.size(), options.sync.method == sync::Method::diloco ? "diloco" : "synchronous",
                     options.sync.every, options.sync.reduction, to_string(options.sync.encoding),
                     to_string(options.sync.result_encoding), options.elements, options.train.tokens.count,
                     to_string(options.step_time), to_string(options.link.rate), to_string(options.link.delay));
}

// One run and what is done to it.
class Workload {
 public:
  Workload(std::uint64_t seed, WorkloadOptions how, SeedReport& report)
      : random_(seed), options_(draw(random_, how)), report_(report), world_(options_), strikes_(world_, random_) {
    report_.description = describe(options_);
    report_.sites = static_cast<int>(world_.num_sites());
    world_.let_sites_rejoin();
    world_.prints_events = how.events;
    world_.on_event = [this](const RecordedEvent& recorded) { note(recorded); };
    world_.on_end = [this](std::size_t site) { fail(what_ends_it(world_, strikes_, site)); };
    if (how.hostile) hostility_.emplace(world_, strikes_, random_);
  }

  void run() {
    if (hostility_) hostility_->begin();
    world_.start_all();
    disturb();
    if (hostility_) hostility_->end();
    strikes_.heal();
    calm_.emplace(world_, strikes_, hostility_ ? hostility_->slowest_line() : options_.link);
    finish();
    const History history(options_, world_);
    if (!report_.ok && !history.problem().empty()) report_.problem += "; " + history.problem();
    fail(history.problem());
    report_.merges = history.num_merges();
    report_.trace = world_.world().trace();
  }

 private:
  // The first counts, and with it what the history then has.
  void fail(const std::string& problem) {
    if (!problem.empty() && report_.ok) report_.problem = problem;
    report_.ok = report_.ok && problem.empty();
  }

  void note(const RecordedEvent& recorded) {
    if (hostility_) hostility_->note(recorded);
    if (calm_) fail(calm_->look_at(recorded));
  }

  void disturb() {
    for (std::uint64_t left = random_.below(12); left > 0 && report_.ok; --left) {
      world_.world().run_for(Duration(std::chrono::milliseconds(random_.below(4000))));
      if (over()) break;
      hostility_ ? hostility_->strike() : strikes_.one();
      if (options_.paths > 1) strikes_.cut_path(random_.below(options_.paths));
      ++report_.faults;
    }
    if (hostility_) report_.faults += hostility_->num_armed_strikes();
  }

  bool over() const {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      if (finished(site)) return true;
    }
    return false;
  }

  // With everything whole the run comes to its end. A person helps only where everybody has ended (a stop, nobody left), or
  // starts again a site that ended for a reason that a person can see.
  void finish() {
    for (int helped = 0; helped < 20 && report_.ok; ++helped) {
      const bool some =
          run_until([this] { return some_ended_early() || all_ended(); }, hostility_ ? Duration(24h) : Duration(30min));
      if (!some) return fail("hangs");
      if (over_for_all()) return;
      // Those that are still there may have come to their end meanwhile.
      run_until([this] { return all_ended(); }, 5min);
      if (over_for_all()) return;
      goes_on() ? start_the_ended() : strikes_.start_all();
    }
    fail("does not come to its end");
  }
  bool run_until(const std::function<bool()>& done, Duration limit) {
    const auto done_or_wrong = [&] {
      fail(calm_->look());
      return !report_.ok || done();
    };
    return world_.world().run_until(done_or_wrong, limit);
  }
  bool goes_on() {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      if (!world_.outcome(site) && world_.run(site)->state()) return true;
    }
    return false;
  }
  void start_the_ended() {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      if (world_.outcome(site) && !finished(site)) strikes_.start(site);
    }
  }

  bool all_ended() const {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      if (!world_.outcome(site)) return false;
    }
    return true;
  }
  bool finished(std::size_t site) const {
    const auto& outcome = world_.outcome(site);
    return outcome && *outcome && !(*outcome)->stopped;
  }
  bool some_ended_early() const {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      if (world_.outcome(site) && !finished(site)) return true;
    }
    return false;
  }
  // Whoever comes when all others are done finds nobody; a start of all would find the last checkpoint.
  bool over_for_all() {
    const bool is_over = over() && all_ended();
    if (is_over) strikes_.end();
    return is_over;
  }

  env::Random random_;
  ToyOptions options_;
  SeedReport& report_;
  ToyWorld world_;
  Strikes strikes_;
  std::optional<Hostility> hostility_;
  std::optional<Calm> calm_;  // once the faults are over
};

}  // namespace

SeedReport run_seed(std::uint64_t seed, WorkloadOptions options) {
  SeedReport report;
  Workload(seed, options, report).run();
  return report;
}

}  // namespace intertie::tests
