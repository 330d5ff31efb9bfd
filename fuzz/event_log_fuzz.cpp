// Any bytes as the event logs of two sites: whatever is in them, the report is a page that is closed everywhere and runs
// nothing, and its JSON is JSON.
#include "intertie/status/markup_fixture.h"
#include "intertie/status/report_html.h"
#include "intertie/status/report_json.h"
#include "intertie/status/summary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace intertie;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = std::min(text.size(), text.find('\0'));
  const status::RunHistory history =
      status::read_history({.run = "fuzz", .sample = std::string(text.substr(0, 100))},
                           {{"ashburn", text.substr(0, middle)}, {"columbus", text.substr(middle)}, {"quincy", std::nullopt}});
  const std::string page = status::report_html(history);
  const std::string fault = status::markup_fault(page);
  INTERTIE_CHECK_EQ(fault, "");
  INTERTIE_CHECK(page.find("<script") == std::string::npos);
  INTERTIE_CHECK(parse_json(status::report_json(history).dump()));
  INTERTIE_CHECK(!status::summary_table(status::figures_of(history)).empty());
  return 0;
}
