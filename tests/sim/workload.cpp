#include "tests/sim/workload.h"

#include <fmt/format.h>

#include <cstring>

#include "tests/sim/history.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

ToyOptions draw(env::Random& random) {
  ToyOptions options = toy_options(60 + random.below(60));
  options.seed = random.next();
  options.elements = 1 + random.below(40000);
  options.batch_sizes.clear();
  const std::uint64_t num_sites = 2 + random.below(7);
  for (std::uint64_t i = 0; i < num_sites; ++i) options.batch_sizes.push_back(1 + static_cast<int>(random.below(4)));
  options.sync.method = random.below(2) == 0 ? sync::Method::diloco : sync::Method::synchronous;
  options.sync.every = 1 + static_cast<int>(random.below(4));
  options.sync.reduction = random.below(3) == 0 ? "gather" : (num_sites == 2 ? "auto" : "owners");
  options.sync.hash_every = 1;
  options.sync.bucket_mib = 0.02 + random.uniform() * 0.1;
  options.train.checkpoint_every = {.count = 10 + random.below(20), .steps = true};
  options.link = {BitRate{1e6 * static_cast<double>(2 + random.below(200))},
                  Duration(std::chrono::milliseconds(random.below(80)))};
  options.step_time = std::chrono::milliseconds(20 + random.below(400));
  options.step_jitter = std::chrono::milliseconds(random.below(50));
  options.streams = static_cast<std::uint16_t>(1 + random.below(4));
  return options;
}

std::string describe(const ToyOptions& options) {
  return fmt::format("{} sites, {}, every {}, {}, {} elements, {} steps, {}, {} one way", options.batch_sizes.size(),
                     options.sync.method == sync::Method::diloco ? "diloco" : "synchronous", options.sync.every,
                     options.sync.reduction, options.elements, options.train.tokens.count, to_string(options.link.rate),
                     to_string(options.link.delay));
}

// One run and what is done to it.
class Workload {
 public:
  Workload(std::uint64_t seed, SeedReport& report, bool events)
      : random_(seed), options_(draw(random_)), report_(report), world_(options_), down_(options_.batch_sizes.size()) {
    report_.description = describe(options_);
    report_.sites = static_cast<int>(world_.num_sites());
    world_.let_sites_rejoin();
    world_.prints_events = events;
  }

  void run() {
    world_.start_all();
    for (std::uint64_t left = random_.below(12); left > 0 && report_.ok; --left) {
      world_.world().run_for(Duration(std::chrono::milliseconds(random_.below(4000))));
      if (over()) break;
      strike();
      ++report_.faults;
    }
    heal();
    finish();
    History history(options_, world_);
    if (report_.ok) fail(history.problem());
    report_.merges = history.num_merges();
    report_.trace = world_.world().trace();
  }

 private:
  void fail(const std::string& problem) {
    if (problem.empty() || !report_.ok) return;
    report_.problem = problem;
    report_.ok = false;
  }

  std::size_t any() { return random_.below(world_.num_sites()); }
  Duration a_while() { return Duration(std::chrono::milliseconds(200 + random_.below(random_.below(3) == 0 ? 60000 : 6000))); }

  void strike() {
    const std::size_t a = any();
    const std::size_t b = (a + 1 + random_.below(world_.num_sites() - 1)) % world_.num_sites();
    const std::uint64_t dice = random_.below(100);
    if (dice < 22) return kill(a);
    if (dice < 30) return kill(0);
    if (dice < 50) return cut(a, b);
    if (dice < 63) return world_.world().cut_one_way(world_.name(a), world_.name(b)), mend_later(a, b);
    if (dice < 74) return isolate(a);
    if (dice < 83) {
      world_.world().break_connections(world_.name(a), world_.name(b));
      return;
    }
    if (dice < 91) return leave(a);
    if (dice < 96) return stop(a);
    for (std::size_t i = 0; i < world_.num_sites(); ++i) kill(i);
  }

  void later(Duration after, std::function<void()> what) { world_.world().at(world_.world().now() + after, std::move(what)); }

