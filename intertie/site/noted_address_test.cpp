#include "intertie/site/noted_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/env/sim/memory_disk.h"
#include "intertie/site/folders.h"

namespace intertie::site {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NotedAddresses : public ::testing::Test {
 protected:
  NotedAddresses() {
    file_.run.folder = "runs/r";
    file_.sites.emplace_back().name = "a";
    EXPECT_TRUE(disk_.make_folders("runs/r/a"));
  }
  SiteSettings& site() { return file_.sites[0]; }
  void note(const std::string& text) {
    EXPECT_TRUE(disk_.write_atomically(address_file(file_, "a"), std::as_bytes(std::span(text))));
  }
  std::vector<env::Address> found() { return addresses_to_try(disk_, file_, site()); }

  env::sim::MemoryDisk disk_;
  RunFile file_;
  const env::Address here_{"127.0.0.1", 4711};
  const env::Address there_{"a.example", 7400};
};

TEST_F(NotedAddresses, AreThereWhileTheProcessLives) {
  EXPECT_THAT(found(), IsEmpty());
  {
    const auto noted = NotedAddress::write(disk_, file_, "a", here_);
    ASSERT_TRUE(noted);
    EXPECT_THAT(found(), ElementsAre(here_));
    site().address = there_;
    EXPECT_THAT(found(), ElementsAre(here_, there_)) << "the noted one may be an old one";
    site().address = here_;
    EXPECT_THAT(found(), ElementsAre(here_));
  }
  site().address = there_;
  EXPECT_THAT(found(), ElementsAre(there_));
}

TEST_F(NotedAddresses, WhatIsNoneIsPassedOver) {
  for (const std::string& text :
       {std::string(), std::string("127.0.0.1"), std::string("\0\n", 2), std::string(10'000, 'a') + ":1"}) {
    note(text);
    EXPECT_THAT(found(), IsEmpty()) << text;
  }
  note("127.0.0.1:4711");
  EXPECT_THAT(found(), ElementsAre(here_));
}

}  // namespace
}  // namespace intertie::site
