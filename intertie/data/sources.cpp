#include "intertie/data/sources.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace intertie::data {
namespace {

constexpr int kDeepest = 32;  // folders within folders; more means a link to itself
constexpr std::string_view kStandardLibrary = "python-stdlib";

constexpr const char* kCheckPath =
    "check the path: in a run file it starts at that file's folder, on the command line at the working folder";

Error bad_source(std::string where, std::string what, std::string fix) {
  return Error{ErrorCode::reconfigure, std::move(where), std::move(what), std::move(fix), nullptr};
}

std::string join(const std::string& folder, const std::string& name) {
  if (folder.empty()) return name;
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

// The names in a folder, or nothing if `path` is not a readable folder.
std::optional<std::vector<std::string>> names_in(env::Disk& disk, const std::string& path) {
  Result<std::vector<std::string>> names = disk.list(path.empty() ? "." : path);
  if (!names) return std::nullopt;
  return *std::move(names);
}

struct Walk {
  env::Disk& disk;
  std::string_view extension;
  std::vector<std::string> skipped_folders;  // names of folders that are passed over
  std::vector<std::string> files;

  Result<void> folder(const std::string& path, const std::vector<std::string>& names, int depth) {
    if (depth > kDeepest) {
      return bad_source(path, "folders lie more than " + std::to_string(kDeepest) + " deep",
                        "remove the link that leads back into the folder");
    }
    for (const std::string& name : names) {
      if (name.starts_with('.')) continue;
      const std::string child = join(path, name);
      if (const auto below = names_in(disk, child)) {
        if (std::ranges::find(skipped_folders, name) != skipped_folders.end()) continue;
        INTERTIE_RETURN_IF_ERROR(folder(child, *below, depth + 1));
      } else if (name.ends_with(extension)) {
        files.push_back(child);
      }
    }
    return {};
  }
};

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (end > start) parts.emplace_back(path.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

struct Pattern {
  env::Disk& disk;
  std::vector<std::string> parts;
  std::set<std::string> found;

  // Adds the files below `folder` that match parts[next...].
  void match(const std::string& folder, std::size_t next, int depth) {
    const bool last = next + 1 == parts.size();
    const std::string& part = parts[next];
    if (!has_wildcard(part)) {
      const std::string child = join(folder, part);
      if (!last) return match(child, next + 1, depth);
      if (disk.exists(child) && !names_in(disk, child)) found.insert(child);
      return;
    }
    const auto names = names_in(disk, folder);
    if (!names || depth > kDeepest) return;
    if (part == "**" && !last) match(folder, next + 1, depth);
    for (const std::string& name : *names) {
      if (!name.starts_with('.') && matches_name(part, name)) match_child(join(folder, name), next, depth);
    }
  }

  // `child` matches parts[next], which has a wildcard.
  void match_child(const std::string& child, std::size_t next, int depth) {
    const bool last = next + 1 == parts.size();
    if (!names_in(disk, child)) {
      if (last) found.insert(child);
      return;
    }
    if (parts[next] == "**") {
      match(child, next, depth + 1);
    } else if (!last) {
      match(child, next + 1, depth);
    }
  }
};

Result<std::vector<std::string>> match_pattern(env::Disk& disk, const std::string& text) {
  Pattern pattern{disk, split_path(text), {}};
  pattern.match(text.starts_with('/') ? "/" : "", 0, 0);
  if (pattern.found.empty()) {
    return bad_source({}, "no file matches \"" + text + "\"", kCheckPath);
  }
  return std::vector<std::string>(pattern.found.begin(), pattern.found.end());
}

// The newest "python3.N" of a folder's names, as a number; -1 if there is none.
int newest_python(const std::vector<std::string>& names) {
  int newest = -1;
  for (const std::string& name : names) {
    constexpr std::string_view kPrefix = "python3.";
    if (!name.starts_with(kPrefix)) continue;
    int minor = -1;
    const auto parsed = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), minor);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) newest = std::max(newest, minor);
  }
  return newest;
}

Result<std::vector<std::string>> standard_library(env::Disk& disk) {
  for (const std::string root : {"/usr/lib", "/usr/local/lib"}) {
    const auto names = names_in(disk, root);
    const int minor = names ? newest_python(*names) : -1;
    if (minor < 0) continue;
    const std::string folder = root + "/python3." + std::to_string(minor);
    const auto top = names_in(disk, folder);
    if (!top) continue;
    Walk walk{disk, ".py", {"dist-packages", "site-packages", "test", "tests", "idle_test"}, {}};
    INTERTIE_RETURN_IF_ERROR(walk.folder(folder, *top, 0));
    if (!walk.files.empty()) return std::move(walk.files);
  }
  return bad_source("data", "\"python-stdlib\": there is no /usr/lib/python3.N with Python sources on this machine",
                    "install python3, or name text files of your own with --data");
}

Result<std::vector<SourceFile>> list_entry(env::Disk& disk, const std::string& entry, std::string_view extension) {
  std::vector<std::string> paths;
  if (entry == kStandardLibrary) {
    INTERTIE_ASSIGN(paths, standard_library(disk));
  } else if (has_wildcard(entry)) {
    INTERTIE_ASSIGN(paths, match_pattern(disk, entry));
  } else if (const auto names = names_in(disk, entry)) {
    Walk walk{disk, extension, {}, {}};
    INTERTIE_RETURN_IF_ERROR(walk.folder(entry, *names, 0));
    if (walk.files.empty()) {
      return bad_source(entry, "the folder holds no " + (extension.empty() ? "file" : std::string(extension) + " file"),
                        "name a folder or file that holds the training text");
    }
    paths = std::move(walk.files);
  } else if (disk.exists(entry)) {
    return std::vector<SourceFile>{{.path = entry, .named = true}};
  } else {
    return bad_source(entry, "there is no such file or folder", kCheckPath);
  }
  std::vector<SourceFile> files;
  for (std::string& path : paths) files.push_back({.path = std::move(path), .named = false});
  return files;
}

}  // namespace

Error SourceList::named(Error error) const {
  error.what = std::string(key) + ": " + (error.where.empty() ? "" : error.where + ": ") + error.what;
  error.where = place;
  return error;
}

SourceList train_sources(const Settings& settings) { return {settings.train, "data.train", settings.train_place}; }

SourceList validation_sources(const Settings& settings) {
  return {settings.validation, "data.validation", settings.validation_place};
}

bool has_wildcard(std::string_view entry) { return entry.find_first_of("*?") != std::string_view::npos; }

bool matches_name(std::string_view pattern, std::string_view name) {
  // Greedy with one way back: to the last star, which then takes one character more.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

Result<std::vector<SourceFile>> list_sources(env::Disk& disk, const std::vector<std::string>& entries,
                                             std::string_view extension) {
  std::vector<SourceFile> files;
  std::set<std::string> seen;
  for (const std::string& entry : entries) {
    INTERTIE_ASSIGN(const std::vector<SourceFile> found, list_entry(disk, entry, extension));
    for (const SourceFile& file : found) {
      if (seen.insert(file.path).second) files.push_back(file);
    }
  }
  return files;
}

}  // namespace intertie::data
