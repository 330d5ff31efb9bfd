// The state of a run on its way to a site that comes (back) to it: a copy of what one member holds after a version, then the
// results of the merges that the members apply meanwhile, which the newcomer applies itself (docs/protocol.md rule 17).
// Sans-I/O. Owner thread: the loop; take_copies() and the copies' use, the worker.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/base/units.h"
#include "intertie/wire/messages.h"

namespace intertie::sync {

struct NamedArray {
  std::string name;
  std::span<float> values;
};

// What is sent: an array's bytes, once copied, and their hash.
struct ArrayCopy {
  std::string name;
  SharedBytes bytes;
  Hash64 hash;
};
ArrayCopy copy_of(const std::string& name, std::span<const float> values);
// How much of the results of merges may be on its way to a site that comes. A line that can bring them at all brings a copy of
// the state, which is a few times as long, before there are so many.
Bytes most_behind(std::uint64_t num_elements);
// The parts of a copy, in order.
std::vector<wire::StatePart> parts_of(const ArrayCopy& copy, wire::StatePart head);

// The newcomer's side.
class Fetch {
 public:
  // `arrays`: what this site needs, by name and size. `num_elements`: of a result.
  Fetch(std::vector<NamedArray> arrays, std::uint64_t num_elements) : wanted_(std::move(arrays)), num_elements_(num_elements) {}

  // Errors (give_up): it does not fit this site's model, or is not what its hash says.
  Result<void> take(SiteId from, const wire::StateBegin& begin);
  Result<void> take(SiteId from, const wire::Replay& replay);
  Result<void> take(SiteId from, const wire::StatePart& part);

  bool begun() const { return begin_.has_value(); }
  SiteId donor() const { return donor_; }
  const wire::StateBegin& begin() const { return *begin_; }
  // Everything of the first copy is here; its values, in the order of `arrays`.
  bool whole() const;
  const std::vector<std::vector<float>>& values() const { return values_; }
  // The result that follows `version`, if all of it is here.
  struct Step {
    wire::Progress after;
    std::vector<float> result;
  };
  bool has_after(Version version) const;
  Step take_after(Version version);
  std::uint64_t bytes() const { return bytes_; }
  Result<void> check_hashes() const;

 private:
  struct Incoming {
    std::optional<wire::Replay> replay;
    std::vector<float> result;
    std::uint64_t received = 0;  // elements
  };
  bool is_current(SiteId from, std::uint64_t number) const { return begin_ && from == donor_ && number == begin_->number; }

  std::vector<NamedArray> wanted_;
  std::uint64_t num_elements_;
  SiteId donor_;
  std::optional<wire::StateBegin> begin_;
  std::vector<std::vector<float>> values_;
  std::vector<std::uint64_t> received_;  // elements, by array
  std::map<Version, Incoming> results_;
  std::uint64_t bytes_ = 0;
};

}  // namespace intertie::sync
