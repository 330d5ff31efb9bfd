#include "intertie/members/view_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::members {
namespace {

using wire::MemberRecord;

SiteId site_of(SiteId site) { return site; }
SiteId site_of(const MemberRecord& member) { return member.site; }

// Sites of the run, each once, in site order.
template <class Entry>
bool are_sites(const std::vector<Entry>& entries, std::size_t num_sites) {
  const auto not_before = [](const Entry& a, const Entry& b) { return site_of(a) >= site_of(b); };
  const bool ordered = std::adjacent_find(entries.begin(), entries.end(), not_before) == entries.end();
  return ordered && (entries.empty() || site_of(entries.back()).value < num_sites);
}

std::string problem_of(const wire::MergeOrder& order, std::size_t num_sites) {
  if (order.set.empty() || !are_sites(order.set, num_sites)) return "a set that is none";
  if (order.survivors.empty() || !are_sites(order.survivors, num_sites)) return "survivors that are none";
  const bool known = std::all_of(order.sources.begin(), order.sources.end(), [num_sites](const wire::ChunkSource& source) {
    return source.author.value < num_sites && source.from.value < num_sites && source.first < source.last;
  });
  return known ? "" : "chunks that nobody has";
}

}  // namespace

std::string problem_of(const wire::View& view, std::size_t num_sites) {
  if (view.members.empty() || !are_sites(view.members, num_sites)) return "has members that are no sites of the run";
  if (!are_sites(view.survivors, num_sites)) return "has survivors that are no sites of the run";
  if (view.number == ViewNumber{} || view.from_version == Version{}) return "has a number that is none";
  if (view.starts && !view.orders.empty()) return "begins the run and orders merges of before";
  Version last;
  for (const wire::MergeOrder& order : view.orders) {
    const Version version = order.merge.version;
    if (version <= last || version >= view.from_version) return fmt::format("orders merge {} out of turn", version.value);
    if (const std::string problem = problem_of(order, num_sites); !problem.empty()) {
      return fmt::format("orders merge {} with {}", version.value, problem);
    }
    last = version;
  }
  return {};
}

}  // namespace intertie::members
