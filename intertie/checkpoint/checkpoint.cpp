#include "intertie/checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <compare>
#include <optional>
#include <set>
#include <tuple>

#include "intertie/checkpoint/manifest.h"

// Folders beside `VERSION.RESTART` that a killed process may leave:
//   .writing    being written, never read; removed by the next write of the same name and by prune
//   .replaced   the former one of the same name, between two renamings the only one: counts until the new one is in place
//   .removing   pruned, never read; removed by the next prune

namespace intertie::checkpoint {
namespace {

constexpr const char* kState = "state.safetensors";
constexpr const char* kManifest = "manifest.json";
constexpr std::string_view kWriting = ".writing";
constexpr std::string_view kReplaced = ".replaced";
constexpr std::string_view kRemoving = ".removing";

// The name of a folder, taken apart.
struct FolderName {
  Version version;
  Restart restart;
  std::string suffix;  // empty: a checkpoint in its place
};

std::string to_string(const FolderName& name) {
  return fmt::format("{}.{}{}", name.version.value, name.restart.value, name.suffix);
}

// Nothing if the folder is none of ours.
std::optional<FolderName> parse_name(std::string_view text) {
  FolderName name;
  const char* const end = text.data() + text.size();
  const auto version = std::from_chars(text.data(), end, name.version.value);
  if (version.ec != std::errc() || version.ptr == end || *version.ptr != '.') return std::nullopt;
  const auto restart = std::from_chars(version.ptr + 1, end, name.restart.value);
  if (restart.ec != std::errc()) return std::nullopt;
  name.suffix.assign(restart.ptr, end);
  const bool known = name.suffix.empty() || name.suffix == kWriting || name.suffix == kReplaced || name.suffix == kRemoving;
  if (!known || to_string(name) != text) return std::nullopt;
  return name;
}

std::string path_in(const std::string& folder, std::string_view name) { return fmt::format("{}/{}", folder, name); }

Result<Written> write_beside(env::Disk& disk, const std::string& beside, Manifest manifest, std::span<const Tensor> tensors) {
  INTERTIE_RETURN_IF_ERROR(disk.remove_all(beside));
  INTERTIE_RETURN_IF_ERROR(disk.make_folders(beside));
  const std::map<std::string, std::string> metadata = {{"run", manifest.run}, {"site", manifest.site}};
  INTERTIE_ASSIGN(const WrittenFile state, write_safetensors(disk, path_in(beside, kState), tensors, metadata));
  manifest.files = {{kState, state}};
  const std::string json = to_json(manifest);
  const auto bytes = std::as_bytes(std::span(json));
  INTERTIE_RETURN_IF_ERROR(disk.write_atomically(path_in(beside, kManifest), bytes));
  return Written{.folder = {}, .manifest_hash = hash_bytes(bytes), .bytes = state.size + json.size()};
}

// At every moment `folder` or its `.replaced` twin is whole, if there was one before.
Result<void> move_into_place(env::Disk& disk, const std::string& beside, const std::string& folder) {
  const std::string replaced = folder + std::string(kReplaced);
  if (disk.exists(folder)) {
    INTERTIE_RETURN_IF_ERROR(disk.remove_all(replaced));
    INTERTIE_RETURN_IF_ERROR(disk.rename(folder, replaced));
  }
  INTERTIE_RETURN_IF_ERROR(disk.rename(beside, folder));
  static_cast<void>(disk.remove_all(replaced));  // the new one is whole and in its place; prune removes what is left
  return {};
}

// Nothing if the folder is unfinished, or its manifest cannot be read or is another folder's.
std::optional<Found> found_in(env::Disk& disk, const std::string& folder, const FolderName& name) {
  const auto bytes = disk.read(path_in(folder, kManifest));
  if (!bytes) return std::nullopt;
  auto manifest = parse_manifest(*bytes);
  if (!manifest || manifest->version != name.version || manifest->restart != name.restart) return std::nullopt;
  if (!manifest->files.contains(kState)) return std::nullopt;
  for (const auto& [file, written] : manifest->files) {
    if (!disk.exists(path_in(folder, file))) return std::nullopt;
  }
  return Found{.folder = folder, .manifest = *std::move(manifest), .manifest_hash = hash_bytes(*bytes)};
}

Result<void> verify(env::Disk& disk, const std::string& path, const WrittenFile& expected) {
  const auto damaged = [&](std::string what) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = path,
                 .what = "damaged: " + std::move(what),
                 .fix = "restore it from a copy, or remove its folder to resume from an older checkpoint",
                 .cause = {}};
  };
  INTERTIE_ASSIGN(const std::unique_ptr<env::MappedFile> file, disk.map(path));
  const std::size_t size = file->bytes().size();
  if (size != expected.size) return damaged(fmt::format("it has {} bytes, its manifest says {}", size, expected.size));
  const Hash64 hash = hash_bytes(file->bytes());
  if (hash == expected.hash) return {};
  return damaged(
      fmt::format("its hash is {}, its manifest says {}", intertie::to_string(hash), intertie::to_string(expected.hash)));
}

