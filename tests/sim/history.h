// History: what the sites of a world committed, and whether it is what docs/protocol.md promises, however the run was
// disturbed: one membership per view, one set and one value per version among those who go on, every member's contribution in
// it, the bits of the plain reference, and nothing applied between a report and its answer.
#pragma once

#include <map>
#include <string>

#include "tests/sim/reference.h"

namespace intertie::tests {

class History {
 public:
  History(const ToyOptions& options, const ToyWorld& world);

  // What does not hold; empty: everything does.
  const std::string& problem() const { return problem_; }
  int num_merges() const { return num_merges_; }

 private:
  struct View {
    Version from;
    std::vector<wire::MemberRecord> members;
    std::uint64_t number = 0;
    Restart restart;
  };
  using Key = std::pair<Restart, Version>;

  void take_views(const ToyWorld& world);
  void take_commits(const ToyWorld& world);
  void check_members(const Commit& commit);
  void follow(const ToyOptions& options);
  void check_ends(const ToyWorld& world);
  void check_losses(const ToyWorld& world);
  void check_measurements(const ToyOptions& options, const ToyWorld& world);
  bool left_behind(const wire::MemberRecord& site, Restart restart, Version version) const;
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  std::map<std::uint64_t, View> views_;  // by number
  std::map<Key, Commit> agreed_;         // what those who go on committed
  std::string problem_;
  int num_merges_ = 0;
};

}  // namespace intertie::tests
