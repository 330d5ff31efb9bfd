// The reader of scripts of a local run, and of the launcher's word to a site. Any bytes give lines that can be performed to
// their end, or an error of one line.
#include <cstddef>
#include <cstdint>

#include "intertie/site/control.h"
#include "intertie/site/launch_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto lines = site::parse_script(text, "script.txt", {"ashburn", "columbus", "quincy"});
  if (lines) {
    for (const site::ScriptLine& line : *lines) INTERTIE_CHECK(line.request.site < 3 && line.request.other < 3);
    site::LaunchScript script(std::move(*lines));
    constexpr Duration kLong = std::chrono::hours(1'000'000);
    for (Duration now{0}; script.next() && now < kLong;) {
      now = script.wakes_at().value_or(now);
      INTERTIE_CHECK(script.due(now, UINT64_MAX));
    }
  } else {
    INTERTIE_CHECK(lines.error().message().find('\n') == std::string::npos);
  }
  const auto control = site::parse_control_line(text);
  if (control) INTERTIE_CHECK(control->text() == text);
  return 0;
}
