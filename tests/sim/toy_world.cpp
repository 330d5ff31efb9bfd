#include "tests/sim/toy_world.h"

#include <fmt/format.h>

#include <cstdio>
#include <sstream>

#include "intertie/train/toy.h"

namespace intertie::tests {

ToyOptions toy_options(std::uint64_t steps) {
  ToyOptions options;
  options.sync.every = 5;
  options.train.tokens = {.count = steps, .steps = true};
  options.train.warmup = {.count = 0, .steps = true};
  options.train.lr = 0.05;
  options.train.min_lr = 0.05;
  options.train.weight_decay = 0;
  options.train.optimizer = "sgd";
  options.train.clip = 0;
  options.train.evaluate_every = {};
  options.train.checkpoint_every = {.count = 20, .steps = true};
  options.train.threads = 1;
  return options;
}

namespace {

void print(const RecordedEvent& recorded) {
  std::string line = fmt::format("{:10.3f} site{} {}", seconds_of(recorded.when.time_since_epoch()) - 3600, recorded.site,
                                 recorded.event.name);
  for (const auto& [name, value] : recorded.event.fields) {
    line += fmt::format(" {}=", name);
    std::visit([&line](const auto& v) { line += fmt::format("{}", v); }, value);
  }
  std::puts(line.c_str());
}

std::string host(std::size_t site, std::size_t path) { return fmt::format("10.{}.0.{}", path, site); }

}  // namespace

class ToyWorld::Recorder final : public EventSink {
 public:
  Recorder(ToyWorld& world, std::size_t site) : world_(world), site_(site) {}
  void record(Event event) override {
    const bool merged = event.name == "merge.committed";
    std::int64_t version = 0;
    for (const auto& [name, value] : event.fields) {
      if (merged && name == "version") version = std::get<std::int64_t>(value);
    }
    if (merged) world_.note_commit(site_, event);
    const sync::Run* run = world_.sites_[site_].run.get();
    const sync::SiteState* state = run ? run->state() : nullptr;
    RecordedEvent recorded{site_, world_.world_->now(), std::move(event), state ? state->restart : Restart{}};
    if (recorded.event.name == "view.entered") {
      recorded.members = state->memberships.back().members;
      const sync::Membership& entered = state->memberships.back();
      if (entered.view > world_.newest_view_.first) world_.newest_view_ = {entered.view, entered.members};
    }
    world_.events_.push_back(std::move(recorded));
    if (world_.prints_events) print(world_.events_.back());
    if (world_.on_event) world_.on_event(world_.events_.back());
    if (merged && world_.on_merge) {
      const std::vector<float> parameters = world_.parameters(site_);
      world_.on_merge(site_, Version{static_cast<std::uint64_t>(version)}, hash_bytes(std::as_bytes(std::span(parameters))));
    }
  }

