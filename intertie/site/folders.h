// Where a run's state lies, below [run] folder. Values; any thread.
//
//   FOLDER/certificates/        ca.pem, ca.key, SITE.pem, SITE.key
//   FOLDER/data/                encoded text, shared by the sites of a machine
//   FOLDER/SITE/events.jsonl    and log.txt, checkpoints/, store.json
#pragma once

#include <string>

#include "intertie/site/run_file.h"

namespace intertie::site {

inline std::string certificates_folder(const RunFile& file) { return file.run.folder + "/certificates"; }
inline std::string data_folder(const RunFile& file) { return file.run.folder + "/data"; }
inline std::string site_folder(const RunFile& file, const std::string& site) { return file.run.folder + "/" + site; }
inline std::string event_log(const RunFile& file, const std::string& site) { return site_folder(file, site) + "/events.jsonl"; }
inline std::string text_log(const RunFile& file, const std::string& site) { return site_folder(file, site) + "/log.txt"; }

}  // namespace intertie::site
