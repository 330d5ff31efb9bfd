// Where a run's state lies, below [run] folder. Values; any thread.
//
//   FOLDER/certificates/        ca.pem, ca.key; SITE.pem, SITE.key; operator.* and viewer.*, of visitors
//   FOLDER/data/                encoded text, shared by the sites of a machine
//   FOLDER/sample.txt           what the model wrote last, for a person
//   FOLDER/report.html          docs/report.md
//   FOLDER/SITE/events.jsonl    and log.txt, checkpoints/, store.json; address: where it can be reached, while it runs
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "intertie/site/run_file.h"

namespace intertie::site {

struct ReservedName {
  std::string_view name;
  std::string_view of;
};
// What no site can be called, since something else has files or a folder of that name.
inline constexpr std::array<ReservedName, 5> kReservedNames = {
    {{"ca", "the authority's files, ca.pem and ca.key, have that name"},
     {"certificates", "the run's folder of certificates has that name"},
     {"data", "the run's folder of encoded text has that name"},
     {"operator", "the certificate of who may stop the run has that name"},
     {"viewer", "the certificate of who may look at the run has that name"}}};

inline std::string certificates_folder(const RunFile& file) { return file.run.folder + "/certificates"; }
inline std::string data_folder(const RunFile& file) { return file.run.folder + "/data"; }
inline std::string sample_file(const RunFile& file) { return file.run.folder + "/sample.txt"; }
inline std::string report_file(const RunFile& file) { return file.run.folder + "/report.html"; }
inline std::string site_folder(const RunFile& file, const std::string& site) { return file.run.folder + "/" + site; }
inline std::string event_log(const RunFile& file, const std::string& site) { return site_folder(file, site) + "/events.jsonl"; }
inline std::string address_file(const RunFile& file, const std::string& site) { return site_folder(file, site) + "/address"; }
inline std::string text_log(const RunFile& file, const std::string& site) { return site_folder(file, site) + "/log.txt"; }

}  // namespace intertie::site