 private:
  ToyWorld& world_;
  std::size_t site_;
};

ToyWorld::ToyWorld(ToyOptions options)
    : options_(std::move(options)), sites_(options_.batch_sizes.size()), jitter_(options_.seed ^ 77) {
  env::Random random(options_.seed ^ 99);
  for (int i = 0; i < 20000; ++i) tokens_.push_back(static_cast<std::uint16_t>(random.below(256)));
  sampler_ = *data::Sampler::make(std::span<const std::uint16_t>(tokens_), options_.sequence_length, options_.seed);
  validation_ = *data::EvaluationWindows::make(std::span<const std::uint16_t>(tokens_), options_.sequence_length, 4, 2, 1);
  world_ = std::make_unique<env::sim::SimWorld>(env::sim::SimOptions{
      .seed = options_.seed, .link = options_.link, .work_time = [this](const std::string&) {
        return options_.step_time +
               Duration(static_cast<std::int64_t>(jitter_.uniform() * static_cast<double>(options_.step_jitter.count())));
      }});
  for (Site& site : sites_) site.disk = std::make_unique<env::sim::MemoryDisk>();
}

ToyWorld::~ToyWorld() {
  for (Site& site : sites_) stop_running(site);
}

std::string ToyWorld::name(std::size_t site) const { return "site" + std::to_string(site); }

std::string ToyWorld::end_of_path(std::size_t site, std::size_t path) const { return name(site) + "@" + host(site, path); }

sync::RunSettings ToyWorld::settings_of(std::size_t site, bool resume) const {
  sync::RunSettings settings;
  settings.run = "toy";
  settings.self = SiteId{static_cast<std::uint16_t>(site)};
  for (std::size_t i = 0; i < num_sites(); ++i) {
    settings.site_names.push_back(name(i));
    settings.addresses.push_back({name(i), 7400});
  }
  settings.listen = {settings.addresses[site]};
  for (std::size_t peer = 0; peer < num_sites(); ++peer) {
    settings.paths.emplace_back(options_.paths, links::PathSettings{.num_merge_streams = options_.streams});
    for (std::size_t path = 0; options_.paths > 1 && path < options_.paths; ++path) {
      settings.paths[peer][path].to = env::Address{host(peer, path), 7400};
      settings.paths[peer][path].from = host(site, path);
    }
  }
  for (std::size_t path = 0; options_.paths > 1 && path < options_.paths; ++path) {
    settings.listen.push_back({host(site, path), 7400});
  }
  settings.batch_sizes = options_.batch_sizes;
  settings.sequence_length = options_.sequence_length;
  settings.sync = options_.sync;
  settings.train = options_.train;
  settings.folder = "run";
  settings.resume = resume;
  settings.agreement_text = "run.name = toy\n";
  settings.agreement = hash_text(settings.agreement_text);
  settings.data = Hash64{1};
  return settings;
}

void ToyWorld::start(std::size_t index, bool resume) {
  sites_[index].sums = {};
  begin(index, resume);
}

void ToyWorld::begin(std::size_t index, bool resume) {
  Site& site = sites_[index];
  stop_running(site);
  site.outcome.reset();
  site.life = &world_->start(name(index));
  site.model = train::make_toy({.kind = "toy", .toy_elements = options_.elements}, options_.seed);
  site.recorder = std::make_unique<Recorder>(*this, index);
  sync::RunSettings settings = settings_of(index, resume);
  if (adjust) adjust(index, settings);
  site.run =
      std::make_unique<sync::Run>(std::move(settings), sync::RunServices{.loop = site.life->loop(),
                                                                         .worker = site.life->worker(),
                                                                         .network = site.life->network(),
                                                                         .disk = *site.disk,
                                                                         .model = *site.model,
                                                                         .samples = *sampler_,
                                                                         .validation = index == 0 ? &*validation_ : nullptr,
                                                                         .events = *site.recorder,
                                                                         .sums = site.sums});
  ++site.num_lives;
  site.run->start([this, index](Result<sync::Outcome> outcome) { ended(index, std::move(outcome)); });
}

void ToyWorld::ended(std::size_t index, Result<sync::Outcome> outcome) {
  Site& site = sites_[index];
  const bool rejoins = rejoins_ && !outcome && outcome.error().code == ErrorCode::rejoin;
  if (!rejoins) {
    site.outcome = std::move(outcome);
    if (on_end) on_end(index);
    return;
  }
  world_->at(world_->now() + std::chrono::milliseconds(500), [this, index, life = site.num_lives] {
    if (sites_[index].num_lives == life && sites_[index].run) begin(index, true);
  });
}

void ToyWorld::note_commit(std::size_t index, const Event& event) {
  const sync::SiteState& state = *sites_[index].run->state();
  Commit commit{.site = index, .life = sites_[index].num_lives, .restart = state.restart, .version = state.version()};
  commit.by = {state.self, state.incarnation};
  commit.makers = state.membership(commit.version)->members;
  commit.view = state.membership(commit.version)->view;
  for (const auto& [name, value] : event.fields) {
    if (name != "set") continue;
    std::istringstream names(std::get<std::string>(value));
    for (std::string each; std::getline(names, each, ',');) {
      commit.set.push_back(SiteId{static_cast<std::uint16_t>(std::stoi(each.substr(each.find("site") + 4)))});
    }
  }
  commit.parameters = hash_bytes(std::as_bytes(sites_[index].model->parameters()));
  commit.in_flush = state.flushing && state.reported_for == state.flushing;
  commits_.push_back(std::move(commit));
}

void ToyWorld::start_all(bool resume) {
  for (std::size_t i = 0; i < num_sites(); ++i) start(i, resume);
}

void ToyWorld::stop_running(Site& site) {
  if (site.life && site.life->alive()) world_->kill(site.life->name());
  site.run.reset();
  site.life = nullptr;
}

// A process that is killed leaves its disk as a power cut would: what was not synced is gone.
void ToyWorld::kill(std::size_t index) {
  stop_running(sites_[index]);
  sites_[index].disk->crash();
}

void ToyWorld::kill_all() {
  for (std::size_t i = 0; i < num_sites(); ++i) kill(i);
}

bool ToyWorld::run_to_end(Duration limit) {
  return world_->run_until(
      [this] {
        for (const Site& site : sites_) {
          if (site.run && !site.outcome) return false;
        }
        return true;
      },
      limit);
}

std::vector<float> ToyWorld::parameters(std::size_t site) const {
  const std::span<float> parameters = sites_[site].model->parameters();
  return {parameters.begin(), parameters.end()};
}

}  // namespace intertie::tests
