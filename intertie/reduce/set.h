// Sets: whose contributions a sum contains, with which weights. And what an execution wants sent. Values; any thread.
#pragma once

#include <span>
#include <vector>

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
  wire::Message message;  // a Chunk or a ChunkRequest
};
using Sends = std::vector<Send>;

}  // namespace intertie::reduce
