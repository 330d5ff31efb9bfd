#include "tests/sim/workload.h"

#include <fmt/format.h>

#include <cstring>

#include "tests/sim/reference.h"
#include "tests/sim/toy_world.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

ToyOptions draw(env::Random& random) {
  ToyOptions options = toy_options(10 + random.below(40));
  options.seed = random.next();
  options.elements = 1 + random.below(40000);
  options.batch_sizes.clear();
  const std::uint64_t num_sites = 2 + random.below(6);
  for (std::uint64_t i = 0; i < num_sites; ++i) options.batch_sizes.push_back(1 + static_cast<int>(random.below(4)));
  options.sync.method = random.below(2) == 0 ? sync::Method::diloco : sync::Method::synchronous;
  options.sync.every = 1 + static_cast<int>(random.below(8));
  options.sync.reduction = random.below(3) == 0 ? "gather" : (num_sites == 2 ? "auto" : "owners");
  options.sync.hash_every = 1;
  options.sync.bucket_mib = 0.02 + random.uniform() * 0.1;
  options.train.checkpoint_every = {.count = 5 + random.below(20), .steps = true};
  options.link = {BitRate{1e6 * static_cast<double>(2 + random.below(200))},
                  Duration(std::chrono::milliseconds(random.below(80)))};
  options.step_jitter = std::chrono::milliseconds(random.below(50));
  options.streams = static_cast<std::uint16_t>(1 + random.below(4));
  return options;
}

std::string describe(const ToyOptions& options) {
  return fmt::format("{} sites, {}, every {}, {} elements, {} steps, {}, {} one way", options.batch_sizes.size(),
                     options.sync.method == sync::Method::diloco ? "diloco" : "synchronous", options.sync.every,
                     options.elements, options.train.tokens.count, to_string(options.link.rate), to_string(options.link.delay));
}

// Faults that end a run which cannot yet go on without a member; the run is then resumed at all sites.
enum class Fault { kill_one, kill_all, break_connections, cut, stop };
constexpr std::uint64_t kNumFaults = 5;

void strike(ToyWorld& world, Fault fault, env::Random& random) {
  const std::size_t a = random.below(world.num_sites());
  const std::size_t b = (a + 1 + random.below(world.num_sites() - 1)) % world.num_sites();
  switch (fault) {
    case Fault::kill_one: return world.kill(a);
    case Fault::kill_all: return world.kill_all();
    case Fault::break_connections: world.world().break_connections(world.name(a), world.name(b)); return;
    case Fault::cut: return world.world().cut(world.name(a), world.name(b));
    case Fault::stop: return world.run(a)->request_stop("the workload");
  }
}

void mend_everything(ToyWorld& world) {
  for (std::size_t a = 0; a < world.num_sites(); ++a) {
    for (std::size_t b = a + 1; b < world.num_sites(); ++b) world.world().mend(world.name(a), world.name(b));
  }
}

// The version that a site agreed to stop at since event number `from`, although it then went on.
std::optional<std::int64_t> passed_a_stop(const ToyWorld& world, std::size_t from) {
  for (std::size_t i = from; i < world.events().size(); ++i) {
    const RecordedEvent& recorded = world.events()[i];
    if (recorded.event.name != "run.stopping") continue;
    for (const auto& [name, value] : recorded.event.fields) {
      const auto& outcome = world.outcome(recorded.site);
      if (name != "version" || !outcome || !*outcome) continue;
      const auto version = std::get<std::int64_t>(value);
      if (version != static_cast<std::int64_t>((*outcome)->version.value)) return version;
    }
  }
  return std::nullopt;
}

bool all_finished(const ToyWorld& world) {
  for (std::size_t site = 0; site < world.num_sites(); ++site) {
    const auto& outcome = world.outcome(site);
    if (!outcome || !*outcome || (*outcome)->stopped) return false;
  }
  return true;
}

}  // namespace

SeedReport run_seed(std::uint64_t seed) {
  env::Random random(seed);
  const ToyOptions options = draw(random);
  SeedReport report;
  report.description = describe(options);
  const std::vector<std::vector<float>> expected = reference_run(options);
  ToyWorld world(options);
  std::set<Version> versions;
  const auto fail = [&report](std::string problem) {
    if (report.ok) report.problem = std::move(problem);
    report.ok = false;
  };
  world.on_merge = [&](std::size_t site, Version version, Hash64 parameters) {
    versions.insert(version);
    if (parameters != hash_bytes(std::as_bytes(std::span(expected[version.value])))) {
      fail(fmt::format("site {} has other parameters than the reference after version {}", site, version.value));
    }
  };
  world.start_all();
  for (std::uint64_t left = random.below(4); left > 0 && report.ok; --left) {
    const std::size_t num_events = world.events().size();
    world.world().run_for(Duration(std::chrono::milliseconds(random.below(2500))));
    if (all_finished(world)) break;
    strike(world, static_cast<Fault>(random.below(kNumFaults)), random);
    ++report.faults;
    if (!world.run_to_end(10min)) fail("hangs after a fault");
    if (const auto version = passed_a_stop(world, num_events)) fail(fmt::format("went on after its stop at {}", *version));
    mend_everything(world);
    if (all_finished(world)) break;
    world.kill_all();
    world.start_all(true);
  }
  if (!world.run_to_end(1h)) fail("hangs");
  for (std::size_t site = 0; site < world.num_sites() && report.ok; ++site) {
    const auto& outcome = world.outcome(site);
    if (!*outcome) fail(fmt::format("site {} failed: {}", site, outcome->error().message()));
    const std::vector<float> parameters = world.parameters(site);
    if (std::memcmp(parameters.data(), expected.back().data(), parameters.size() * sizeof(float)) != 0) {
      fail(fmt::format("site {} ends with other parameters than the reference", site));
    }
  }
  report.merges = static_cast<int>(versions.size());
  report.trace = world.world().trace();
  return report;
}

}  // namespace intertie::tests