Result<void> retire(env::Disk& disk, const std::string& folder, const Found& found) {
  const FolderName name{.version = found.manifest.version, .restart = found.manifest.restart, .suffix = std::string(kRemoving)};
  const std::string removing = path_in(folder, to_string(name));
  INTERTIE_RETURN_IF_ERROR(disk.remove_all(removing));
  INTERTIE_RETURN_IF_ERROR(disk.rename(found.folder, removing));
  return disk.remove_all(removing);
}

}  // namespace

Result<Written> write(env::Disk& disk, const std::string& folder, Manifest manifest, std::span<const Tensor> tensors) {
  const std::string name = to_string(FolderName{.version = manifest.version, .restart = manifest.restart, .suffix = {}});
  const std::string place = path_in(folder, name);
  const std::string beside = place + std::string(kWriting);
  const auto failed = [&](const Error& error) {
    static_cast<void>(disk.remove_all(beside));  // as well as it goes: the disk may be full, and the error is told already
    return error.in("checkpoint " + place + " was not written");
  };
  if (auto made = disk.make_folders(folder); !made) return failed(made.error());
  auto written = write_beside(disk, beside, std::move(manifest), tensors);
  if (!written) return failed(written.error());
  if (auto moved = move_into_place(disk, beside, place); !moved) return failed(moved.error());
  written->folder = place;
  return written;
}

Result<std::vector<Found>> find(env::Disk& disk, const std::string& folder) {
  std::vector<Found> all;
  if (!disk.exists(folder)) return all;
  INTERTIE_ASSIGN(const std::vector<std::string> names, disk.list(folder));
  for (const std::string& text : names) {  // sorted: `1.0` comes before `1.0.replaced`
    const auto name = parse_name(text);
    if (!name || !(name->suffix.empty() || name->suffix == kReplaced)) continue;
    auto found = found_in(disk, path_in(folder, text), *name);
    const bool known =
        !all.empty() && all.back().manifest.version == name->version && all.back().manifest.restart == name->restart;
    if (found && !known) all.push_back(*std::move(found));
  }
  std::sort(all.begin(), all.end(), [](const Found& a, const Found& b) {
    return std::tie(a.manifest.version, a.manifest.restart) > std::tie(b.manifest.version, b.manifest.restart);
  });
  return all;
}

Result<SafetensorsFile> open(env::Disk& disk, const Found& found) {
  for (const auto& [name, written] : found.manifest.files)
    INTERTIE_RETURN_IF_ERROR(verify(disk, path_in(found.folder, name), written));
  return SafetensorsFile::open(disk, path_in(found.folder, kState));
}

Result<void> prune(env::Disk& disk, const std::string& folder, std::span<const Hash64> keep) {
  INTERTIE_ASSIGN(const std::vector<Found> all, find(disk, folder));
  std::set<std::string> whole;
  for (const Found& found : all) {
    const bool newest = &found == &all.front();
    const bool kept = newest || std::find(keep.begin(), keep.end(), found.manifest_hash) != keep.end();
    if (kept) whole.insert(found.folder);
    if (!kept) INTERTIE_RETURN_IF_ERROR(retire(disk, folder, found));
  }
  if (!disk.exists(folder)) return {};
  INTERTIE_ASSIGN(const std::vector<std::string> names, disk.list(folder));
  for (const std::string& text : names) {
    const auto name = parse_name(text);
    const std::string path = path_in(folder, text);
    const bool leftover = name && !name->suffix.empty() && !whole.contains(path);
    if (leftover) INTERTIE_RETURN_IF_ERROR(disk.remove_all(path));
  }
  return {};
}

}  // namespace intertie::checkpoint
