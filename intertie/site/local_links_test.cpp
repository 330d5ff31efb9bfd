#include "intertie/site/local_links.h"

#include <gtest/gtest.h>

#include "intertie/env/real/real_loop.h"

namespace intertie::site {
namespace {

RunFile unlinked_sites() {
  RunFile file;
  for (const char* name : {"ashburn", "columbus", "quincy"}) file.sites.emplace_back().name = name;
  return file;
}

TEST(LocalLinks, EveryLinkCanBeCutThoughTheRunFileStatesNone) {
  env::real::RealLoop loop;
  LocalLinks links(loop, nullptr, unlinked_sites(), SiteId{0});
  EXPECT_FALSE(links.emulated());
  for (const auto kind : {ControlLine::Kind::cut, ControlLine::Kind::mend}) {
    for (const char* site : {"columbus", "quincy"}) EXPECT_TRUE(links.obey({.kind = kind, .site = site})) << site;
  }
  EXPECT_TRUE(links.cut_from_the_start({"columbus", "quincy"}));
}

TEST(LocalLinks, ARateOrADelayIsEmulated) {
  env::real::RealLoop loop;
  RunFile file = unlinked_sites();
  file.links.push_back({.a = "quincy", .b = "ashburn", .paths = {{.rate = {}, .round_trip = std::chrono::milliseconds(4)}}});
  EXPECT_TRUE(LocalLinks(loop, nullptr, file, SiteId{0}).emulated());
  EXPECT_FALSE(LocalLinks(loop, nullptr, file, SiteId{1}).emulated()) << "not of this site";
}

TEST(LocalLinks, WhatIsNotUnderstoodIsAnError) {
  env::real::RealLoop loop;
  LocalLinks links(loop, nullptr, unlinked_sites(), SiteId{0});
  EXPECT_EQ(links.obey({.kind = ControlLine::Kind::cut, .site = "ashburn"}).error().message(),
            "cut ashburn: there is no link to that site; name another site of the run");
  EXPECT_FALSE(links.obey({.kind = ControlLine::Kind::mend, .site = "dublin"}));
  EXPECT_FALSE(links.cut_from_the_start({"dublin"}));
}

}  // namespace
}  // namespace intertie::site
