#include "intertie/sync/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "intertie/base/hash.h"
#include "intertie/sync/misfit.h"

namespace intertie::sync {
namespace {

constexpr std::size_t kPartElements = 256 * 1024;
constexpr std::uint64_t kResultsBehind = 16;
constexpr std::uint64_t kBytesBehind = 64 * 1024 * 1024;

Result<void> copy_part(const wire::StatePart& part, std::vector<float>& to, std::uint64_t& received) {
  const std::size_t count = part.payload.size() / sizeof(float);
  if (part.payload.size() % sizeof(float) != 0 || part.first != received || count > to.size() - received) {
    return misfit("sent a part of its state that does not follow the one before");
  }
  if (count > 0) std::memcpy(to.data() + part.first, part.payload.view().data(), part.payload.size());
  received += count;
  return {};
}

}  // namespace

Bytes most_behind(std::uint64_t num_elements) {
  return {std::max(kResultsBehind * num_elements * sizeof(float), kBytesBehind)};
}

ArrayCopy copy_of(const std::string& name, std::span<const float> values) {
  const auto bytes = std::as_bytes(values);
  return {name, SharedBytes(std::vector(bytes.begin(), bytes.end())), hash_bytes(bytes)};
}

std::vector<wire::StatePart> parts_of(const ArrayCopy& copy, wire::StatePart head) {
  std::vector<wire::StatePart> parts;
  constexpr std::size_t kPartBytes = kPartElements * sizeof(float);
  for (std::size_t at = 0; at < copy.bytes.size(); at += kPartBytes) {
    head.first = at / sizeof(float);
    head.payload = copy.bytes.slice(at, std::min(kPartBytes, copy.bytes.size() - at));
    parts.push_back(head);
  }
  return parts;
}

Result<void> Fetch::take(SiteId from, const wire::StateBegin& begin) {
  bool fits = begin.arrays.size() == wanted_.size();
  for (std::size_t i = 0; fits && i < wanted_.size(); ++i) {
    fits = begin.arrays[i].name == wanted_[i].name && begin.arrays[i].elements == wanted_[i].values.size();
  }
  if (!fits) return misfit("its state is of another model or method");
  donor_ = from;
  begin_ = begin;
  received_.assign(wanted_.size(), 0);
  values_.clear();
  for (const NamedArray& array : wanted_) values_.emplace_back(array.values.size());
  results_.clear();
  return {};
}

Result<void> Fetch::take(SiteId from, const wire::Replay& replay) {
  if (!is_current(from, replay.number)) return {};
  if (!results_.contains(replay.after.version)) return misfit("sent the end of a result that it had not sent");
  Incoming& incoming = results_[replay.after.version];
  incoming.replay = replay;
  return {};
}

Result<void> Fetch::take(SiteId from, const wire::StatePart& part) {
  if (!is_current(from, part.number)) return {};
  bytes_ += part.payload.size();
  if (part.array < wanted_.size()) {
    if (part.version != begin_->progress.version) return misfit("sent a part of another version's state");
    return copy_part(part, values_[part.array], received_[part.array]);
  }
  const bool too_many = results_.size() * num_elements_ * sizeof(float) > 2 * most_behind(num_elements_).value;
  if (part.array != wanted_.size() || part.version <= begin_->progress.version || too_many) {
    return misfit("sent a result that was not due");
  }
  Incoming& incoming = results_[part.version];
  if (incoming.result.empty()) incoming.result.resize(num_elements_);
  return copy_part(part, incoming.result, incoming.received);
}

bool Fetch::whole() const {
  if (!begin_) return false;
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    if (received_[i] != values_[i].size()) return false;
  }
  return true;
}

Result<void> Fetch::check_hashes() const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (hash_bytes(std::as_bytes(std::span(values_[i]))) != begin_->arrays[i].hash) {
      return misfit(fmt::format("its {} did not arrive as it was sent", begin_->arrays[i].name));
    }
  }
  return {};
}

bool Fetch::has_after(Version version) const {
  const auto found = results_.find(version.next());
  return found != results_.end() && found->second.replay && found->second.received == num_elements_;
}

Fetch::Step Fetch::take_after(Version version) {
  const auto found = results_.find(version.next());
  Step step{found->second.replay->after, std::move(found->second.result)};
  results_.erase(results_.begin(), std::next(found));
  return step;
}

}  // namespace intertie::sync
