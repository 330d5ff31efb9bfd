#include "intertie/site/run_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intertie/base/nearest.h"
#include "intertie/site/run_file_keys.h"
#include "intertie/site/run_file_parts.h"

namespace intertie::site {
namespace {

constexpr std::size_t kMaxSites = 256;
constexpr const char* kExamplePaths = R"([{ rate = "100 Mbit/s", rtt = "40 ms" }])";

template <class T>
std::vector<std::string> names_of(const Keys<T>& keys) {
  std::vector<std::string> names;
  for (const Key<T>& key : keys) names.push_back(key.name);
  return names;
}

struct Section {
  std::string header;  // as written: "[train]"
  std::vector<std::string> keys;
};

std::vector<Section> sections() {
  return {{"[run]", names_of(run_keys())},     {"[model]", names_of(model_keys())},
          {"[data]", names_of(data_keys())},   {"[train]", names_of(train_keys())},
          {"[sync]", names_of(sync_keys())},   {"[[site]]", names_of(site_keys())},
          {"[[link]]", names_of(link_keys())}, {"paths of a [[link]]", names_of(path_keys())}};
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error unknown_key(const Node& value, const std::string& key, const std::string& label, const std::vector<std::string>& known) {
  const std::string what = fmt::format("unknown key {:?} in {}", key.substr(0, 60), label);
  const std::string close = nearest(key, known);
  if (!close.empty()) return run_file_error(value.place, what, fmt::format("did you mean \"{}\"?", close));
  for (const Section& section : sections()) {
    if (contains(section.keys, key)) return run_file_error(value.place, what, fmt::format("it belongs in {}", section.header));
  }
  return run_file_error(value.place, what, fmt::format("the keys are {}", fmt::join(known, ", ")));
}

Error named(Error error, const std::string& key) {
  error.what = key + " " + error.what;
  return error;
}

// Reads every key of `table` into `target`. `label` precedes the keys in messages: "train", "site.columbus".
template <class T>
Result<void> apply(const Node& table, const Keys<T>& keys, const std::string& label, T& target,
                   std::vector<std::string>& unused) {
  if (table.kind != Node::Kind::table) return named(unfit(table, "a section with keys"), label);
  const std::vector<std::string> known = names_of(keys);
  for (std::size_t i = 0; i < table.keys.size(); ++i) {
    if (!contains(known, table.keys[i])) return unknown_key(table.items[i], table.keys[i], label, known);
  }
  for (const Key<T>& key : keys) {
    const Node* value = table.find(key.name);
    if (!value) continue;
    const Result<void> set = key.binding.set(*value, target);
    if (!set) return named(set.error(), label + "." + key.name);
    if (key.scope == Scope::later) unused.push_back(fmt::format("{}.{} ({})", label, key.name, value->place));
  }
  return {};
}

// Where the value is not the name it must be, the position stands for it.
std::string site_label(const Node& site, std::size_t position) {
  const Node* name = site.kind == Node::Kind::table ? site.find("name") : nullptr;
  return name && is_name(*name) ? "site." + name->text : fmt::format("site[{}]", position);
}

Result<void> require(const Node& table, const char* key, const std::string& label, const std::string& example) {
  if (table.find(key)) return {};
  return run_file_error(table.place, fmt::format("{}.{} is missing", label, key), "write for example " + example);
}

// The tables of [[site]] or [[link]].
Result<const std::vector<Node>*> tables(const Node& root, const char* section) {
  static const std::vector<Node> kNone;
  const Node* node = root.find(section);
  if (!node) return &kNone;
  if (node->kind != Node::Kind::list)
    return run_file_error(node->place, fmt::format("{} must be written [[{}]]", section, section));
  if (node->items.size() > kMaxSites * kMaxSites) return run_file_error(node->place, fmt::format("too many [[{}]]", section));
  return &node->items;
}

Result<void> read_sites(const Node& root, RunFile& file) {
  INTERTIE_ASSIGN(const std::vector<Node>* nodes, tables(root, "site"));
  if (nodes->size() > kMaxSites) return run_file_error(root.find("site")->place, fmt::format("at most {} sites", kMaxSites));
  for (const Node& node : *nodes) {
    SiteSettings site;
    const std::string label = site_label(node, file.sites.size());
    INTERTIE_RETURN_IF_ERROR(apply(node, site_keys(), label, site, file.unused));
    INTERTIE_RETURN_IF_ERROR(require(node, "name", label, "name = \"ashburn\""));
    file.sites.push_back(std::move(site));
  }
  if (file.sites.empty())
    file.sites.push_back({.name = "local", .address = {}, .listen = {}, .local_batch_size = {}, .step_time = {}, .device = {}});
  return {};
}

Result<void> read_paths(const Node& node, const std::string& label, LinkSettings& link, std::vector<std::string>& unused) {
  const Node* paths = node.find("paths");
  if (paths->kind == Node::Kind::list && paths->items.empty()) {
    return run_file_error(paths->place, label + ".paths must not be empty", "write for example " + std::string(kExamplePaths));
  }
  const bool usable = paths->kind == Node::Kind::list && !paths->items.empty() && paths->items.size() <= kMaxSites;
  if (!usable) return named(unfit(*paths, std::string("a list such as ") + kExamplePaths), label + ".paths");
  for (const Node& item : paths->items) {
    const std::string path_label = fmt::format("{}.paths[{}]", label, link.paths.size());
    INTERTIE_RETURN_IF_ERROR(apply(item, path_keys(), path_label, link.paths.emplace_back(), unused));
    if (item.find("rtt") && item.find("delay")) {
      return run_file_error(item.find("rtt")->place, path_label + " has both rtt and delay",
                            "write one of them: rtt = 2 x delay");
    }
  }
  for (std::size_t path = link.used().size(); path < link.paths.size(); ++path) {
    unused.push_back(fmt::format("{}.paths[{}] ({}): it names no addresses", label, path, paths->items[path].place));
  }
  return {};
}

Result<void> read_links(const Node& root, RunFile& file) {
  INTERTIE_ASSIGN(const std::vector<Node>* nodes, tables(root, "link"));
  for (const Node& node : *nodes) {
    LinkSettings link;
    std::string label = fmt::format("link[{}]", file.links.size());
    INTERTIE_RETURN_IF_ERROR(apply(node, link_keys(), label, link, file.unused));
    INTERTIE_RETURN_IF_ERROR(require(node, "between", label, "between = [\"ashburn\", \"columbus\"]"));
    label = fmt::format("link.{}-{}", link.a, link.b);
    INTERTIE_RETURN_IF_ERROR(require(node, "paths", label, std::string("paths = ") + kExamplePaths));
    INTERTIE_RETURN_IF_ERROR(read_paths(node, label, link, file.unused));
    file.links.push_back(std::move(link));
  }
  return {};
}

Result<void> read_model(const Node& root, RunFile& file, const ReadText& read) {
  const Node* section = root.find("model");
  if (!section) return {};
  const Node* config = section->kind == Node::Kind::table ? section->find("config") : nullptr;
  if (config && config->kind == Node::Kind::text && !config->text.empty()) {
    std::string path = config->text;
    relocate(path, file.folder, config->place);
    const Result<std::string> json = read(path);
    if (!json) return run_file_error(config->place, "model.config cannot be read: " + json.error().message());
    INTERTIE_RETURN_IF_ERROR(apply_model_config(*json, path, file.model, file.unused));
  }
  return apply(*section, model_keys(), "model", file.model, file.unused);
}

template <class T>
Result<void> read_section(const Node& root, const char* name, const Keys<T>& keys, T& target,
                          std::vector<std::string>& unused) {
  const Node* section = root.find(name);
  return section ? apply(*section, keys, name, target, unused) : Result<void>();
}

Result<void> check_sections(const Node& root) {
  static const std::vector<std::string> known = {"run", "model", "data", "train", "sync", "site", "link"};
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    if (contains(known, root.keys[i])) continue;
    const bool section = root.items[i].kind == Node::Kind::table || root.items[i].kind == Node::Kind::list;
    if (!section) return unknown_key(root.items[i], root.keys[i], "no section", {});
    const std::string close = nearest(root.keys[i], known);
    return run_file_error(root.items[i].place, fmt::format("unknown section {:?}", root.keys[i].substr(0, 60)),
                          close.empty() ? fmt::format("the sections are {}", fmt::join(known, ", "))
                                        : fmt::format("did you mean \"{}\"?", close));
  }
  return {};
}

Result<void> require_essentials(const Node& root, const std::string& path) {
  Node empty;
  empty.place = path;
  const Node* run = root.find("run");
  const Node* train = root.find("train");
  INTERTIE_RETURN_IF_ERROR(require(run ? *run : empty, "name", "run", "[run] name = \"first\""));
  return require(train ? *train : empty, "tokens", "train", "[train] tokens = \"2 M\"");
}

Result<void> read_sections(const Node& root, RunFile& file, const ReadText& read) {
  INTERTIE_RETURN_IF_ERROR(check_sections(root));
  INTERTIE_RETURN_IF_ERROR(read_section(root, "run", run_keys(), file.run, file.unused));
  INTERTIE_RETURN_IF_ERROR(read_model(root, file, read));
  INTERTIE_RETURN_IF_ERROR(read_section(root, "data", data_keys(), file.data, file.unused));
  INTERTIE_RETURN_IF_ERROR(read_section(root, "train", train_keys(), file.train, file.unused));
  INTERTIE_RETURN_IF_ERROR(read_section(root, "sync", sync_keys(), file.sync, file.unused));
  INTERTIE_RETURN_IF_ERROR(read_sites(root, file));
  INTERTIE_RETURN_IF_ERROR(read_links(root, file));
  return require_essentials(root, file.path);
}

std::string whole_text(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Error run_file_error(std::string where, std::string what, std::string fix) {
  return Error{.code = ErrorCode::reconfigure,
               .where = std::move(where),
               .what = std::move(what),
               .fix = std::move(fix),
               .cause = nullptr};
}

std::string place_of_key(const Node& root, const std::string& section, const std::string& key, const std::string& path) {
  const Node* table = root.find(section);
  if (!table) return path;
  const Node* value = table->kind == Node::Kind::table ? table->find(key) : nullptr;
  return value ? value->place : table->place;
}

env::Address listens_at(const SiteSettings& site) {
  if (site.listen || !site.address) return site.listen.value_or(env::Address{});
  const std::string& host = site.address->host;
  const bool loopback = host == "localhost" || host == "::1" || host.starts_with("127.");
  if (loopback) return *site.address;
  return {host.find(':') == std::string::npos ? "0.0.0.0" : "::", site.address->port};
}

Duration fibre_round_trip(double km) {
  constexpr double kNanosecondsPerKm = 4900;  // one way: a refractive index of 1.468
  return Duration(static_cast<std::int64_t>(2 * km * kNanosecondsPerKm));
}

Result<RunFile> parse_run_file(std::string text, const std::string& path, const std::vector<std::string>& overrides,
                               const ReadText& read, const std::vector<std::string>& data) {
  RunFile file;
  file.path = path;
  file.folder = path.substr(0, path.rfind('/') + 1);
  INTERTIE_ASSIGN(Node root, parse_tree(text, path));
  for (const std::string& assignment : overrides) INTERTIE_RETURN_IF_ERROR(override_tree(root, assignment));
  if (!data.empty()) INTERTIE_RETURN_IF_ERROR(override_data(root, data));
  INTERTIE_RETURN_IF_ERROR(read_sections(root, file, read));
  resolve(file, root);
  INTERTIE_RETURN_IF_ERROR(check_consistency(file, root));
  name_keys_without_effect(file, root);
  file.text = std::move(text);
  return file;
}

Result<RunFile> read_run_file(env::Disk& disk, const std::string& path, const std::vector<std::string>& overrides,
                              const std::vector<std::string>& data) {
  const ReadText read = [&](const std::string& name) -> Result<std::string> {
    INTERTIE_ASSIGN(const std::vector<std::byte> bytes, disk.read(name));
    return whole_text(bytes);
  };
  Result<std::string> text = read(path);
  if (!text) {
    Error error = text.error();
    error.code = ErrorCode::reconfigure;  // whatever it is (a link to itself, a damaged disk): another file is needed
    return error;
  }
  return parse_run_file(std::move(*text), path, overrides, read, data);
}

}  // namespace intertie::site
