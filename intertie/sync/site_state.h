// SiteState: what a site's run works with - who it is, the services it borrows, and the state that merges change. One value,
// made by Run, so that merge.cpp can be read on its own.
// Owner thread: the loop; while the worker runs, the model, `inner`, `anchor` and `momentum` belong to it. The result of a
// merge is the loop's until it is committed, and afterwards nobody changes it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "intertie/data/sampler.h"
#include "intertie/env/loop.h"
#include "intertie/env/waiting.h"
#include "intertie/links/mesh.h"
#include "intertie/members/member.h"
#include "intertie/sync/inner.h"
#include "intertie/sync/planned_death.h"
#include "intertie/sync/round.h"
#include "intertie/sync/settings.h"
#include "intertie/sync/timetable.h"
#include "intertie/sync/transfer.h"
#include "intertie/train/local_step.h"

namespace intertie::sync {

// What the site has done since the run started here, for progress and reports. Owner thread: the loop.
struct Meter {
  enum class Phase { other, computing, encoding, waiting };

  std::uint64_t steps = 0;
  double loss = 0;           // summed over steps, this site's samples
  double learning_rate = 0;  // of the last step
  double gradient_norm = 0;  // of the last step, before clipping
  Duration computing{0};     // forward, backward, inner optimiser (and pacing)
  Duration encoding{0};      // outer gradient, encoding, outer optimiser
  Duration waiting{0};       // for merges to commit
  Duration other{0};         // evaluation, checkpoints
  Phase phase = Phase::other;
  env::TimePoint since{};        // when the phase began, or was last counted
  env::TimePoint phase_began{};  // when the phase began

  // The time up to now belongs to the phase that ends with it.
  void enter(Phase next, env::TimePoint now);
  // Counts the phase in progress up to now.
  void count(env::TimePoint now);
};

// Who makes the versions from one on, as a view said.
struct Membership {
  ViewNumber view;
  Version from;
  std::vector<wire::MemberRecord> members;  // in site order
  wire::Schedule schedule;

  std::vector<SiteId> sites() const;
  bool has(SiteId site) const;
};

struct SiteState {
  // Who this is.
  SiteId self;
  Incarnation incarnation;
  Restart restart;
  std::uint16_t num_sites = 0;  // of the run file
  Hash64 agreement;
  std::map<std::string, std::string> carried;  // into every manifest
  Settings sync;
  train::Settings train;
  Timetable timetable;
  std::optional<Duration> step_time;  // a paced site: an inner step takes at least this long

  // Services, borrowed.
  env::Loop& loop;
  env::Worker& worker;
  links::Mesh& mesh;
  members::Member& member;
  train::LocalStep& model;
  const data::Sampler& samples;
  env::Waiting& waiting;

  // What the store's holder said.
  std::vector<Membership> memberships = {};               // oldest first; those of versions that are behind us are forgotten
  std::map<Version, wire::MergeOrder> orders = {};        // of merges that a change of members found open here
  std::optional<ViewNumber> flushing = std::nullopt;      // until this view has come, nothing is applied
  std::optional<ViewNumber> reported_for = std::nullopt;  // the last flush that this site has answered
  std::optional<DeathWatch> death = std::nullopt;         // it was told to die

  // What training changes.
  Meter meter;
  Inner inner;
  wire::Progress progress;      // of the anchor
  Version decided;              // the newest version that is applied, or being applied
  Version merging = {};         // the newest version that this site began to make
  std::vector<float> anchor;    // last agreed parameters (diloco; for synchronous the live parameters are the anchor)
  std::vector<float> momentum;  // of the outer optimiser
  std::map<Version, Round> rounds = {};
  std::vector<std::vector<float>> spare_results = {};  // memory of rounds that are behind us
  std::uint64_t num_duplicates = 0;                    // parts of merges that came again, since the last commit
  std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);  // for what was posted and may outlive this

  Version version() const { return progress.version; }
  // nullptr: no view has said who makes it.
  const Membership* membership(Version of) const;
  std::vector<SiteId> members(Version of) const;
  // The round of `version`, made if need be; nullptr if it is too old, or nobody has said who makes it.
  Round* round(Version of);
  void enter(const wire::View& view);
  // `progress` has moved: what belongs to versions before it is forgotten, but for the last result.
  void forget_the_past();
  void send(reduce::Sends sends);
  // Not during a flush, until its view has come.
  bool may_apply(Version version) const;
};

// What a site that comes needs beside its own batches: the parameters that are agreed on, the moments of both optimisers.
std::vector<NamedArray> transferred_arrays(SiteState& site);

}  // namespace intertie::sync
