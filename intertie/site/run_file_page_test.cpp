#include <gtest/gtest.h>

#include "intertie/site/run_file_keys.h"

namespace intertie::site {
namespace {

TEST(RunFilePage, EveryKeyHasAMeaning) {
  const std::string page = run_file_page();
  EXPECT_EQ(page.find("|  |\n"), std::string::npos);
  EXPECT_EQ(page.find("| `` |"), std::string::npos);
}

}  // namespace
}  // namespace intertie::site
