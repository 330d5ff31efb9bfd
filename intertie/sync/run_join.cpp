// How a run begins and ends at a site: its folder, the others, the view; a checkpoint to go on from, or the state that a member
// gives; farewell.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "intertie/links/identity.h"
#include "intertie/reduce/schedule.h"
#include "intertie/sync/run.h"

namespace intertie::sync {

using env::Task;

namespace {

constexpr Duration kFarewellWait = std::chrono::seconds(3);
constexpr Duration kNothingMoves = std::chrono::seconds(5);

Result<Incarnation> next_incarnation(env::Disk& disk, const std::string& path) {
  Incarnation incarnation;
  if (disk.exists(path)) {
    INTERTIE_ASSIGN(const std::vector<std::byte> bytes, disk.read(path));
    const auto* first = reinterpret_cast<const char*>(bytes.data());
    const auto [end, status] = std::from_chars(first, first + bytes.size(), incarnation.value);
    if (status != std::errc() || std::string_view(end, first + bytes.size()) != "\n") {
      return Error{
          .code = ErrorCode::reconfigure,
          .where = path,
          .what = "does not hold the number of this site's last start",
          .fix =
              "write a number into it that is not lower than any before, or start the run anew with --fresh in another "
              "folder",
          .cause = {}};
    }
  }
  incarnation = incarnation.next();
  const std::string text = std::to_string(incarnation.value) + "\n";
  INTERTIE_RETURN_IF_ERROR(disk.write_atomically(path, std::as_bytes(std::span(text))));
  return incarnation;
}

Hash64 hash_of_layout(const train::Layout& layout) {
  wire::Writer writer;
  for (const train::TensorSlot& tensor : layout.tensors) writer(tensor.name, tensor.shape, tensor.range.first, tensor.decay);
  return hash_bytes(writer.take());
}

wire::Schedule schedule_for(const RunSettings& settings, std::uint64_t elements, const std::vector<SiteId>& members) {
  const auto num_sites = static_cast<std::uint16_t>(members.size());
  const bool in_buckets = settings.sync.method == Method::synchronous;
  return reduce::make_schedule(
      {.reduction = settings.sync.gathers(num_sites) ? wire::Reduction::gather : wire::Reduction::owners,
       .members = members,
       .elements = elements,
       .bucket_blocks = in_buckets ? reduce::bucket_blocks(settings.sync.bucket_mib, elements, num_sites) : 0});
}

// The run is still the one that wrote `found`.
Result<void> check_unchanged(const checkpoint::Found& found, const RunSettings& settings) {
  const auto changed = [&found](std::string what) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = found.folder,
                 .what = std::move(what),
                 .fix = "undo the change, or start anew with --fresh",
                 .cause = {}};
  };
  if (found.manifest.agreement != settings.agreement) {
    const auto then = found.manifest.more.find(kAgreementText);
    if (then == found.manifest.more.end()) return changed("was written with another run file");
    return changed("was written with another run file: " +
                   links::first_difference({settings.agreement_text, "here"}, {then->second, "there"}));
  }
  if (found.manifest.data != settings.data) return changed("was written with other training data");
  return {};
}

}  // namespace

// This site's folder: a new incarnation, what checkpoints there are, the store. Nothing is removed before all sites agree.
Result<void> Run::prepare() {
  INTERTIE_RETURN_IF_ERROR(services_.disk.make_folders(path("checkpoints")));
  INTERTIE_ASSIGN(found_, checkpoint::find(services_.disk, path("checkpoints")));
  if (!found_.empty() && !settings_.resume && !settings_.fresh) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = settings_.folder,
                 .what = fmt::format("holds checkpoints of this run up to version {}", found_.front().manifest.version.value),
                 .fix = "add --resume to go on from there, or --fresh to remove them and start anew",
                 .cause = {}};
  }
  INTERTIE_ASSIGN(incarnation_, next_incarnation(services_.disk, path("incarnation")));

  make_mesh();
  members::Member::Settings member{
      .run = settings_.run,
      .self = settings_.self,
      .site_names = settings_.site_names,
      .incarnation = incarnation_,
      .schedule =
          [this](const std::vector<SiteId>& members) {
            return schedule_for(settings_, services_.model.layout().num_elements, members);
          },
      .store = {},
      .surroundings = {
          .direct = [this](SiteId a,
                           SiteId b) { return services_.loop.now() - mesh_->hearing().last_mutual_or_new(a, b) < silence(); },
          .heard =
              [this](SiteId a, SiteId b) {
                const std::optional<env::TimePoint> last = mesh_->hearing().last_mutual(a, b);
                return last && services_.loop.now() - *last < silence();
              },
          .reaches = [this](SiteId site) { return mesh_->reaches(site); },
          .incarnation = [this](SiteId site) { return mesh_->incarnation(site); },
          .view_of = [this](SiteId site) { return mesh_->view_of(site); }},
      .silence = silence()};
  if (members::Member::holder() == settings_.self && !settings_.fresh) {
    INTERTIE_ASSIGN(member.store, members::load_store(services_.disk, path("store.json"), settings_.run));
  }
  member_ = std::make_unique<members::Member>(std::move(member));
  return {};
}

