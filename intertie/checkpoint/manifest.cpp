#include "intertie/checkpoint/manifest.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace intertie::checkpoint {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = std::size_t{16} << 20U;
constexpr int kMaxDepth = 2;  // {"files": {"state.safetensors": {
constexpr std::uint64_t kFormat = 1;

Error wrong(std::string what) {
  return Error{.code = ErrorCode::reconfigure, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
}

// Reads the fields of one JSON object; the first that is missing or of another kind is remembered, and what is returned for it
// means nothing.
class Fields {
 public:
  Fields(const Json& object, std::optional<Error>& problem) : object_(object), problem_(problem) {}

  std::string text(const char* key) {
    const Json* value = find(key, [](const Json& v) { return v.is_string(); });
    return value ? value->get<std::string>() : std::string();
  }
  std::uint64_t number(const char* key, std::uint64_t limit = UINT64_MAX) {
    const Json* value = find(key, [&](const Json& v) { return v.is_number_unsigned() && v.get<std::uint64_t>() <= limit; });
    return value ? value->get<std::uint64_t>() : 0;
  }
  Hash64 hash(const char* key) {
    const std::optional<Hash64> hash = parse_hash(text(key));
    if (!hash) remember(key);
    return hash.value_or(Hash64{});
  }
  const Json& object(const char* key) {
    static const Json kEmpty = Json::object();
    const Json* value = find(key, [](const Json& v) { return v.is_object(); });
    return value ? *value : kEmpty;
  }

 private:
  template <class Accept>
  const Json* find(const char* key, const Accept& accept) {
    const auto found = object_.find(key);
    if (found != object_.end() && accept(*found)) return &*found;
    remember(key);
    return nullptr;
  }
  void remember(const char* key) {
    if (!problem_) problem_ = wrong(std::string("\"") + key + "\" is missing or not what it should be");
  }

  const Json& object_;
  std::optional<Error>& problem_;
};

// A file of the checkpoint's own folder.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

void read_files(const Json& files, Manifest& manifest, std::optional<Error>& problem) {
  for (const auto& [name, value] : files.items()) {
    if (!value.is_object() || !is_plain_name(name)) {
      problem = wrong("\"files\" has an entry that is none");
      return;
    }
    Fields fields(value, problem);
    manifest.files[name] = {.size = fields.number("size"), .hash = fields.hash("hash")};
  }
}

void read_more(const Json& more, Manifest& manifest, std::optional<Error>& problem) {
  for (const auto& [key, value] : more.items()) {
    if (value.is_string()) {
      manifest.more[key] = value.get<std::string>();
    } else {
      problem = wrong("\"more\" has an entry that is not text");
    }
  }
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  auto files = nlohmann::ordered_json::object();
  for (const auto& [name, file] : manifest.files) files[name] = {{"size", file.size}, {"hash", to_string(file.hash)}};
  const nlohmann::ordered_json json = {{"format", kFormat},
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
                                       {"more", manifest.more},
                                       {"files", files}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> parse_manifest(std::span<const std::byte> json) {
  if (json.size() > kMaxBytes) return wrong("too large for a manifest");
  const auto* text = reinterpret_cast<const char*>(json.data());
  const auto shallow = [](int depth, Json::parse_event_t event, Json&) {
    const bool opens = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    return !opens || depth <= kMaxDepth;
  };
  const Json parsed = Json::parse(text, text + json.size(), shallow, false);
  if (!parsed.is_object()) return wrong("no JSON object");

  std::optional<Error> problem;
  Fields fields(parsed, problem);
  if (fields.number("format") != kFormat && !problem) return wrong("written by another version of Intertie");
  Manifest manifest{.run = fields.text("run"),
                    .site = fields.text("site"),
                    .version = {fields.number("version")},
                    .restart = {static_cast<std::uint32_t>(fields.number("restart", UINT32_MAX))},
                    .step = fields.number("step"),
                    .tokens = fields.number("tokens"),
                    .next_sample = fields.number("next_sample"),
                    .agreement = fields.hash("agreement"),
                    .data = fields.hash("data"),
                    .threads = static_cast<int>(fields.number("threads", std::numeric_limits<int>::max())),
                    .more = {},
                    .files = {}};
  read_more(fields.object("more"), manifest, problem);
  read_files(fields.object("files"), manifest, problem);
  if (problem) return *problem;
  return manifest;
}

}  // namespace intertie::checkpoint
