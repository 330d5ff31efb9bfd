#include "intertie/reduce/shares.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace intertie::reduce {
namespace {

// The numbers of `due` as whole ones, together `whole` as they are: down, and then one more or less where it is nearest.
std::vector<std::uint32_t> round_together(const std::vector<double>& due, std::uint32_t whole) {
  std::vector<std::uint32_t> parts;
  for (const double each : due) parts.push_back(static_cast<std::uint32_t>(std::max(0.0, std::floor(each))));
  const auto behind = [&](std::size_t i) { return due[i] - parts[i]; };
  std::int64_t missing = static_cast<std::int64_t>(whole) - std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
  for (; missing != 0; missing += missing > 0 ? -1 : 1) {
    std::size_t chosen = due.size();
    for (std::size_t i = 0; i < due.size(); ++i) {
      if (missing < 0 && parts[i] == 0) continue;
      const bool better = chosen == due.size() || (missing > 0 ? behind(i) > behind(chosen) : behind(i) < behind(chosen));
      if (better) chosen = i;
    }
    missing > 0 ? ++parts[chosen] : --parts[chosen];
  }
  return parts;
}

// What is due to each owner over all buckets so far.
class Shares {
 public:
  explicit Shares(const std::vector<double>& shares)
      : shares_(shares), sum_(std::accumulate(shares.begin(), shares.end(), 0.0)), given_(shares.size()) {}

  std::vector<std::uint32_t> of_bucket(std::uint32_t blocks) {
    total_ += blocks;
    std::vector<double> due;
    for (std::size_t i = 0; i < shares_.size(); ++i) due.push_back(shares_[i] / sum_ * total_ - given_[i]);
    std::vector<std::uint32_t> parts = round_together(due, blocks);
    for (std::size_t i = 0; i < parts.size(); ++i) given_[i] += parts[i];
    return parts;
  }

 private:
  const std::vector<double>& shares_;
  double sum_;
  double total_ = 0;
  std::vector<double> given_;  // blocks
};

}  // namespace

std::vector<wire::Piece> pieces_of(const Division& division) {
  std::vector<wire::Piece> pieces;
  Shares shares(division.shares);
  const std::uint32_t blocks = blocks_of(division.elements);
  const std::uint32_t bucket = division.bucket_blocks > 0 ? division.bucket_blocks : std::max(1U, blocks);
  std::uint32_t at = 0;
  while (at < blocks) {
    const std::vector<std::uint32_t> parts = shares.of_bucket(std::min(bucket, blocks - at));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] > 0) pieces.push_back({.blocks = {at, at + parts[i]}, .owner = division.owners[i]});
      at += parts[i];
    }
  }
  return pieces;
}

std::vector<std::uint32_t> whole_parts(std::span<const double> weights, std::uint32_t whole) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> due;
  for (const double weight : weights) due.push_back(weight / sum * whole);
  return round_together(due, whole);
}

}  // namespace intertie::reduce
