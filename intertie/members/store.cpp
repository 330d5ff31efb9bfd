#include "intertie/members/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace intertie::members {
namespace {

using Json = nlohmann::json;

Error damaged(const std::string& path, const std::string& what) {
  return {.code = ErrorCode::reconfigure,
          .where = path,
          .what = "the store's record is damaged: " + what,
          .fix = "restore it from a backup of this site's folder, or start the run anew with --fresh",
          .cause = {}};
}

Json hash_to_json(const std::optional<Hash64>& hash) { return hash ? Json(to_string(*hash)) : Json(); }

Json to_json(const CheckpointRecord& record) {
  Json manifests = Json::array();
  for (const auto& manifest : record.manifests) manifests.push_back(hash_to_json(manifest));
  return {{"version", record.version.value}, {"restart", record.restart.value}, {"manifests", manifests}};
}

Json to_json(const StoreState& state) {
  Json members = Json::array();
  for (const auto& member : state.members) {
    members.push_back({{"site", member.site.value}, {"incarnation", member.incarnation.value}});
  }
  Json checkpoints = Json::array();
  for (const auto& record : state.checkpoints) checkpoints.push_back(to_json(record));
  return {{"format", 1},
          {"run", state.run},
          {"incarnation", state.incarnation.value},
          {"view", state.view.value},
          {"restart", state.restart.value},
          {"members", members},
          {"checkpoints", checkpoints}};
}

// Reads what to_json wrote. nlohmann converts -1 and 1e9 to any integer without a word, so numbers are looked at first. What is
// missing throws nlohmann's exceptions, which parse_store catches.
class StoreReader {
 public:
  bool ok() const { return ok_; }

  StoreState state(const Json& json) {
    StoreState state;
    state.run = json.at("run").get<std::string>();
    state.incarnation.value = number<std::uint64_t>(json.at("incarnation"));
    state.view.value = number<std::uint64_t>(json.at("view"));
    state.restart.value = number<std::uint32_t>(json.at("restart"));
    for (const Json& member : json.at("members")) {
      state.members.push_back(
          {SiteId{number<std::uint16_t>(member.at("site"))}, Incarnation{number<std::uint64_t>(member.at("incarnation"))}});
    }
    for (const Json& checkpoint : json.at("checkpoints")) state.checkpoints.push_back(record(checkpoint));
    return state;
  }

 private:
  CheckpointRecord record(const Json& json) {
    CheckpointRecord record{
        Version{number<std::uint64_t>(json.at("version"))}, Restart{number<std::uint32_t>(json.at("restart"))}, {}};
    for (const Json& manifest : json.at("manifests")) record.manifests.push_back(hash(manifest));
    return record;
  }

  template <class Number>
  Number number(const Json& json) {
    const bool fits = json.is_number_unsigned() && json.get<std::uint64_t>() <= std::numeric_limits<Number>::max();
    ok_ = ok_ && fits;
    return fits ? json.get<Number>() : Number{};
  }

  std::optional<Hash64> hash(const Json& json) {
    if (json.is_null()) return std::nullopt;
    const std::optional<Hash64> parsed = parse_hash(json.get<std::string>());
    ok_ = ok_ && parsed;
    return parsed;
  }

  bool ok_ = true;
};

}  // namespace

bool CheckpointRecord::complete() const {
  return std::all_of(manifests.begin(), manifests.end(), [](const auto& manifest) { return manifest.has_value(); });
}

Result<StoreState> parse_store(const std::string& text, const std::string& path) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != 1) return damaged(path, "written by another version of intertie");
    StoreReader reader;
    StoreState state = reader.state(json);
    if (!reader.ok()) return damaged(path, "a number or a hash in it is none");
    return state;
  } catch (const std::exception& e) {
    return damaged(path, e.what());
  }
}

Result<std::optional<StoreState>> load_store(env::Disk& disk, const std::string& path, const std::string& run) {
  if (!disk.exists(path)) return std::optional<StoreState>();
  INTERTIE_ASSIGN(const std::vector<std::byte> bytes, disk.read(path));
  INTERTIE_ASSIGN(StoreState state, parse_store({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path));
  if (state.run != run) return damaged(path, fmt::format("it belongs to run \"{}\", not to \"{}\"", state.run, run));
  return std::optional<StoreState>(std::move(state));
}

Result<void> save_store(env::Disk& disk, const std::string& path, const StoreState& state) {
  const std::string text = to_json(state).dump(2) + "\n";
  return disk.write_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace intertie::members