  void kill(std::size_t site) {
    if (down_[site]) return;
    world_.kill(site);
    down_[site] = true;
    later(a_while(), [this, site] { bring_back(site); });
  }
  void bring_back(std::size_t site) {
    if (!down_[site] || finished_) return;
    down_[site] = false;
    world_.start(site, true);
  }
  void cut(std::size_t a, std::size_t b) {
    world_.world().cut(world_.name(a), world_.name(b));
    mend_later(a, b);
  }
  void mend_later(std::size_t a, std::size_t b) {
    later(a_while(), [this, a, b] { world_.world().mend(world_.name(a), world_.name(b)); });
  }
  void isolate(std::size_t site) {
    const Duration time = a_while();
    for (std::size_t other = 0; other < world_.num_sites(); ++other) {
      if (other == site) continue;
      world_.world().cut(world_.name(site), world_.name(other));
      later(time, [this, site, other] { world_.world().mend(world_.name(site), world_.name(other)); });
    }
  }
  // Some of those who leave die on their way out, and some come back.
  void leave(std::size_t site) {
    if (down_[site] || !world_.run(site)) return;
    world_.run(site)->request_leave("the workload");
    if (random_.below(2) == 0) later(Duration(std::chrono::milliseconds(random_.below(1500))), [this, site] { kill(site); });
    if (random_.below(2) == 0) later(a_while(), [this, site] { come_back(site); });
  }
  void come_back(std::size_t site) {
    if (!down_[site] && !finished_ && world_.outcome(site)) world_.start(site, true);
  }
  // Some find out too late that the store's holder is gone.
  void stop(std::size_t site) {
    if (down_[site] || !world_.run(site)) return;
    world_.run(site)->request_stop("the workload");
    if (random_.below(2) == 0) later(Duration(std::chrono::milliseconds(random_.below(1500))), [this] { kill(0); });
  }

  bool over() const {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      const auto& outcome = world_.outcome(site);
      if (outcome && *outcome && !(*outcome)->stopped) return true;
    }
    return false;
  }

  void heal() {
    for (std::size_t a = 0; a < world_.num_sites(); ++a) {
      for (std::size_t b = a + 1; b < world_.num_sites(); ++b) world_.world().mend(world_.name(a), world_.name(b));
      bring_back(a);
    }
  }

  bool all_ended() const {
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      if (!world_.outcome(site)) return false;
    }
    return true;
  }

  // With everything whole the run comes to its end. A person helps only where everybody has ended (a stop, nobody left), or
  // starts again a site that ended for a reason that a person can see.
  void finish() {
    for (int helped = 0; helped < 20 && report_.ok; ++helped) {
      const bool some = world_.world().run_until([this] { return some_ended_early() || all_ended(); }, 30min);
      if (!some) return fail("hangs");
      if (over_for_all()) return;
      for (std::size_t site = 0; site < world_.num_sites(); ++site) {
        const auto& outcome = world_.outcome(site);
        if (outcome && !*outcome && outcome->error().code == ErrorCode::give_up) {
          return fail(fmt::format("site {} gave up: {}", site, outcome->error().message()));
        }
      }
      // Those that are still there may have come to their end meanwhile.
      world_.world().run_until([this] { return all_ended(); }, 5min);
      if (over_for_all()) return;
      bool goes_on = false;
      for (std::size_t site = 0; site < world_.num_sites(); ++site) {
        goes_on = goes_on || (!world_.outcome(site) && world_.run(site)->state());
      }
      if (!goes_on) {
        world_.kill_all();
        world_.start_all(true);
        continue;
      }
      for (std::size_t site = 0; site < world_.num_sites(); ++site) {
        if (world_.outcome(site) && !finished(site)) world_.start(site, true);
      }
    }
    fail("does not come to its end");
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
    bool any = false;
    for (std::size_t site = 0; site < world_.num_sites(); ++site) any = any || finished(site);
    finished_ = any && all_ended();
    return finished_;
  }

  env::Random random_;
  ToyOptions options_;
  SeedReport& report_;
  ToyWorld world_;
  std::vector<bool> down_;
  bool finished_ = false;
};

}  // namespace

SeedReport run_seed(std::uint64_t seed, bool events) {
  SeedReport report;
  Workload(seed, report, events).run();
  return report;
}

}  // namespace intertie::tests
