#include "intertie/members/store.h"

#include <fmt/format.h>

#include <algorithm>
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

std::optional<Hash64> hash_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return Hash64{std::stoull(json.get<std::string>(), nullptr, 16)};
}

// May throw what nlohmann::json and std::stoull throw; parse_store catches it.
StoreState from_json(const Json& json) {
  StoreState state;
  state.run = json.at("run").get<std::string>();
  state.incarnation.value = json.at("incarnation").get<std::uint64_t>();
  state.view.value = json.at("view").get<std::uint64_t>();
  state.restart.value = json.at("restart").get<std::uint32_t>();
  for (const Json& member : json.at("members")) {
    state.members.push_back(
        {SiteId{member.at("site").get<std::uint16_t>()}, Incarnation{member.at("incarnation").get<std::uint64_t>()}});
  }
  for (const Json& checkpoint : json.at("checkpoints")) {
    CheckpointRecord record{
        Version{checkpoint.at("version").get<std::uint64_t>()}, Restart{checkpoint.at("restart").get<std::uint32_t>()}, {}};
    for (const Json& manifest : checkpoint.at("manifests")) record.manifests.push_back(hash_from_json(manifest));
    state.checkpoints.push_back(std::move(record));
  }
  return state;
}

}  // namespace

bool CheckpointRecord::complete() const {
  return std::all_of(manifests.begin(), manifests.end(), [](const auto& manifest) { return manifest.has_value(); });
}

Result<StoreState> parse_store(const std::string& text, const std::string& path) {
  try {
    const Json json = Json::parse(text);
    if (json.at("format") != 1) return damaged(path, "written by another version of intertie");
    return from_json(json);
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
