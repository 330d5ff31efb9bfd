// How a run begins and ends at a site: its folder, the others, the view, a checkpoint to go on from; farewell.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "intertie/links/identity.h"
#include "intertie/reduce/schedule.h"
#include "intertie/sync/run.h"

namespace intertie::sync {

using env::Done;
using env::Task;

namespace {

constexpr Duration kFarewellWait = std::chrono::seconds(3);

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

wire::Schedule schedule_for(const RunSettings& settings, std::uint64_t elements) {
  const auto num_sites = static_cast<std::uint16_t>(settings.site_names.size());
  const bool gather = settings.sync.reduction == "gather" || (settings.sync.reduction == "auto" && num_sites <= 2);
  const bool in_buckets = settings.sync.method == Method::synchronous;
  return reduce::make_schedule(
      {.reduction = gather ? wire::Reduction::gather : wire::Reduction::owners,
       .num_sites = num_sites,
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

  const Timetable timetable(settings_.sync, settings_.train, settings_.batch_sizes, settings_.sequence_length);
  members::Member::Settings member{.run = settings_.run,
                                   .self = settings_.self,
                                   .site_names = settings_.site_names,
                                   .incarnation = incarnation_,
                                   .schedule = schedule_for(settings_, services_.model.layout().num_elements),
                                   .store = {},
                                   .last_version = timetable.last_version()};
  if (settings_.self == SiteId{0} && !settings_.fresh) {
    INTERTIE_ASSIGN(member.store, members::load_store(services_.disk, path("store.json"), settings_.run));
  }
  member_ = std::make_unique<members::Member>(std::move(member));
  return {};
}

Error Run::late(const std::string& what) const {
  return {.code = ErrorCode::retry,
          .where = "phase start",
          .what = fmt::format("after {} {}", to_string(settings_.start_wait), what),
          .fix = "start the missing sites, check addresses and certificates, then start this site again",
          .cause = {}};
}

// Connects to everybody, agrees on the view, opens the merge streams.
Task<Result<Done>> Run::join() {
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
                            .num_merge_streams = settings_.num_merge_streams},
      links::Mesh::Handlers{.message = [this](SiteId from, wire::Message message) { receive(from, std::move(message)); },
                            .connected =
                                [this](SiteId site) {
                                  report_connected(site);
                                  waiting_.notify();
                                },
                            .merge_streams_open = [this] { waiting_.notify(); },
                            .lost = [this](SiteId site, const Error& error) { lost(site, error); },
                            .closed = [this] { waiting_.notify(); },
                            .refused = [this](const Error& error) { report_refused(error); },
                            .failed = [this](Error error) { waiting_.fail(std::move(error)); }});
  INTERTIE_CO_RETURN_IF_ERROR(mesh_->start());
  waiting_timer_ = services_.loop.call_after(std::chrono::seconds(2), [this] { report_waiting(); });

  const auto deadline = [this] { return services_.loop.now() + settings_.start_wait; };
  std::function<bool()> connected = [this] { return mesh_->all_connected(); };
  std::function<Error()> missing = [this] { return late("still missing: " + mesh_->missing()); };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(connected), deadline(), std::move(missing)));

  wire::Ready ready{.layout = hash_of_layout(services_.model.layout()), .checkpoints = {}, .resume = settings_.resume};
  for (const checkpoint::Found& found : settings_.resume ? found_ : std::vector<checkpoint::Found>()) {
    ready.checkpoints.push_back({found.manifest.version, found.manifest.restart, found.manifest_hash});
  }
  perform(member_->ready(ready, mesh_->incarnations()));
  // A run that is resumed where it ended has nothing to send: the others may be gone already.
  std::function<bool()> in_view = [this] {
    return state_.has_value() && (mesh_->all_merge_streams_open() || ends_with(state_->version));
  };
  std::function<Error()> no_view = [this] {
    return late(state_ ? "still missing: " + mesh_->missing() : "the view has not come: " + member_->waits_for());
  };
  INTERTIE_CO_RETURN_IF_ERROR(co_await waiting_.until(std::move(in_view), deadline(), std::move(no_view)));
  co_return Done{};
}

