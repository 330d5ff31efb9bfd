#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "intertie/cli/arguments.h"
#include "intertie/cli/commands.h"

namespace intertie::cli {
namespace {

using ::testing::HasSubstr;

TEST(CommandsPage, EveryOptionOfHelpIsOnIt) {
  const std::string page = commands_page();
  for (const CommandHelp& command : command_help()) {
    const Result<Arguments> arguments = parse_arguments({"help", command.name});
    ASSERT_TRUE(arguments && std::holds_alternative<Text>(*arguments)) << command.name;
    const std::size_t begin = page.find("\n## " + command.name + "\n");
    ASSERT_NE(begin, std::string::npos) << command.name;
    const std::string part = page.substr(begin, page.find("\n## ", begin + 1) - begin);
    std::istringstream help(std::get<Text>(*arguments).text);
    for (std::string word; help >> word;) {
      const bool option = word.starts_with("--");
      EXPECT_TRUE(!option || part.find("| `" + word) != std::string::npos) << command.name << " " << word;
    }
    EXPECT_THAT(part, HasSubstr("    intertie " + command.name)) << "an example";
  }
}

}  // namespace
}  // namespace intertie::cli
