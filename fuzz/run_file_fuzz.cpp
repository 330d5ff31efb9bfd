// The reader of run files and of the config.json that one may name: the input up to its first NUL is the run file, the rest the
// configuration. Any bytes give a run file or an error of one line, and an accepted file can be agreed on.
#include <cstddef>
#include <cstdint>

#include "intertie/site/run_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find('\0');
  const std::string config = split == std::string::npos ? std::string() : input.substr(split + 1);
  const auto read = [&](const std::string&) -> intertie::Result<std::string> { return config; };
  const auto file = intertie::site::parse_run_file(input.substr(0, split), "run.toml", {}, read);
  if (file) {
    INTERTIE_CHECK(!file->agreement().empty());
    INTERTIE_CHECK(!file->sites.empty());
    INTERTIE_CHECK(file->num_steps() > 0);
  } else {
    INTERTIE_CHECK(file.error().message().find('\n') == std::string::npos);
  }
  return 0;
}
