// fragment: named parts of the parameters, and how a site's live parameters move when an anchor does (docs/protocol.md rules
// 1, 2). For one fragment: theta is the live value, base is where its last included contribution left off, s a snapshot of
// theta at a step boundary. A contribution is base - s; whatever theta moved since s is local progress, which is never lost and
// never offered twice.
// Every operation is one separately rounded f32 operation per element. Pure over the caller's memory; any thread; the spans of
// one call have equal sizes and do not overlap unless said. Cost: one pass over memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intertie/base/block.h"
#include "intertie/base/ids.h"

namespace intertie::fragment {

struct Fragment {
  FragmentId id;
  ElementRange range;  // of the flat parameters
  friend bool operator==(const Fragment&, const Fragment&) = default;
};

// One fragment that is the whole model.
std::vector<Fragment> whole_model(std::uint64_t num_elements);

// out = base - snapshot. `out` may be `snapshot` itself.
void outer_gradient(std::span<const float> base, std::span<const float> snapshot, std::span<float> out);

// The anchor became `anchor_after`, and the contribution that was made of `snapshot` is in it: theta moves to the anchor and
// keeps what it did since the snapshot, base moves to the anchor. Where theta equals the snapshot (methods that wait) it
// becomes the anchor bit for bit.
void rebase_included(std::span<float> theta, std::span<const float> snapshot, std::span<const float> anchor_after,
                     std::span<float> base);

// The anchor moved without this site's contribution: theta and base move along with it, so that what the site has not yet
// contributed stays what it is. Where the anchor did not move, neither does anything else, bit for bit.
void rebase_not_included(std::span<float> theta, std::span<float> base, std::span<const float> anchor_before,
                         std::span<const float> anchor_after);

}  // namespace intertie::fragment
