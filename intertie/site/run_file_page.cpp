// docs/run-file.md, from the tables of keys.
#include <fmt/format.h>

#include "intertie/site/run_file_keys.h"

namespace intertie::site {
namespace {

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

template <class T>
std::string fallback_of(const Key<T>& key) {
  const std::string shown =
      key.fallback.empty() && key.scope != Scope::later ? "`" + key.binding.show(T{}) + "`" : key.fallback;
  return shown == "``" ? "" : shown;
}

template <class T>
void section(std::string& page, const std::string& title, const std::string& intro, const Keys<T>& keys) {
  page += fmt::format("\n## {}\n\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", title, intro);
  for (const Key<T>& key : keys) {
    const char* scope = key.scope == Scope::local   ? " *(each site its own)*"
                        : key.scope == Scope::later ? " *(not used yet)*"
                                                    : "";
    page += fmt::format("| `{}` | {} | {} | {}{} |\n", key.name, cell(key.binding.words), cell(fallback_of(key)),
                        cell(key.meaning), scope);
  }
}

constexpr const char* kIntroduction = R"(# The run file

One TOML file describes a run; `intertie check` says whether it is right and what would happen. This page is generated
(`intertie docs run-file`).

- Quantities carry units: rates `bit/s kbit/s Mbit/s Gbit/s Tbit/s`, times `ns us ms s min h d`, sizes `B kB MB GB TB KiB MiB GiB
  TiB`, counts `k M B T`. A stretch of training is `"200 steps"` or `"2 M tokens"`.
- An unknown key, a missing unit or a contradiction is an error with file and line.
- Keys marked *not used yet* have no effect; the program names them when it starts. Type and range of their values are checked, and
  nothing else: not whether a .csv file is there, nor what a name or a price stands for.
- Keys marked *each site its own* may differ from site to site; all others must be the same everywhere, and a site that differs
  is told which key it is.
- Between a stop and `--resume`, keys marked *each site its own* or *not used yet* may be changed, and no others; the text itself must
  stay the same ([commands.md](commands.md)).
- Relative paths start at the run file's folder, those on the command line at the working folder. Any key can be set from the command line: `--set sync.every=10`,
  `--set site.columbus.local_batch_size=4`, `--set link.ashburn-columbus.rate="10 Mbit/s"` (of the first path).
)";

}  // namespace

std::string run_file_page() {
  std::string page = kIntroduction;
  section(page, "[run]", "The run itself.", run_keys());
  section(page, "[model]", "What is trained.", model_keys());
  section(page, "[data]", "The text.", data_keys());
  section(page, "[train]", "How a site trains.", train_keys());
  section(page, "[sync]", "How the sites stay together.", sync_keys());
  section(page, "[[site]]", "One for each site, in site order. A file without any has one site, `local`.", site_keys());
  section(page, "[[link]]", "What joins two sites.", link_keys());
  section(page, "paths of a [[link]]", "Each is a table: `paths = [{ rate = \"100 Mbit/s\", rtt = \"40 ms\" }]`.", path_keys());
  return page;
}

}  // namespace intertie::site
