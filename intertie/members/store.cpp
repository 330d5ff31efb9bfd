#include "intertie/members/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/base/json_fields.h"

namespace intertie::members {
namespace {

constexpr int kFormat = 2;

Error damaged(const std::string& path, const std::string& what) {
  return {.code = ErrorCode::reconfigure,
          .where = path,
          .what = "the store's record is damaged: " + what,
          .fix = "restore it from a backup of this site's folder, or start the run anew with --fresh",
          .cause = {}};
}

Json to_json(const CheckpointRecord& record) {
  Json manifests = Json::array();
  for (const auto& manifest : record.manifests) manifests.push(manifest ? Json(to_string(*manifest)) : Json());
  return Json::object({{"version", record.version.value},
                       {"restart", record.restart.value},
                       {"manifests", manifests},
                       {"complete", record.complete}});
}

Json to_json(const std::optional<wire::StopOrder>& stop) {
  if (!stop) return {};
  return Json::object({{"version", stop->version.value}, {"reason", stop->reason.text()}});
}

Json to_json(const StoreState& state) {
  Json members = Json::array();
  for (const auto& member : state.members) {
    members.push(Json::object({{"site", member.site.value}, {"incarnation", member.incarnation.value}}));
  }
  Json checkpoints = Json::array();
  for (const auto& record : state.checkpoints) checkpoints.push(to_json(record));
  return Json::object({{"format", kFormat},
                       {"run", state.run},
                       {"incarnation", state.incarnation.value},
                       {"view", state.view.value},
                       {"restart", state.restart.value},
                       {"members", members},
                       {"checkpoints", checkpoints},
                       {"stop", to_json(state.stop)}});
}

CheckpointRecord record_from(const Json& json, std::string& problem) {
  JsonFields fields(json, problem);
  CheckpointRecord record{
      {fields.number<std::uint64_t>("version")}, {fields.number<std::uint32_t>("restart")}, {}, fields.flag("complete")};
  for (const Json& manifest : fields.array("manifests")) {
    record.manifests.push_back(manifest.text() ? parse_hash(*manifest.text()) : std::nullopt);
    if (!manifest.is_null() && !record.manifests.back()) problem = "a manifest's hash is none";
  }
  return record;
}

StoreState state_from(const Json& json, std::string& problem) {
  JsonFields fields(json, problem);
  StoreState state{.run = fields.text("run"),
                   .incarnation = {fields.number<std::uint64_t>("incarnation")},
                   .view = {fields.number<std::uint64_t>("view")},
                   .restart = {fields.number<std::uint32_t>("restart")},
                   .members = {},
                   .checkpoints = {},
                   .stop = {}};
  for (const Json& member : fields.array("members")) {
    JsonFields of_member(member, problem);
    state.members.push_back({{of_member.number<std::uint16_t>("site")}, {of_member.number<std::uint64_t>("incarnation")}});
  }
  for (const Json& checkpoint : fields.array("checkpoints")) state.checkpoints.push_back(record_from(checkpoint, problem));
  if (!json["stop"].is_null()) {
    JsonFields stop(json["stop"], problem);
    state.stop = wire::StopOrder{{stop.number<std::uint64_t>("version")}, stop.text("reason")};
  }
  return state;
}

}  // namespace

std::vector<SiteId> CheckpointRecord::writers() const {
  std::vector<SiteId> sites;
  for (std::uint16_t i = 0; i < manifests.size(); ++i) {
    if (manifests[i]) sites.push_back(SiteId{i});
  }
  return sites;
}

Result<StoreState> parse_store(const std::string& text, const std::string& path) {
  const Result<Json> json = parse_json(text);
  if (!json) return damaged(path, json.error().what);
  if ((*json)["format"] != kFormat) return damaged(path, "written by another version of intertie");
  std::string problem;
  StoreState state = state_from(*json, problem);
  if (!problem.empty()) return damaged(path, problem);
  return state;
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