// A site counts as heard for a while after it was; the rest of `lost_after` is left for nobody to hear of it.
Duration Run::silence() const { return settings_.lost_after - links::LinkTiming{}.silence; }

Error Run::late(const std::string& what) const {
  return {.code = ErrorCode::retry,
          .where = "phase start",
          .what = fmt::format("after {} {}", to_string(settings_.start_wait), what),
          .fix = "start the missing sites, check addresses and certificates, then start this site again",
          .cause = {}};
}

void Run::make_mesh() {
  const links::Identity identity{.run = settings_.run,
                                 .self = settings_.self,
                                 .site_names = settings_.site_names,
                                 .incarnation = incarnation_,
                                 .agreement = settings_.agreement,
                                 .agreement_text = settings_.agreement_text,
                                 .data = settings_.data};
  mesh_ = std::make_unique<links::Mesh>(
      services_.loop, services_.network,
      links::Mesh::Settings{.identity = identity,
                            .addresses = settings_.addresses,
                            .listen = listens_at(),
                            .paths = settings_.paths,
                            .timing = {}},
      links::Mesh::Handlers{
          .message = [this](SiteId from, wire::Message message) { receive(from, std::move(message)); },
          .connected =
              [this](SiteId site) {
                report_connected(site);
                waiting_.notify();
              },
          .appeared =
              [this](SiteId site) {
                left_.erase(site);
                waiting_.notify();
              },
          .route = [this](SiteId site, const links::Route& route, const Error* why) { route_changed(site, route, why); },
          .path = [this](SiteId site, std::uint16_t path, const Error* why) { report_path(site, path, why); },
          .broken = [this](SiteId site, Error error) { broken(site, std::move(error)); },
          .beat = [this] { beat(); },
          .closed = [this] { waiting_.notify(); },
          .refused = [this](const Error& error) { report_refused(error); },
          .failed = [this](SiteId site, Error error) { refused(site, std::move(error)); },
          .visitor = services_.visitor});
}

// To the store's holder, once to each start of it.
void Run::say_ready() {
  const SiteId holder = members::Member::holder();
  if (member_->view() || !mesh_->reaches(holder) || ready_said_to_ == mesh_->incarnation(holder)) return;
  ready_said_to_ = mesh_->incarnation(holder);
  wire::Ready ready{.layout = hash_of_layout(services_.model.layout()), .checkpoints = {}, .resume = settings_.resume};
  for (const checkpoint::Found& found : settings_.resume ? found_ : std::vector<checkpoint::Found>()) {
    ready.checkpoints.push_back({found.manifest.version, found.manifest.restart, found.manifest_hash});
  }
  perform(member_->ready(ready));
}

// Connects to everybody, until a view lets the run begin or a member gives this site the state of the run that goes on.
Task<Result<env::Done>> Run::join() {
  joined_at_ = services_.loop.now();
  INTERTIE_CO_RETURN_IF_ERROR(mesh_->start());
  waiting_timer_ = services_.loop.call_after(std::chrono::seconds(2), [this] { report_waiting(); });
  std::function<bool()> in_view = [this] { return started_with_.has_value() || (fetch_ && fetch_->begun()); };
  std::function<Error()> no_view = [this] {
    const std::string missing = mesh_->missing();
    return late(missing.empty() ? "the view has not come: " + member_->waits_for() : "still missing: " + missing);
  };
  while (!in_view()) {
    // Where the run goes on, a member gives its state between two merges, which may be far apart.
    std::function<bool()> some_run = [&] { return in_view() || goes_on_elsewhere(); };
    const env::TimePoint deadline = services_.loop.now() + settings_.start_wait;
    INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(some_run), deadline, no_view));
    std::function<bool()> given = [&] { return in_view() || !goes_on_elsewhere(); };
    INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(given)));
  }
  co_return env::Done{};
}