void Run::enter(const wire::View& view) {
  const auto num_sites = static_cast<std::uint16_t>(settings_.site_names.size());
  if (const Result<void> valid = reduce::validate(view.schedule, num_sites, services_.model.layout().num_elements); !valid) {
    return waiting_.fail(valid.error());
  }
  view_ = view;
  std::vector<Incarnation> incarnations;
  for (const wire::MemberRecord& member : view.members) incarnations.push_back(member.incarnation);
  state_.emplace(
      SiteState{.self = settings_.self,
                .incarnation = incarnation_,
                .restart = view.restart,
                .incarnations = incarnations,
                .agreement = settings_.agreement,
                .carried = settings_.carried,
                .sync = settings_.sync,
                .train = settings_.train,
                .timetable = Timetable(settings_.sync, settings_.train, settings_.batch_sizes, settings_.sequence_length),
                .step_time = settings_.step_time,
                .schedule = view.schedule,
                .loop = services_.loop,
                .worker = services_.worker,
                .mesh = *mesh_,
                .member = *member_,
                .model = services_.model,
                .samples = services_.samples,
                .waiting = waiting_,
                .meter = {},
                .inner = Inner(settings_.train, services_.model),
                .version = view.from_checkpoint ? view.checkpoint.version : Version{0},
                .anchor = {},
                .momentum = {},
                .result = std::vector<float>(services_.model.layout().num_elements)});
  if (settings_.sync.method == Method::diloco) {
    const std::span<float> parameters = services_.model.parameters();
    state_->anchor.assign(parameters.begin(), parameters.end());
    if (settings_.sync.outer == "nesterov") state_->momentum.assign(parameters.size(), 0.0F);
  }
  state_->carried[kAgreementText] = settings_.agreement_text;
  mesh_->open_merge_streams(view.restart);
}

Task<Result<Done>> Run::go_on_from_checkpoint() {
  reported_at_ = services_.loop.now();
  if (view_->from_checkpoint) {
    const auto found = std::find_if(found_.begin(), found_.end(), [this](const checkpoint::Found& each) {
      return each.manifest.version == view_->checkpoint.version && each.manifest.restart == view_->checkpoint.restart;
    });
    if (found == found_.end()) {
      co_return Error{.code = ErrorCode::give_up,
                      .where = mesh_->describe(SiteId{0}),
                      .what = fmt::format("its view names a checkpoint of version {} that this site did not offer",
                                          view_->checkpoint.version.value),
                      .fix = "compare `intertie version` at all sites",
                      .cause = {}};
    }
    INTERTIE_CO_RETURN_IF_ERROR(check_unchanged(*found, settings_));
    Result<void> restored;
    std::function<void()> work = [&] { restored = restore(services_.disk, *found, *state_); };
    co_await env::run_on(services_.loop, services_.worker, std::move(work));
    if (!restored) co_return restored.error();
    complete_checkpoint_ = state_->version;
    report_resumed(found->folder, found->manifest.threads);
  } else if (settings_.resume) {
    record("warning", {{"message", fmt::format("no checkpoint in {}: the run starts at step 0", path("checkpoints"))}});
  }
  Result<void> removed;
  std::function<void()> remove = [&] { removed = remove_void_checkpoints(); };
  co_await env::run_on(services_.loop, services_.worker, std::move(remove));
  if (!removed) co_return removed.error();
  co_return Done{};
}

// The view is in force: what was written after the point that the run goes on from is void.
Result<void> Run::remove_void_checkpoints() {
  const auto kept = std::pair(view_->checkpoint.version, view_->checkpoint.restart);
  for (const checkpoint::Found& found : found_) {
    if (view_->from_checkpoint && std::pair(found.manifest.version, found.manifest.restart) <= kept) continue;
    INTERTIE_RETURN_IF_ERROR(services_.disk.remove_all(found.folder));
  }
  return {};
}

// Says why this site goes, and waits until the words have reached the others or there is nobody to hear them.
Task<Done> Run::leave(std::optional<Error> error) {
  if (mesh_) {
    wire::Farewell farewell{.finished = !error, .code = ErrorCode::give_up, .reason = "complete"};
    if (error) farewell = {.finished = false, .code = error->code, .reason = error->message()};
    mesh_->send_to_all(farewell);
    for (std::uint16_t i = 0; i < settings_.site_names.size(); ++i) left_.insert(SiteId{i});
    mesh_->close_after_sending();
    std::function<bool()> closed = [this] { return mesh_->closed(); };
    co_await waiting_.at_most_until(services_.loop.now() + kFarewellWait, std::move(closed));
  }
  co_return Done{};
}

}  // namespace intertie::sync
