// Strong ids: a site is never a version by accident. Values; ordered; printable; hashable.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

namespace intertie {

template <class Tag, class Number>
struct Id {
  Number value = 0;
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
  constexpr Id next() const { return Id{static_cast<Number>(value + 1)}; }
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << +id.value; }
};

using SiteId = Id<struct SiteTag, std::uint16_t>;  // position in the run file: the site order
using FragmentId = Id<struct FragmentTag, std::uint16_t>;
using Version = Id<struct VersionTag, std::uint64_t>;          // of an anchor; the initial parameters are version 0
using Incarnation = Id<struct IncarnationTag, std::uint64_t>;  // start of a site's agent; a lower one is refused
using Restart = Id<struct RestartTag, std::uint32_t>;          // how often the run was resumed from a checkpoint
using ViewNumber = Id<struct ViewTag, std::uint64_t>;
using Contribution = Id<struct ContributionTag, std::uint64_t>;  // n-th contribution of a site to a fragment
using Lane = Id<struct LaneTag, std::uint8_t>;
using Block = Id<struct BlockTag, std::uint32_t>;  // 4,096 consecutive elements of a fragment

// One agreed update of one fragment.
struct MergeId {
  FragmentId fragment;
  Version version;
  friend constexpr auto operator<=>(const MergeId&, const MergeId&) = default;
  friend std::ostream& operator<<(std::ostream& out, const MergeId& id) { return out << id.fragment << "." << id.version; }
};

}  // namespace intertie

template <class Tag, class Number>
struct std::hash<intertie::Id<Tag, Number>> {
  std::size_t operator()(const intertie::Id<Tag, Number>& id) const { return std::hash<Number>()(id.value); }
};