// A member of a run is within reach.
bool Run::goes_on_elsewhere() const {
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    const SiteId site{i};
    if (site != settings_.self && mesh_->reaches(site) && mesh_->view_of(site) > ViewNumber{}) return true;
  }
  return false;
}

void Run::make_state(Restart restart, const wire::Progress& progress) {
  state_.emplace(
      SiteState{.self = settings_.self,
                .incarnation = incarnation_,
                .restart = restart,
                .num_sites = static_cast<std::uint16_t>(settings_.site_names.size()),
                .agreement = settings_.agreement,
                .carried = settings_.carried,
                .sync = settings_.sync,
                .train = settings_.train,
                .timetable = Timetable(settings_.sync, settings_.train, settings_.batch_sizes, settings_.sequence_length),
                .step_time = settings_.step_time,
                .loop = services_.loop,
                .worker = services_.worker,
                .mesh = *mesh_,
                .member = *member_,
                .model = services_.model,
                .samples = services_.samples,
                .waiting = waiting_,
                .meter = {},
                .inner = Inner(settings_.train, services_.model),
                .progress = progress,
                .decided = progress.version,
                .anchor = {},
                .momentum = {}});
  if (settings_.sync.method == Method::diloco) {
    const std::span<float> parameters = services_.model.parameters();
    state_->anchor.assign(parameters.begin(), parameters.end());
    if (settings_.sync.outer == "nesterov") state_->momentum.assign(parameters.size(), 0.0F);
  }
  state_->carried[kAgreementText] = settings_.agreement_text;
  if (settings_.dies_at) state_->death.emplace(*settings_.dies_at);
}

Task<Result<env::Done>> Run::go_on_from_checkpoint() {
  reported_at_ = services_.loop.now();
  if (started_with_->from_checkpoint) {
    const auto found = std::find_if(found_.begin(), found_.end(), [this](const checkpoint::Found& each) {
      return each.manifest.version == started_with_->checkpoint.version &&
             each.manifest.restart == started_with_->checkpoint.restart;
    });
    if (found == found_.end()) {
      co_return Error{.code = ErrorCode::give_up,
                      .where = mesh_->describe(members::Member::holder()),
                      .what = fmt::format("its view names a checkpoint of version {} that this site did not offer",
                                          started_with_->checkpoint.version.value),
                      .fix = "compare `intertie version` at all sites",
                      .cause = {}};
    }
    INTERTIE_CO_RETURN_IF_ERROR(check_unchanged(*found, settings_));
    Result<void> restored;
    std::function<void()> work = [&] { restored = restore(services_.disk, *found, *state_); };
    co_await env::run_on(services_.loop, services_.worker, std::move(work));
    if (!restored) co_return restored.error();
    state_->progress = {.version = found->manifest.version,
                        .step = found->manifest.step,
                        .next_sample = found->manifest.next_sample,
                        .tokens = found->manifest.tokens};
    complete_checkpoint_ = state_->version();
    report_resumed(found->folder, found->manifest.threads);
  } else if (settings_.resume) {
    record("warning", {{"message", fmt::format("no checkpoint in {}: the run starts at step 0", path("checkpoints"))}});
  }
  Result<void> removed;
  std::function<void()> remove = [&] { removed = remove_void_checkpoints(); };
  co_await env::run_on(services_.loop, services_.worker, std::move(remove));
  if (!removed) co_return removed.error();
  co_return env::Done{};
}

// What was written after the point that the run goes on from is void.
Result<void> Run::remove_void_checkpoints() {
  const auto stays = [this](const checkpoint::Manifest& manifest) {
    if (!started_with_) return manifest.version <= state_->version() && manifest.restart <= state_->restart;
    const auto kept = std::pair(started_with_->checkpoint.version, started_with_->checkpoint.restart);
    return started_with_->from_checkpoint && std::pair(manifest.version, manifest.restart) <= kept;
  };
  for (const checkpoint::Found& found : found_) {
    if (!stays(found.manifest)) INTERTIE_RETURN_IF_ERROR(services_.disk.remove_all(found.folder));
  }
  return {};
}

// ---- a run that goes on elsewhere ----

// One step towards what the members hold: the first copy, or the result of one merge; or the wait for it.
Task<Result<env::Done>> Run::follow() {
  state_->meter.enter(Meter::Phase::waiting, services_.loop.now());
  std::function<bool()> something = [this] {
    if (!fetched_) return fetch_->whole();
    if (makes_the_next()) return true;
    return !state_->flushing && (fetch_->has_after(state_->version()) || has_ended_and_gone(fetch_->donor()));
  };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(something)));
  if (!fetched_) co_return co_await take_first_copy();
  if (fetch_->has_after(state_->version()) && !makes_the_next()) co_return co_await apply_next_result();
  if (!makes_the_next()) stop_at_ = state_->version();  // the members have ended where this site is
  co_return env::Done{};
}

