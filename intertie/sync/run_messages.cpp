// What a run does with the messages of other sites, and with what its member decides.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/sync/misfit.h"
#include "intertie/sync/run.h"

namespace intertie::sync {
namespace {

// What one site may have waiting here for the view that says what it means. The next view lets no more than two merges begin:
// two contributions of it and two results; and as much again for what surrounds them.
Bytes most_early(std::uint64_t num_elements) { return {8 * (num_elements * sizeof(float) + 1024 * 1024)}; }
// What may be on its way to one site that asks for chunks. Each view that comes makes it ask anew, for those of two merges.
Bytes most_served(std::uint64_t num_elements) { return {64 * (num_elements * sizeof(float) + 1024 * 1024)}; }

Bytes size_of(const wire::Message& message) {
  const auto* chunk = std::get_if<wire::Chunk>(&message);
  return {1024 + (chunk ? chunk->payload.size() : 0)};  // with what a list of ranges may take
}

}  // namespace

// What makes no sense is the fault of its sender, which has to go; unless there is no run yet that could go on without it.
void Run::receive(SiteId from, wire::Message message) {
  if (waiting_.failure()) return;
  if (const Result<void> taken = take(from, message); !taken) {
    Error error = taken.error();
    if (error.code == ErrorCode::give_up && member_->view()) {
      perform(member_->complain(from, mesh_->incarnation(from), error.message()));
    } else {
      if (error.where.empty()) error.where = mesh_->describe(from) + ", " + phase();
      waiting_.fail(std::move(error));
    }
  }
  waiting_.notify();
}

Result<void> Run::take(SiteId from, const wire::Message& message) {
  if (const auto* farewell = std::get_if<wire::Farewell>(&message)) return take_farewell(from, *farewell);
  if (const auto* hash = std::get_if<wire::AnchorHash>(&message)) return take_hash(from, *hash);
  if (const auto* request = std::get_if<wire::ChunkRequest>(&message)) return serve(from, *request);
  if (std::holds_alternative<wire::ContributionHeader>(message) || std::holds_alternative<wire::Chunk>(message)) {
    return take_part_of_merge(from, message);
  }
  if (std::holds_alternative<wire::StateBegin>(message) || std::holds_alternative<wire::Replay>(message) ||
      std::holds_alternative<wire::StatePart>(message)) {
    return take_state(from, message);
  }
  perform(member_->receive(from, mesh_->incarnation(from), message));
  return {};
}

// A site that ends before the run does is a member that is gone; before the run has begun nobody can begin without it.
Result<void> Run::take_farewell(SiteId from, const wire::Farewell& farewell) {
  if (farewell.finished) {
    left_.insert(from);
    // Its end was not the run's: it was told to stop by a holder that has come back since.
    if (state_ && member_->is_member() && !ends_with(state_->progress)) {
      perform(member_->departed(from, mesh_->incarnation(from), "stopped"));
    }
    return {};
  }
  if (state_ && member_->is_member()) {
    record("site.left", {{"peer", name(from)}, {"reason", farewell.reason.text()}});
    perform(member_->departed(from, mesh_->incarnation(from), farewell.reason.text()));
    return {};
  }
  if (state_ || farewell.code == ErrorCode::rejoin || mesh_->view_of(from) > ViewNumber{} || goes_on_elsewhere()) return {};
  // Nobody is at fault for a site that is missing, or for a wish to stop; of other causes this site is not the one.
  const bool shared = farewell.code == ErrorCode::retry || farewell.code == ErrorCode::cancelled;
  return Error{.code = shared ? farewell.code : ErrorCode::reconfigure,
               .where = {},
               .what = "stopped: " + farewell.reason.text(),
               .fix = {},
               .cause = {}};
}

Result<void> Run::take_state(SiteId from, const wire::Message& message) {
  if (started_with_ || (state_ && makes_the_next())) return {};
  if (const auto* begin = std::get_if<wire::StateBegin>(&message)) {
    if (copying_) {
      return Error{.code = ErrorCode::rejoin, .where = {}, .what = "begins to give its state anew", .fix = {}, .cause = {}};
    }
    if (!state_) make_state(begin->restart, {});
    if (!fetch_) fetch_.emplace(transferred_arrays(*state_), services_.model.layout().num_elements);
    INTERTIE_RETURN_IF_ERROR(fetch_->take(from, *begin));
    fetched_ = false;
    donor_start_ = mesh_->incarnation(from);
    record("join.began", {{"donor", name(from)},
                          {"version", static_cast<std::int64_t>(begin->progress.version.value)},
                          {"restart", std::int64_t{begin->restart.value}}});
    return {};
  }
  if (!fetch_) return {};
  if (const auto* replay = std::get_if<wire::Replay>(&message)) return fetch_->take(from, *replay);
  return fetch_->take(from, std::get<wire::StatePart>(message));
}

Result<void> Run::take_part_of_merge(SiteId from, const wire::Message& message) {
  const auto* header = std::get_if<wire::ContributionHeader>(&message);
  const auto* chunk = std::get_if<wire::Chunk>(&message);
  const Version version = header ? header->merge.version : chunk->merge.version;
  const ViewNumber view = header ? header->view : chunk->view;
  const bool known = state_ && !state_->memberships.empty() && view <= state_->memberships.back().view;
  if (!known) {
    Bytes& waiting = early_bytes_[from];
    waiting = waiting + size_of(message);
    if (waiting.value > most_early(services_.model.layout().num_elements).value) {
      return misfit("sends merges of a view that nobody else knows");
    }
    early_.emplace_back(from, message);
    return {};
  }
  if (version <= state_->version()) {
    state_->num_duplicates += chunk ? 1 : 0;
    return {};
  }
  if (!state_->membership(version)) return {};  // from before this site came
  const Version newest = std::max(state_->version(), state_->memberships.back().from);
  Round* round = version > newest.next().next() ? nullptr : state_->round(version);
  if (!round || round->view() != view) {
    return misfit(fmt::format("sent a part of merge {}, which it cannot have come to", version.value));
  }
  if (header) return round->take_header(from, *header);
  reduce::Sends sends;
  INTERTIE_RETURN_IF_ERROR(round->take_chunk(from, *chunk, sends));
  state_->send(std::move(sends));
  return {};
}

// A view has come, or the state that says where the run stands.
void Run::take_early() {
  early_bytes_.clear();
  for (auto& [from, message] : std::exchange(early_, {})) receive(from, std::move(message));
}

// Who is to blame for a difference is not for one site to say: the run stops everywhere.
Result<void> Run::take_hash(SiteId from, const wire::AnchorHash& hash) {
  const Version version = hash.merge.version;
  if (state_ && makes_the_next() && version > state_->version().next().next()) {
    return misfit(fmt::format("sent the hash of version {}, which it cannot have come to", version.value));
  }
  if (const Result<void> equal = hashes_.add(from, version, hash.hash); !equal) waiting_.fail(equal.error());
  return {};
}

Result<void> Run::serve(SiteId from, const wire::ChunkRequest& request) {
  if (!state_ || request.restart != state_->restart) return {};
  const auto round = state_->rounds.find(request.merge.version);
  if (round == state_->rounds.end()) return {};
  const Bytes waiting = mesh_->link(from)->session().unacknowledged_bytes(wire::StreamClass::merge);
  if (waiting.value > most_served(services_.model.layout().num_elements).value) {
    return misfit("asks for chunks faster than it takes them");
  }
  reduce::Sends sends;
  INTERTIE_RETURN_IF_ERROR(round->second.execution().serve(from, request, sends));
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
    mesh_->send(send->to, send->message);
  } else if (auto* persist = std::get_if<members::Persist>(&action)) {
    return members::save_store(services_.disk, path("store.json"), persist->state);
  } else if (auto* entered = std::get_if<members::EnterView>(&action)) {
    enter(entered->view);
  } else if (auto* fence = std::get_if<members::Fence>(&action)) {
    mesh_->fence(fence->member.site, fence->member.incarnation, fence->view, fence->reason);
  } else if (auto* report = std::get_if<members::ReportFor>(&action)) {
    report_for(report->number);
  } else if (auto* out = std::get_if<members::Fenced>(&action)) {
    fenced(out->view);
  } else if (auto* give = std::get_if<members::GiveState>(&action)) {
    donations_[give->to.site] = {give->to, ++num_donations_, services_.loop.now()};
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

}  // namespace intertie::sync
