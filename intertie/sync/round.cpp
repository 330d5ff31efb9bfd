#include "intertie/sync/round.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/base/planted.h"
#include "intertie/outer/weights.h"
#include "intertie/sync/misfit.h"

namespace intertie::sync {
namespace {

// A site's contribution to a version has the version's number: it makes one.
Contribution number_of(const MergeId& merge) { return Contribution{merge.version.value}; }

}  // namespace

Round::Round(Settings settings, const wire::Schedule& schedule, std::vector<float> result)
    : settings_(std::move(settings)),
      execution_(settings_.execution, schedule, with_weights(settings_.members), std::move(result)),
      headers_(settings_.execution.num_sites) {}

// From whole tokens of a step: every contribution has the same number of steps.
std::vector<reduce::SetMember> Round::with_weights(const std::vector<wire::MemberRecord>& set) const {
  std::vector<std::uint64_t> tokens;
  for (const wire::MemberRecord& member : set) tokens.push_back(settings_.tokens_per_step[member.site.value]);
  const std::vector<float> weights = outer::weights(tokens);
  std::vector<reduce::SetMember> weighted;
  for (std::size_t i = 0; i < set.size(); ++i) {
    weighted.push_back({set[i].site, set[i].incarnation, number_of(settings_.execution.merge), weights[i]});
  }
  return weighted;
}

std::optional<Incarnation> Round::incarnation_of(SiteId site) const {
  const auto found = std::find_if(settings_.members.begin(), settings_.members.end(),
                                  [site](const wire::MemberRecord& member) { return member.site == site; });
  return found == settings_.members.end() ? std::nullopt : std::optional(found->incarnation);
}

Result<void> Round::take_header(SiteId from, const wire::ContributionHeader& header) {
  if (header.restart != settings_.execution.restart || header.incarnation != incarnation_of(from)) {
    return misfit("a contribution of another start of this site");
  }
  if (header.agreement != settings_.agreement) return misfit("a contribution made with another run file");
  if (header.merge != settings_.execution.merge) return misfit("a contribution to another merge");
  if (headers_[from.value] || header.contribution != number_of(header.merge)) return misfit("two contributions to one merge");
  const std::uint64_t expected = settings_.tokens_per_step[from.value] * header.inner_steps;
  if (header.tokens != expected) {
    return misfit(fmt::format("a contribution of {} tokens in {} steps where the run file says {}", header.tokens,
                              header.inner_steps, expected));
  }
  headers_[from.value] = true;
  return {};
}

Result<void> Round::take_chunk(SiteId from, const wire::Chunk& chunk, reduce::Sends& sends) {
  if (chunk.incarnation != incarnation_of(chunk.site) && !planted(Bug::stale_start)) {
    ++num_stale_;
    return {};
  }
  if (chunk.kind == wire::ChunkKind::result && chunk.site != from) return misfit("a result in the name of another site");
  if (chunk.kind == wire::ChunkKind::contribution && chunk.site != from && !is_gone(chunk.site)) {
    return misfit("a contribution in the name of another site");
  }
  if (chunk.kind == wire::ChunkKind::contribution && chunk.contribution != number_of(chunk.merge)) {
    return misfit("chunks of two contributions to one merge");
  }
  return execution_.receive(chunk, sends);
}

void Round::order(const wire::MergeOrder& order, reduce::Sends& sends) {
  survivors_ = order.survivors;
  execution_.order(order, with_weights(order.set), sends);
}

// As an order has said: then others give what they have of it.
bool Round::is_gone(SiteId site) const {
  return survivors_ && std::find(survivors_->begin(), survivors_->end(), site) == survivors_->end();
}

std::vector<SiteId> Round::members() const {
  std::vector<SiteId> sites;
  for (const wire::MemberRecord& member : settings_.members) sites.push_back(member.site);
  return sites;
}

std::vector<SiteId> Round::set() const {
  std::vector<SiteId> sites;
  for (const reduce::SetMember& member : execution_.set()) sites.push_back(member.site);
  return sites;
}

std::vector<SiteId> Round::waits_for() const {
  std::vector<SiteId> sites;
  for (const wire::MemberRecord& member : settings_.members) {
    if (member.site != settings_.execution.self && execution_.num_missing_from(member.site) > 0) sites.push_back(member.site);
  }
  return sites;
}

}  // namespace intertie::sync
