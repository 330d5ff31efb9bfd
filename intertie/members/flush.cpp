#include "intertie/members/flush.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "intertie/base/check.h"
#include "intertie/base/planted.h"

namespace intertie::members {
namespace {

using wire::ChunkSource;
using wire::MemberRecord;
using wire::MergeOrder;
using wire::OpenMerge;
using wire::OrderKind;

// What each survivor holds of one merge.
using Holders = std::map<SiteId, const OpenMerge*>;

Holders holders_of(const std::map<SiteId, wire::FlushReport>& reports, const std::vector<SiteId>& survivors, Version version) {
  Holders holders;
  for (const SiteId site : survivors) {
    for (const OpenMerge& open : reports.at(site).merges) {
      if (open.merge.version == version) holders[site] = &open;
    }
  }
  return holders;
}

// A holder for every chunk, as few stretches as the first that has each gives; nothing if one has none.
std::optional<std::vector<ChunkSource>> sources_of(const Holders& holders, SiteId author, std::uint32_t num_chunks,
                                                   const std::function<bool(const OpenMerge&, std::uint32_t)>& has) {
  std::vector<ChunkSource> sources;
  for (std::uint32_t chunk = 0; chunk < num_chunks; ++chunk) {
    const auto continues = [&](const auto& holder) { return !sources.empty() && sources.back().from == holder.first; };
    auto found = std::find_if(holders.begin(), holders.end(),
                              [&](const auto& holder) { return continues(holder) && has(*holder.second, chunk); });
    if (found == holders.end()) {
      found = std::find_if(holders.begin(), holders.end(), [&](const auto& holder) { return has(*holder.second, chunk); });
    }
    if (found == holders.end()) return std::nullopt;
    if (continues(*found)) {
      sources.back().last = chunk + 1;
    } else {
      sources.push_back({author, chunk, chunk + 1, found->first});
    }
  }
  return sources;
}

// The results of one set for all chunks: what a survivor has applied, else what they hold together.
std::optional<MergeOrder> adopt(const Holders& holders, const std::vector<SiteId>& applied) {
  std::vector<SiteId> first = applied;
  for (const auto& [site, open] : holders) first.push_back(site);
  for (const SiteId candidate : first) {
    const auto held = holders.find(candidate);
    if (held == holders.end()) continue;
    const std::vector<MemberRecord>& set = held->second->set;
    const auto has = [&set](const OpenMerge& open, std::uint32_t chunk) { return open.set == set && open.results.has(chunk); };
    auto sources = sources_of(holders, SiteId{}, held->second->num_chunks, has);
    if (!sources) continue;
    return MergeOrder{held->second->merge, OrderKind::adopt, set, {}, std::move(*sources)};
  }
  return std::nullopt;
}

std::size_t position_of(const std::vector<MemberRecord>& members, SiteId site) {
  const auto found = std::find_if(members.begin(), members.end(), [site](const MemberRecord& m) { return m.site == site; });
  return static_cast<std::size_t>(found - members.begin());
}

// Those of a merge's makers that go on, in the same start.
std::vector<SiteId> makers_among(const std::vector<SiteId>& survivors, const std::vector<MemberRecord>& members,
                                 const std::map<SiteId, Incarnation>& starts) {
  std::vector<SiteId> makers;
  std::copy_if(survivors.begin(), survivors.end(), std::back_inserter(makers), [&](SiteId site) {
    const std::size_t at = position_of(members, site);
    const auto start = starts.find(site);
    return at < members.size() && (start == starts.end() || start->second == members[at].incarnation);
  });
  return makers;
}

// Over the contributions of the makers that go on, and those of the others that the survivors hold whole.
MergeOrder resum(const Holders& holders, const std::vector<SiteId>& makers) {
  const OpenMerge& any = *holders.begin()->second;
  MergeOrder order{any.merge, OrderKind::resum, {}, {}, {}};
  for (const MemberRecord& member : any.members) {
    if (std::find(makers.begin(), makers.end(), member.site) != makers.end()) {
      order.set.push_back(member);
      continue;
    }
    const auto has = [&member](const OpenMerge& open, std::uint32_t chunk) {
      const std::size_t at = position_of(open.members, member.site);
      return at < open.contributions.size() && open.contributions[at].has(chunk);
    };
    const auto sources = sources_of(holders, member.site, any.num_chunks, has);
    if (!sources) continue;
    order.set.push_back(member);
    order.sources.insert(order.sources.end(), sources->begin(), sources->end());
  }
  return order;
}

// It lacks no more than others still hold; or whoever gives it the state has what it lacks, and goes on giving.
bool keeps_up(const std::map<SiteId, wire::FlushReport>& reports, SiteId site, Version applied) {
  auto found = reports.find(site);
  for (std::size_t hops = 0; found != reports.end() && hops < reports.size(); ++hops) {
    if (found->second.applied.next() >= applied) return true;
    found = found->second.fed ? reports.find(found->second.donor) : reports.end();
  }
  return false;
}

}  // namespace

FlushOutcome decide(const std::map<SiteId, wire::FlushReport>& reports, const std::map<SiteId, Incarnation>& starts) {
  INTERTIE_CHECK(!reports.empty());
  const auto newest = std::max_element(reports.begin(), reports.end(), [](const auto& a, const auto& b) {
                        return a.second.applied < b.second.applied;
                      })->second;
  const Version applied = newest.applied;
  FlushOutcome outcome;
  std::vector<SiteId> have_applied;
  for (const auto& [site, report] : reports) {
    (keeps_up(reports, site, applied) ? outcome.survivors : outcome.left_behind).push_back(site);
    if (report.applied == applied) have_applied.push_back(site);
  }
  // Whoever has applied a version has opened the next one; nobody the one after that.
  outcome.from_version = newest.ends ? applied.next() : applied.next().next();
  for (Version version = applied; version < outcome.from_version; version = version.next()) {
    const Holders holders = holders_of(reports, outcome.survivors, version);
    const bool all_applied = version == applied && have_applied.size() == outcome.survivors.size();
    if (all_applied || holders.empty()) continue;
    std::optional<MergeOrder> order;
    if (!planted(Bug::resum_applied)) order = adopt(holders, version == applied ? have_applied : std::vector<SiteId>());
    const std::vector<SiteId> makers = makers_among(outcome.survivors, holders.begin()->second->members, starts);
    if (!order) order = resum(holders, makers);
    order->survivors = makers;
    outcome.orders.push_back(std::move(*order));
  }
  return outcome;
}

}  // namespace intertie::members
