// Figures as people read them: with few digits, a unit, and "-" for what is not known. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace intertie::status {

std::string fixed(double value, int decimals);       // "2.213"
std::string percent_to_string(double share);         // "91 %", "0.4 %"
std::string amount_to_string(double count);          // "3.07 k", "20.0 M"
std::string bytes_to_string(double bytes);           // "1.25 GB"
std::string mbit_to_string(double mbit_per_second);  // "94.1 Mbit/s"
std::string seconds_to_string(double seconds);       // "3 min 20 s"
std::string milliseconds_to_string(double ms);       // "80.2 ms"

// `text` within HTML or SVG, in an element or in a quoted attribute: nothing in it can end either. Control characters, which
// neither may have, become U+FFFD, and so do those that turn the direction of what follows.
std::string escaped(std::string_view text);

}  // namespace intertie::status
