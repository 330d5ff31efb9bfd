// Execution: one merge at one site, from offered and arriving chunks to the finished sum. Sans-I/O: events go in, chunks to
// send come out; whoever owns it sends them.
//
// The sum is w_0 d_0 + w_1 d_1 + ... in site order, each product and sum rounded to f32, over what the encoded bytes decode to
// - the author's own included - so every site gets the same bits (docs/protocol.md rules 4, 5, 6). A chunk is summed as soon as
// the set's contributions to it are there; encoded contributions are kept until the merge is applied. The merge is committed
// here when every block of the result is here, all of one set: the presumed one, or after a change of members the ordered one
// (docs/protocol.md rules 10, 15). Owner thread: the loop.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/reduce/schedule.h"
#include "intertie/reduce/set.h"
#include "intertie/wire/messages.h"

namespace intertie::reduce {

class Execution {
 public:
  struct Settings {
    MergeId merge;
    ViewNumber view;  // that says who makes the merge
    SiteId self;
    Incarnation incarnation;
    Restart restart;
    std::uint16_t num_sites = 1;  // of the run: above every site's number
    Encoding contribution_encoding = Encoding::f32;
    Encoding result_encoding = Encoding::f32;
  };
  // `presumed`: every member that makes the merge, in site order. `result` is schedule.elements long; chunks are written there
  // as they complete.
  Execution(const Settings& settings, const wire::Schedule& schedule, std::vector<SetMember> presumed,
            std::vector<float> result);

  const std::vector<ChunkSlot>& slots() const { return slots_; }
  const std::vector<SetMember>& set() const { return set_; }

  // This site's own contribution `number` to the chunk slots()[slot], encoded. Each slot once.
  void offer(std::size_t slot, Contribution number, SharedBytes encoded, Sends& sends);

  // A chunk of a contribution, or of a result. Errors (give_up): it does not fit the merge or the
  // schedule. A duplicate is dropped and counted; a result of another set waits until that is the ordered one.
  Result<void> receive(const wire::Chunk& chunk, Sends& sends);

  // The members have changed: only `set` counts, and the order's survivors complete the merge.
  void order(const wire::MergeOrder& order, std::vector<SetMember> set, Sends& sends);

  // What is here, for the store's holder.
  wire::OpenMerge holdings() const;
  // Chunks that another site asks for, as far as they are here.
  Result<void> serve(SiteId to, const wire::ChunkRequest& request, Sends& sends) const;

  bool committed() const { return num_finished_ == slots_.size(); }
  std::uint64_t num_duplicates() const { return num_duplicates_; }
  // Chunks of `site`'s contribution or result that this site still waits for; to say whom a merge hangs on.
  std::size_t num_missing_from(SiteId site) const;

  std::span<const float> result() const { return result_; }
  // Nobody needs the contributions any more; the result stays, for those who miss it.
  void forget_contributions();
  // The memory of the result, for another merge; nothing else may be called afterwards.
  std::vector<float> take_result() { return std::move(result_); }

 private:
  struct Parked {
    Encoding encoding = Encoding::f32;
    SharedBytes payload;
  };
  struct Slot {
    std::vector<SharedBytes> contributions;  // by site; empty: not here
    std::map<Hash64, Parked> results;        // of sets that are not (yet) the one that counts, by set; at most kMostSets
    bool finished = false;
  };
  static constexpr std::size_t kMostSets = 64;  // each death and return in one merge makes one more

  bool gathers() const { return reduction_ == wire::Reduction::gather; }
  bool sums(std::size_t slot) const { return gathers() || slots_[slot].owner == settings_.self; }
  std::span<float> result_of(std::size_t slot);
  std::size_t find_slot(const BlockRange& blocks) const;
  const SetMember* member(SiteId site) const;
  Result<void> check(const wire::Chunk& chunk, std::size_t slot) const;
  Result<void> take_contribution(const wire::Chunk& chunk, std::size_t index, Sends& sends);
  bool complete(const Slot& slot) const;
  void finish(std::size_t index);
  void sum(std::size_t index, Sends& sends);
  void publish_result(std::size_t index, Sends& sends);
  bool take_parked(std::size_t index);
  void take_result(std::size_t index, const Parked& result);
  void replace_owners(Sends& sends);
  void ask(const wire::MergeOrder& order, Sends& sends) const;
  bool lacks(const wire::MergeOrder& order, std::size_t index, SiteId author) const;
  wire::Chunk make_chunk(wire::ChunkKind kind, std::size_t index, Encoding encoding, SharedBytes payload) const;
  wire::Chunk contribution_chunk(std::size_t index, const SetMember& author) const;

  Settings settings_;
  wire::Reduction reduction_;
  std::uint64_t elements_;
  std::vector<ChunkSlot> slots_;
  std::vector<SiteId> scheduled_owners_;  // by slot
  std::vector<Slot> state_;
  std::vector<SetMember> members_;  // that make the merge
  std::vector<SetMember> set_;      // whose sum is wanted
  Hash64 set_hash_;
  std::vector<SiteId> recipients_;  // of what this site sends: who completes the merge, beginning after itself
  std::vector<float> result_;
  std::size_t num_finished_ = 0;
  std::uint64_t num_duplicates_ = 0;
};

}  // namespace intertie::reduce
