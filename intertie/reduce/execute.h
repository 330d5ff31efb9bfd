// Execution: one merge at one site, from offered and arriving chunks to the finished sum. Sans-I/O: events go in, chunks to
// send come out; whoever owns it sends them.
//
// The sum is w_0 d_0 + w_1 d_1 + ... in site order, each product and sum rounded to f32, over what the encoded bytes decode to
// - the author's own included - so every site gets the same bits (docs/protocol.md rules 4, 5, 6). A chunk is summed as soon as
// the presumed set's contributions to it are there. Encoded contributions are kept until the Execution is destroyed. The merge
// is committed here when every block of the result is here, all with the presumed set (docs/protocol.md rule 10). Owner thread:
// the loop.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/schedule.h"
#include "intertie/wire/messages.h"

namespace intertie::reduce {

// One contribution of a set, with its weight in the sum.
struct SetMember {
  SiteId site;
  Incarnation incarnation;
  Contribution contribution;
  float weight = 0;
};
// Which contributions, with which weights' bits: what a result names as the set that it is the sum of.
Hash64 hash_of_set(std::span<const SetMember> set);

struct Send {
  SiteId to;
  wire::Chunk chunk;
};
using Sends = std::vector<Send>;

class Execution {
 public:
  struct Settings {
    MergeId merge;
    SiteId self;
    Incarnation incarnation;
    Restart restart;
    std::uint16_t num_sites = 1;
    Encoding contribution_encoding = Encoding::f32;
    Encoding result_encoding = Encoding::f32;
  };
  // `schedule` must be valid and outlive this; `result` (schedule.elements long) is written as chunks complete.
  Execution(const Settings& settings, const wire::Schedule& schedule, std::span<float> result);

  const std::vector<ChunkSlot>& slots() const { return slots_; }

  // This site's own contribution `number` to the chunk slots()[slot], encoded. Each slot once.
  void offer(std::size_t slot, Contribution number, SharedBytes encoded, Sends& sends);

  // The set is known: every member's header is here. In site order. Once.
  Result<void> presume(std::vector<SetMember> set, Sends& sends);

  // A chunk of another site's contribution, or of an owner's result. Errors (give_up): it does not fit the merge, the
  // schedule or the set. A duplicate is dropped and counted.
  Result<void> receive(const wire::Chunk& chunk, Sends& sends);

  bool committed() const { return num_finished_ == slots_.size(); }
  std::uint64_t num_duplicates() const { return num_duplicates_; }
  // Chunks of `site`'s contribution or result that this site still waits for; to say whom a merge hangs on.
  std::size_t num_missing_from(SiteId site) const;

 private:
  struct Slot {
    std::vector<SharedBytes> contributions;  // by site; empty: not here (or not ours to sum)
    SharedBytes result;                      // arrived from the owner before the set was known
    Hash64 result_set;
    bool finished = false;
  };
  bool sums(std::size_t slot) const;
  std::span<float> result_of(std::size_t slot) const;
  std::size_t find_slot(const BlockRange& blocks) const;
  Result<void> check(const wire::Chunk& chunk, std::size_t slot) const;
  bool complete(const Slot& slot) const;
  void sum(std::size_t index, Sends& sends);
  void publish_result(std::size_t index, Sends& sends);
  Result<void> take_result(std::size_t index);
  wire::Chunk make_chunk(wire::ChunkKind kind, std::size_t index, SharedBytes payload) const;

  Settings settings_;
  const wire::Schedule& schedule_;
  std::span<float> result_;
  std::vector<ChunkSlot> slots_;
  std::vector<Slot> state_;
  std::vector<SetMember> set_;  // empty: not known yet
  Hash64 set_hash_;
  std::size_t num_finished_ = 0;
  std::uint64_t num_duplicates_ = 0;
};

}  // namespace intertie::reduce
