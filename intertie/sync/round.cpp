#include "intertie/sync/round.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/outer/weights.h"

namespace intertie::sync {
namespace {

// Whoever took the message says where it came from.
Error misfit(std::string what) {
  return {.code = ErrorCode::give_up, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
}

}  // namespace

Round::Round(Settings settings, const wire::Schedule& schedule, std::span<float> result)
    : settings_(std::move(settings)),
      execution_(settings_.execution, schedule, result),
      headers_(settings_.execution.num_sites),
      numbers_(settings_.execution.num_sites) {}

// Header and chunks travel on different streams; whichever comes first says which contribution it is.
bool Round::is_the_one(SiteId from, Contribution number) {
  if (!numbers_[from.value]) numbers_[from.value] = number;
  return *numbers_[from.value] == number;
}

Result<void> Round::take_header(SiteId from, const wire::ContributionHeader& header, reduce::Sends& sends) {
  if (header.restart != settings_.execution.restart || header.incarnation != settings_.incarnations[from.value]) {
    return misfit("a contribution of another start of this site");
  }
  if (header.agreement != settings_.agreement) return misfit("a contribution made with another run file");
  if (header.merge != settings_.execution.merge) return misfit("a contribution to another merge");
  if (headers_[from.value] || !is_the_one(from, header.contribution)) return misfit("two contributions to one merge");
  if (header.tokens != settings_.tokens[from.value] || header.inner_steps != settings_.inner_steps) {
    return misfit(fmt::format("a contribution of {} tokens and {} steps where the run file says {} and {}", header.tokens,
                              header.inner_steps, settings_.tokens[from.value], settings_.inner_steps));
  }
  headers_[from.value] = header;
  if (!std::all_of(headers_.begin(), headers_.end(), [](const auto& h) { return h.has_value(); })) return {};

  std::vector<std::uint64_t> tokens;
  for (const auto& h : headers_) tokens.push_back(h->tokens);
  if (this->tokens() == 0) return misfit("a merge in which nobody trained");
  const std::vector<float> weights = outer::weights(tokens);
  std::vector<reduce::SetMember> set;
  for (std::uint16_t i = 0; i < headers_.size(); ++i) {
    set.push_back({SiteId{i}, headers_[i]->incarnation, headers_[i]->contribution, weights[i]});
  }
  return execution_.presume(std::move(set), sends);
}

Result<void> Round::take_chunk(SiteId from, const wire::Chunk& chunk, reduce::Sends& sends) {
  if (chunk.site != from || chunk.incarnation != settings_.incarnations[from.value]) {
    return misfit("a chunk in the name of another site or start");
  }
  if (chunk.kind == wire::ChunkKind::contribution && !is_the_one(from, chunk.contribution)) {
    return misfit("chunks of two contributions to one merge");
  }
  return execution_.receive(chunk, sends);
}

std::uint64_t Round::tokens() const {
  std::uint64_t total = 0;
  for (const auto& header : headers_) total += header ? header->tokens : 0;
  return total;
}

std::vector<SiteId> Round::waits_for() const {
  std::vector<SiteId> sites;
  for (std::uint16_t i = 0; i < headers_.size(); ++i) {
    const SiteId site{i};
    if (site == settings_.execution.self) continue;
    if (!headers_[i] || execution_.num_missing_from(site) > 0) sites.push_back(site);
  }
  return sites;
}

}  // namespace intertie::sync
