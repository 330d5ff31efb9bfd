#include "intertie/checkpoint/manifest.h"

#include "intertie/base/json_fields.h"

namespace intertie::checkpoint {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;
constexpr std::uint64_t kFormat = 1;

Error bad_manifest(std::string what) {
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
}

// A file of the checkpoint's own folder.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

std::map<std::string, WrittenFile> read_files(const Json::Object& entries, std::string& problem) {
  std::map<std::string, WrittenFile> files;
  for (const auto& [name, value] : entries) {
    if (!is_plain_name(name) || !value.is_object()) problem = "\"files\" has an entry that is none";
    JsonFields fields(value, problem);
    files[name] = {.size = fields.number<std::uint64_t>("size"), .hash = fields.hash("hash")};
  }
  return files;
}

std::map<std::string, std::string> read_more(const Json::Object& entries, std::string& problem) {
  std::map<std::string, std::string> more;
  for (const auto& [key, value] : entries) {
    if (!value.text()) problem = "\"more\" has an entry that is not text";
    more[key] = value.text() ? *value.text() : std::string();
  }
  return more;
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  Json more = Json::object();
  for (const auto& [key, value] : manifest.more) more.set(key, value);
  Json files = Json::object();
  for (const auto& [name, file] : manifest.files) {
    files.set(name, Json::object({{"size", file.size}, {"hash", to_string(file.hash)}}));
  }
  const Json json = Json::object({{"format", kFormat},
                                  {"run", manifest.run},
                                  {"site", manifest.site},
                                  {"version", manifest.version.value},
                                  {"restart", manifest.restart.value},
                                  {"step", manifest.step},
                                  {"tokens", manifest.tokens},
                                  {"next_sample", manifest.next_sample},
                                  {"agreement", to_string(manifest.agreement)},
                                  {"data", to_string(manifest.data)},
                                  {"threads", manifest.threads},
                                  {"more", more},
                                  {"files", files}});
  return json.dump(2) + "\n";
}

Result<Manifest> parse_manifest(std::span<const std::byte> text) {
  if (text.size() > kMaxBytes) return bad_manifest("too large for a manifest");
  const Result<Json> json = parse_json({reinterpret_cast<const char*>(text.data()), text.size()});
  if (!json) return bad_manifest("no JSON: " + json.error().what);
  if (!json->is_object()) return bad_manifest("no JSON object");
  if (json->has("format") && (*json)["format"] != kFormat) return bad_manifest("written by another version of Intertie");

  std::string problem;
  JsonFields fields(*json, problem);
  fields.number<std::uint64_t>("format");
  Manifest manifest{.run = fields.text("run"),
                    .site = fields.text("site"),
                    .version = {fields.number<std::uint64_t>("version")},
                    .restart = {fields.number<std::uint32_t>("restart")},
                    .step = fields.number<std::uint64_t>("step"),
                    .tokens = fields.number<std::uint64_t>("tokens"),
                    .next_sample = fields.number<std::uint64_t>("next_sample"),
                    .agreement = fields.hash("agreement"),
                    .data = fields.hash("data"),
                    .threads = fields.number<int>("threads"),
                    .more = {},
                    .files = {}};
  manifest.more = read_more(fields.object("more"), problem);
  manifest.files = read_files(fields.object("files"), problem);
  if (!problem.empty()) return bad_manifest(problem);
  return manifest;
}

}  // namespace intertie::checkpoint
