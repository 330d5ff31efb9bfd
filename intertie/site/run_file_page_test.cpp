#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "intertie/site/run_file_keys.h"

namespace intertie::site {
namespace {

TEST(RunFilePage, IsWhatIsCommitted) {
  std::ifstream file(INTERTIE_DOCS "/run-file.md");
  std::stringstream committed;
  committed << file.rdbuf();
  EXPECT_EQ(committed.str(), run_file_page()) << "write it anew: intertie docs run-file > docs/run-file.md";
}

TEST(RunFilePage, EveryKeyHasAMeaning) {
  const std::string page = run_file_page();
  EXPECT_EQ(page.find("|  |\n"), std::string::npos);
  EXPECT_EQ(page.find("| `` |"), std::string::npos);
}

}  // namespace
}  // namespace intertie::site
