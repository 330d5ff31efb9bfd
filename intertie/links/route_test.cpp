#include "intertie/links/route.h"

#include <gtest/gtest.h>

namespace intertie::links {
namespace {

wire::Envelope over(std::vector<SiteId> relays) {
  wire::Envelope envelope;
  envelope.from = SiteId{1};
  envelope.to = SiteId{2};
  envelope.relays = std::move(relays);
  return envelope;
}

std::optional<SiteId> next(const wire::Envelope& envelope, std::uint16_t via, std::uint16_t self) {
  return next_on_way(envelope, SiteId{via}, SiteId{self});
}

TEST(NextOnWay, LeadsAlongTheWayThatTheAuthorNames) {
  EXPECT_EQ(next(over({}), 1, 2), SiteId{2});
  EXPECT_EQ(next(over({SiteId{3}}), 1, 3), SiteId{2});
  EXPECT_EQ(next(over({SiteId{3}}), 3, 2), SiteId{2});
  const wire::Envelope two = over({SiteId{3}, SiteId{0}});
  EXPECT_EQ(next(two, 1, 3), SiteId{0});
  EXPECT_EQ(next(two, 3, 0), SiteId{2});
  EXPECT_EQ(next(two, 0, 2), SiteId{2});
}

TEST(NextOnWay, NobodyElseHandsItOn) {
  const wire::Envelope two = over({SiteId{3}, SiteId{0}});
  EXPECT_FALSE(next(two, 1, 0)) << "leaves out a relay";
  EXPECT_FALSE(next(two, 0, 3)) << "backwards";
  EXPECT_FALSE(next(two, 4, 3)) << "not from its author";
  EXPECT_FALSE(next(two, 1, 4)) << "a site that it does not name";
  EXPECT_FALSE(next(two, 3, 2)) << "past the second relay";
  EXPECT_FALSE(next(over({}), 3, 2)) << "directly means directly";
  EXPECT_FALSE(next(over({}), 1, 3));
}

TEST(NextOnWay, AWayIsShortAndComesThroughNoSiteTwice) {
  EXPECT_FALSE(next(over({SiteId{3}, SiteId{0}, SiteId{4}}), 1, 3));
  EXPECT_FALSE(next(over({SiteId{3}, SiteId{3}}), 1, 3));
  EXPECT_FALSE(next(over({SiteId{3}, SiteId{1}}), 1, 3));
  EXPECT_FALSE(next(over({SiteId{2}}), 1, 2));
  EXPECT_FALSE(next(over(std::vector<SiteId>(60'000, SiteId{3})), 1, 3));
  wire::Envelope to_itself = over({});
  to_itself.to = to_itself.from;
  EXPECT_FALSE(next(to_itself, 1, 1));
}

}  // namespace
}  // namespace intertie::links
