// Sources: what `train = [...]` of the run file names, as a list of files in a fixed order (entries as given, each sorted by
// path, no file twice). Used by corpus.cpp. Reads folders only; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/result.h"
#include "intertie/env/disk.h"

namespace intertie::data {

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
