#include "intertie/members/view_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace intertie::members {
namespace {

using testing::HasSubstr;

constexpr std::size_t kSites = 4;

wire::MemberRecord start_of(std::uint16_t site) { return {SiteId{site}, Incarnation{10U + site}}; }

wire::View good() {
  wire::View view;
  view.number = ViewNumber{3};
  view.members = {start_of(0), start_of(2)};
  view.survivors = {SiteId{0}, SiteId{2}, SiteId{3}};
  view.from_version = Version{9};
  view.orders = {{.merge = {FragmentId{0}, Version{7}},
                  .kind = wire::OrderKind::adopt,
                  .set = {start_of(0), start_of(1)},
                  .survivors = {SiteId{0}, SiteId{2}},
                  .sources = {{SiteId{}, 0, 4, SiteId{2}}}},
                 {.merge = {FragmentId{0}, Version{8}},
                  .kind = wire::OrderKind::resum,
                  .set = {start_of(0)},
                  .survivors = {SiteId{0}},
                  .sources = {{SiteId{1}, 0, 4, SiteId{2}}}}};
  return view;
}

struct Case {
  std::string name;
  std::function<void(wire::View&)> change;
  std::string problem;
};

TEST(ViewCheck, WhatAHolderSendsIsFine) { EXPECT_EQ(problem_of(good(), kSites), ""); }

TEST(ViewCheck, WhatPointsNowhereIsNamed) {
  const std::vector<Case> cases = {
      {"nobody", [](wire::View& v) { v.members.clear(); }, "members"},
      {"a member that is no site", [](wire::View& v) { v.members.push_back(start_of(4)); }, "members"},
      {"a member twice", [](wire::View& v) { v.members.push_back(start_of(2)); }, "members"},
      {"members out of order", [](wire::View& v) { std::swap(v.members[0], v.members[1]); }, "members"},
      {"a survivor that is no site", [](wire::View& v) { v.survivors.push_back(SiteId{65535}); }, "survivors"},
      {"survivors out of order", [](wire::View& v) { std::swap(v.survivors[0], v.survivors[1]); }, "survivors"},
      {"no number", [](wire::View& v) { v.number = {}; }, "number"},
      {"version 0",
       [](wire::View& v) {
         v.from_version = {};
         v.orders.clear();
       },
       "number"},
      {"a beginning with orders", [](wire::View& v) { v.starts = true; }, "orders merges of before"},
      {"an order beyond it", [](wire::View& v) { v.orders[1].merge.version = Version{9}; }, "merge 9 out of turn"},
      {"an order twice", [](wire::View& v) { v.orders[1].merge.version = Version{7}; }, "merge 7 out of turn"},
      {"an empty set", [](wire::View& v) { v.orders[0].set.clear(); }, "merge 7 with a set"},
      {"a set with a stranger", [](wire::View& v) { v.orders[1].set = {start_of(9)}; }, "merge 8 with a set"},
      {"nobody to complete it", [](wire::View& v) { v.orders[1].survivors.clear(); }, "merge 8 with survivors"},
      {"chunks of a stranger", [](wire::View& v) { v.orders[1].sources[0].author = SiteId{4}; }, "merge 8 with chunks"},
      {"chunks at a stranger", [](wire::View& v) { v.orders[0].sources[0].from = SiteId{4}; }, "merge 7 with chunks"},
      {"no chunks", [](wire::View& v) { v.orders[0].sources[0].last = 0; }, "merge 7 with chunks"},
  };
  for (const Case& each : cases) {
    wire::View view = good();
    each.change(view);
    EXPECT_THAT(problem_of(view, kSites), HasSubstr(each.problem)) << each.name;
  }
}

}  // namespace
}  // namespace intertie::members
