// The process of a site, run within this one up to the model that it asks for.
#include "intertie/site/site_process.h"

#include <gtest/gtest.h>

#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

TEST(SiteProcess, AsksForTheSameParametersAndItsOwnDropout) {
  const Folder folder;
  const std::string run_file =
      folder.write("run.toml", "[run]\nname = \"r\"\nseed = 7\nfolder = \"" + folder.path() +
                                   "/r\"\n[model]\ndropout = 0.1\n[data]\ntrain = \"" + folder.path() +
                                   "/a.txt\"\n[train]\ntokens = \"1 steps\"\n[[site]]\nname = \"a\"\n[[site]]\nname = \"b\"\n");
  folder.write("a.txt", numbered_words(1000));
  for (const std::string site : {"a", "b"}) {
    ASSERT_EQ(intertie(folder.path(), {"ca", "run.toml", "--site", site}).exit_code, 0);
  }
  std::vector<site::ModelRequest> requests;
  const auto refuse = [&](const site::ModelRequest& request) -> Result<std::unique_ptr<train::LocalStep>> {
    requests.push_back(request);
    return Error{.code = ErrorCode::cancelled, .where = {}, .what = "seen enough", .fix = {}, .cause = {}};
  };
  const std::vector<env::Address> addresses = {{"127.0.0.1", 1}, {"127.0.0.1", 2}};
  for (const char* name : {"a", "b"}) {
    site::SiteCommand command;
    command.run_file = run_file;
    command.site = name;
    command.addresses = addresses;
    command.local = true;
    EXPECT_EQ(site::run_site(command, refuse), site::ExitCode::stopped);
  }
  ASSERT_EQ(requests.size(), 2U);
  for (std::uint16_t i = 0; i < 2; ++i) {
    EXPECT_EQ(requests[i].seed, 7U);
    EXPECT_EQ(requests[i].site, SiteId{i});
  }
}

}  // namespace
}  // namespace intertie::tests
