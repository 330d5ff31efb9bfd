// The report's style sheet: light, dark and print, laptop and phone. Any thread.
#pragma once

namespace intertie::status {

extern const char* const kReportStyle;

}  // namespace intertie::status
