// INTERTIE_CHECK and friends: for our own bugs, never for input. A failed check prints the expression, both values and the
// place, and stops the process; the merge protocol survives a dead site. Any thread.
#pragma once

#include <sstream>
#include <string>

namespace intertie {

[[noreturn]] void check_failed(const char* file, int line, const std::string& what);

template <class A, class B>
[[noreturn]] void check_comparison_failed(const char* file, int line, const char* expression, const A& a, const B& b) {
  std::ostringstream text;
  text << expression << " (" << a << " and " << b << ")";
  check_failed(file, line, text.str());
}

}  // namespace intertie

#define INTERTIE_CHECK(condition)                                               \
  do {                                                                          \
    if (!(condition)) ::intertie::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

#define INTERTIE_CHECK_COMPARE(a, op, b)                                                                  \
  do {                                                                                                    \
    const auto& intertie_a = (a);                                                                         \
    const auto& intertie_b = (b);                                                                         \
    if (!(intertie_a op intertie_b))                                                                      \
      ::intertie::check_comparison_failed(__FILE__, __LINE__, #a " " #op " " #b, intertie_a, intertie_b); \
  } while (false)

#define INTERTIE_CHECK_EQ(a, b) INTERTIE_CHECK_COMPARE(a, ==, b)
#define INTERTIE_CHECK_LE(a, b) INTERTIE_CHECK_COMPARE(a, <=, b)
#define INTERTIE_CHECK_LT(a, b) INTERTIE_CHECK_COMPARE(a, <, b)
