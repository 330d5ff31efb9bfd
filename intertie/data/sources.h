// Sources: what `train = [...]` of the run file names, as a list of files in a fixed order (entries as given, each sorted by
// path, no file twice). Used by corpus.cpp and, for messages, by site.
// Reads folders only; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/data/settings.h"
#include "intertie/env/disk.h"

namespace intertie::data {

// One of the two lists of [data], with what messages call it. Borrows the settings.
struct SourceList {
  const std::vector<std::string>& entries;
  const char* key;
  const std::string& place;
  // The same error, about this list: "run.toml:6: data.train: a.txt: the file is empty; ...".
  Error named(Error error) const;
};
SourceList train_sources(const Settings& settings);
SourceList validation_sources(const Settings& settings);

struct SourceFile {
  std::string path;
  bool named = false;  // named itself, not found in a folder or by a pattern: then an empty or binary file is an error
};

// `*` and `?` stand for characters of one name, `**` for any number of folders.
bool has_wildcard(std::string_view entry);
bool matches_name(std::string_view pattern, std::string_view name);

// `extension` restricts what folders give (".bin"); empty: every file. Hidden names (".git") are passed over. Errors: an entry
// that is not there, a pattern that matches nothing, a folder without files, no Python where "python-stdlib" is asked for.
Result<std::vector<SourceFile>> list_sources(env::Disk& disk, const std::vector<std::string>& entries,
                                             std::string_view extension);

}  // namespace intertie::data
