// Shares of a fragment as whole blocks. Pure; any thread.
#pragma once

#include <span>
#include <vector>

#include "intertie/wire/messages.h"

namespace intertie::reduce {

// Bucket by bucket in proportion to `shares` (not negative; their sum is positive). What rounding takes from an owner in one
// bucket it gets in a later one, so none is ever a whole block off what is due to it; among equals the first gains.
struct Division {
  std::vector<SiteId> owners;
  std::vector<double> shares;
  std::uint64_t elements = 0;
  std::uint32_t bucket_blocks = 0;  // 0: one bucket
};
std::vector<wire::Piece> pieces_of(const Division& division);

// Whole numbers in proportion to `weights`, together `whole`, by largest remainders.
std::vector<std::uint32_t> whole_parts(std::span<const double> weights, std::uint32_t whole);

}  // namespace intertie::reduce