// Its farewell may overtake what it gave; it closes when all of that has come.
bool Run::has_ended_and_gone(SiteId donor) const { return left_.contains(donor) && !mesh_->reaches(donor); }

Task<Result<env::Done>> Run::take_first_copy() {
  Result<void> taken;
  std::function<void()> work = [&] {
    taken = fetch_->check_hashes();
    if (!taken) return;
    const std::vector<NamedArray> arrays = transferred_arrays(*state_);
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      std::copy(fetch_->values()[i].begin(), fetch_->values()[i].end(), arrays[i].values.begin());
    }
    if (settings_.sync.method == Method::diloco) {
      std::copy(state_->anchor.begin(), state_->anchor.end(), services_.model.parameters().begin());
    }
    services_.model.parameters_changed();
  };
  copying_ = true;
  co_await env::run_on(services_.loop, services_.worker, std::move(work));
  copying_ = false;
  if (!taken) co_return taken.error();
  if (waiting_.failure()) co_return *waiting_.failure();
  fetched_ = true;
  state_->restart = fetch_->begin().restart;
  state_->progress = fetch_->begin().progress;
  state_->decided = state_->version();
  std::function<void()> remove = [&] { taken = remove_void_checkpoints(); };
  co_await env::run_on(services_.loop, services_.worker, std::move(remove));
  if (!taken) co_return taken.error();
  started_ = committed_ = {services_.loop.now(), state_->progress.step};  // its pace is that of what it does from here on
  record("join.finished", {{"donor", name(fetch_->donor())},
                           {"version", static_cast<std::int64_t>(state_->version().value)},
                           {"step", step()},
                           {"bytes", static_cast<std::int64_t>(fetch_->bytes())},
                           {"seconds", seconds_of(services_.loop.now() - joined_at_)}});
  caught_up_said_ = false;
  say_caught_up();
  co_return env::Done{};
}

// When it holds all that came: whoever still had much to apply would hold the members up.
void Run::say_caught_up() {
  if (caught_up_said_ || fetch_->has_after(state_->version())) return;
  caught_up_said_ = true;
  perform(member_->caught_up(state_->version()));
}

Task<Result<env::Done>> Run::apply_next_result() {
  const Fetch::Step step = fetch_->take_after(state_->version());
  MergeReport report{.merge = {FragmentId{0}, step.after.version},
                     .lap = {.version = step.after.version,
                             .members = {},
                             .steps = static_cast<std::uint32_t>(step.after.step - state_->progress.step),
                             .first_step = state_->progress.step,
                             .first_sample = state_->progress.next_sample,
                             .samples_per_step = 0,
                             .tokens_before = state_->progress.tokens},
                     .before = state_->progress};
  state_->decided = step.after.version;
  std::function<void()> work = [&] { apply_result(*state_, step.result, report); };
  co_await env::run_on(services_.loop, services_.worker, std::move(work));
  state_->progress = step.after;
  state_->decided = step.after.version;
  state_->forget_the_past();
  if (state_->flushing && state_->reported_for != state_->flushing) report_for(*state_->flushing);
  take_early();
  say_caught_up();
  co_return env::Done{};
}

// What was sent has reached whoever can be reached, or nothing of it moves any more.
Task<env::Done> Run::until_all_is_given() {
  for (std::uint64_t before = mesh_->num_acknowledged();;) {
    std::function<bool()> given = [this] { return mesh_->all_acknowledged(); };
    co_await waiting_.at_most_until(services_.loop.now() + kNothingMoves, std::move(given));
    const std::uint64_t now = mesh_->num_acknowledged();
    if (mesh_->all_acknowledged() || now == before) co_return env::Done{};
    before = now;
  }
}

// Says why this site goes, and waits until the words, and what was to be said before, have reached the others or there is
// nobody to hear them.
Task<env::Done> Run::leave(wire::Farewell farewell) {
  if (!mesh_) co_return env::Done{};
  for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) {
    if (SiteId{i} != settings_.self) mesh_->send(SiteId{i}, farewell);
  }
  co_await until_all_is_given();
  mesh_->close_after_sending();
  std::function<bool()> closed = [this] { return mesh_->closed(); };
  co_await waiting_.at_most_until(services_.loop.now() + kFarewellWait, std::move(closed));
  co_return env::Done{};
}

}  // namespace intertie::sync
