// What the members of one merge contribute, with weights that follow from who is in the set, and what the sum has to be.
#pragma once

#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "intertie/codec/codec.h"
#include "intertie/env/random.h"
#include "intertie/reduce/execute.h"

namespace intertie::reduce {

inline std::vector<SiteId> sites_numbered(std::initializer_list<std::uint16_t> numbers) {
  std::vector<SiteId> sites;
  for (const std::uint16_t number : numbers) sites.push_back(SiteId{number});
  return sites;
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

class Contributions {
 public:
  struct Case {
    wire::Reduction reduction = wire::Reduction::owners;
    std::vector<SiteId> members;
    std::uint64_t elements = 0;
    Encoding encoding = Encoding::f32;
    std::uint32_t bucket_blocks = 0;
  };
  static constexpr MergeId kMerge{FragmentId{0}, Version{7}};
  static Incarnation incarnation_of(SiteId site) { return Incarnation{100U + site.value}; }

  Contributions(Case c, unsigned seed) : case_(std::move(c)), random_(seed) {
    for (const SiteId site : case_.members) {
      std::vector<float>& values = values_[site];
      values.resize(case_.elements);
      auto state = static_cast<std::uint32_t>(random_.next());
      for (float& value : values) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-30F;
      }
    }
  }

  static std::vector<SetMember> set_of(const std::vector<SiteId>& sites) {
    float all = 0;
    for (const SiteId site : sites) all += static_cast<float>(site.value + 1);
    std::vector<SetMember> set;
    for (const SiteId site : sites) {
      set.push_back({site, incarnation_of(site), Contribution{1}, static_cast<float>(site.value + 1) / all});
    }
    return set;
  }
  SharedBytes encoded(SiteId site, const ElementRange& range) const {
    std::vector<std::byte> bytes(codec::encoded_size(case_.encoding, range.size()));
    codec::encode(case_.encoding, std::span(values_.at(site)).subspan(range.first, range.size()), bytes);
    return SharedBytes(std::move(bytes));
  }
  // What everybody's result is to be.
  std::vector<float> expected(const std::vector<SiteId>& sites) const {
    std::vector<float> sum(case_.elements);
    bool first = true;
    for (const SetMember& member : set_of(sites)) {
      const std::vector<float> decoded = through_encoding(values_.at(member.site));
      for (std::size_t k = 0; k < sum.size(); ++k) {
        const float product = member.weight * decoded[k];
        sum[k] = first ? product : sum[k] + product;
      }
      first = false;
    }
    return case_.reduction == wire::Reduction::owners ? through_encoding(sum) : sum;
  }

  Case case_;
  env::Random random_;

 private:
  std::vector<float> through_encoding(const std::vector<float>& values) const {
    std::vector<std::byte> bytes(codec::encoded_size(case_.encoding, values.size()));
    std::vector<float> decoded(values.size());
    codec::encode(case_.encoding, values, bytes);
    codec::decode(case_.encoding, bytes, decoded);
    return decoded;
  }

  std::map<SiteId, std::vector<float>> values_;
};

}  // namespace intertie::reduce
