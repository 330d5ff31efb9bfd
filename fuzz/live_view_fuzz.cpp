// Lines of a site's events as they come to the live view, each behind a time that can be read (event_log_fuzz.cpp has others).
// Whatever they are: no drawn line is wider than the terminal, there
// are not more than it has, and none holds a byte that a terminal obeys.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "intertie/base/check.h"
#include "intertie/status/event_lines.h"
#include "intertie/status/live_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  if (size < 2) return 0;
  const status::LiveSize terminal{.width = 1 + data[0] % 140, .height = 1 + data[1] % 50};
  std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  constexpr std::string_view kTime = R"({"time":"2026-11-22T01:02:03.456Z","elapsed":1,)";
  status::LiveModel model({"ashburn", "columbus", "quincy"});
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto record = status::read_json_line(std::string(kTime).append(text.substr(0, end)));
    if (record) model.take(*record);
    if (!record) model.say(Duration(0), std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const status::LiveLook look{.colour = false, .unicode = data[0] % 2 == 0};
  const auto lines = status::render(model.run(), {}, Duration(0), terminal, look);
  INTERTIE_CHECK(std::cmp_less_equal(lines.size(), terminal.height));
  for (const status::LiveLine& line : lines) {
    INTERTIE_CHECK_LE(status::columns_of(line), terminal.width);
    const std::string drawn = status::terminal_text(line, false);
    INTERTIE_CHECK(
        std::none_of(drawn.begin(), drawn.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }));
  }
  return 0;
}
