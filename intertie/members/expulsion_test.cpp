#include "intertie/members/expulsion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>

namespace intertie::members {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Which sites hear each other directly.
class Graph {
 public:
  explicit Graph(std::uint16_t num) : num_(num) {}
  static Graph whole(std::uint16_t num) {
    Graph graph(num);
    for (std::uint16_t a = 0; a < num; ++a) {
      for (std::uint16_t b = 0; b < a; ++b) graph.join(a, b);
    }
    return graph;
  }
  Graph& join(std::uint16_t a, std::uint16_t b) {
    edges_.insert(std::minmax(a, b));
    return *this;
  }
  Graph& cut(std::uint16_t a, std::uint16_t b) {
    edges_.erase(std::minmax(a, b));
    return *this;
  }
  Graph& kill(std::uint16_t site) {
    for (std::uint16_t other = 0; other < num_; ++other) cut(site, other);
    return *this;
  }
  bool direct(std::uint16_t a, std::uint16_t b) const { return edges_.contains(std::minmax(a, b)); }
  std::vector<int> expelled(std::uint16_t holder = 0) const {
    std::vector<SiteId> members;
    for (std::uint16_t i = 0; i < num_; ++i) members.push_back(SiteId{i});
    std::vector<int> numbers;
    const auto hears = [this](SiteId a, SiteId b) { return direct(a.value, b.value); };
    for (const SiteId site : expulsion(members, SiteId{holder}, hears)) numbers.push_back(site.value);
    return numbers;
  }
  bool all_reach(unsigned stay) const {
    for (std::uint16_t a = 0; a < num_; ++a) {
      for (std::uint16_t b = 0; b < a; ++b) {
        if ((stay >> a & stay >> b & 1U) != 0 && !reach(a, b, stay)) return false;
      }
    }
    return true;
  }

 private:
  bool reach(std::uint16_t a, std::uint16_t b, unsigned stay) const {
    if (direct(a, b)) return true;
    for (std::uint16_t relay = 0; relay < num_; ++relay) {
      if ((stay >> relay & 1U) != 0 && direct(a, relay) && direct(relay, b)) return true;
    }
    return false;
  }
  std::uint16_t num_;
  std::set<std::pair<std::uint16_t, std::uint16_t>> edges_;
};

TEST(Expulsion, NobodyGoesWhereAllHearEachOther) {
  EXPECT_THAT(Graph::whole(5).expelled(), IsEmpty());
  EXPECT_THAT(Graph::whole(1).expelled(), IsEmpty());
}

TEST(Expulsion, ASiteThatNobodyHearsGoes) {
  EXPECT_THAT(Graph::whole(5).kill(3).expelled(), ElementsAre(3));
  EXPECT_THAT(Graph::whole(5).kill(1).kill(4).expelled(), ElementsAre(1, 4));
}

TEST(Expulsion, ACutLinkExpelsNobodyWhileThereIsAWayOverAMember) {
  EXPECT_THAT(Graph::whole(3).cut(1, 2).expelled(), IsEmpty());
  EXPECT_THAT(Graph::whole(4).cut(1, 2).cut(0, 3).expelled(), IsEmpty());
  // A star: everybody is one relay from everybody.
  EXPECT_THAT(Graph(5).join(2, 0).join(2, 1).join(2, 3).join(2, 4).expelled(), IsEmpty());
}

TEST(Expulsion, AWayOverTwoRelaysIsNone) {
  // 0 - 1 - 2 - 3: the ends do not reach each other; the one of the higher number goes.
  EXPECT_THAT(Graph(4).join(0, 1).join(1, 2).join(2, 3).expelled(), ElementsAre(3));
  // With the other end as the holder it stays.
  EXPECT_THAT(Graph(4).join(0, 1).join(1, 2).join(2, 3).expelled(3), ElementsAre(0));
}

TEST(Expulsion, OfTwoHalvesTheLargerStays) {
  EXPECT_THAT(Graph(5).join(0, 1).join(0, 2).join(1, 2).join(3, 4).expelled(), ElementsAre(3, 4));
}

TEST(Expulsion, OfTwoHalvesTheOneWithTheHolderStaysEvenIfItIsSmaller) {
  EXPECT_THAT(Graph(5).join(0, 1).join(2, 3).join(2, 4).join(3, 4).expelled(), ElementsAre(2, 3, 4));
  EXPECT_THAT(Graph(4).join(0, 1).join(2, 3).expelled(), ElementsAre(2, 3));
  EXPECT_THAT(Graph(4).join(0, 1).join(2, 3).expelled(2), ElementsAre(0, 1));
}

TEST(Expulsion, AHolderThatHearsNobodyStaysAlone) { EXPECT_THAT(Graph::whole(4).kill(0).expelled(), ElementsAre(1, 2, 3)); }

TEST(Expulsion, OfEqualsTheHigherNumbersGo) {
  // 1 and 2 do not hear each other and have no common relay but through who does not hear them both.
  EXPECT_THAT(Graph(4).join(0, 1).join(0, 3).join(1, 3).join(2, 3).cut(0, 2).expelled(), IsEmpty());
  EXPECT_THAT(Graph(4).join(0, 1).join(1, 2).join(2, 3).join(3, 0).expelled(), IsEmpty()) << "a ring of four has relays";
  // A ring of five has relays too; of six, one and its opposite have none.
  Graph six(6);
  for (std::uint16_t i = 0; i < 6; ++i) six.join(i, static_cast<std::uint16_t>((i + 1) % 6));
  EXPECT_FALSE(six.expelled().empty());
  EXPECT_THAT(six.expelled(), ElementsAre(3, 4, 5));
}

TEST(Expulsion, MembersNeedNotBeNumberedWithoutGaps) {
  const std::vector<SiteId> members = {SiteId{2}, SiteId{5}, SiteId{9}};
  const auto only_two_and_nine = [](SiteId a, SiteId b) { return a != SiteId{5} && b != SiteId{5}; };
  EXPECT_THAT(expulsion(members, SiteId{2}, only_two_and_nine), ElementsAre(SiteId{5}));
}

// The rule by trying everything: fewest, then the higher numbers, compared from the highest down.
std::vector<int> by_brute_force(const Graph& graph, unsigned num, unsigned holder) {
  unsigned best = 0;
  bool any = false;
  for (unsigned gone = 0; gone < 1U << num; ++gone) {
    if ((gone >> holder & 1U) != 0 || !graph.all_reach(~gone)) continue;
    const bool better =
        !any || std::popcount(gone) < std::popcount(best) || (std::popcount(gone) == std::popcount(best) && gone > best);
    if (better) best = gone;
    any = true;
  }
  std::vector<int> sites;
  for (unsigned i = 0; i < num; ++i) {
    if ((best >> i & 1U) != 0) sites.push_back(static_cast<int>(i));
  }
  return sites;
}

TEST(Expulsion, IsTheSmallestForEveryGraphOfFiveSites) {
  for (unsigned edges = 0; edges < 1U << 10; ++edges) {
    Graph graph(5);
    unsigned bit = 0;
    for (std::uint16_t a = 0; a < 5; ++a) {
      for (std::uint16_t b = 0; b < a; ++b) {
        if ((edges >> bit++ & 1U) != 0) graph.join(a, b);
      }
    }
    for (const std::uint16_t holder : {std::uint16_t{0}, std::uint16_t{2}}) {
      ASSERT_EQ(graph.expelled(holder), by_brute_force(graph, 5, holder)) << "edges " << edges << ", holder " << holder;
    }
  }
}

TEST(Expulsion, IsTheSmallestForRandomGraphsOfEightSites) {
  std::mt19937 random(7);
  for (int run = 0; run < 100; ++run) {
    Graph graph(8);
    const unsigned density = 1 + random() % 8;
    for (std::uint16_t a = 0; a < 8; ++a) {
      for (std::uint16_t b = 0; b < a; ++b) {
        if (random() % 8 < density) graph.join(a, b);
      }
    }
    ASSERT_EQ(graph.expelled(), by_brute_force(graph, 8, 0)) << "run " << run;
  }
}

// 0 to half-1 hear each other; each of the others hears one of those only: as where lines between two networks are cut but for
// some.
Graph comb(std::uint16_t half) {
  Graph graph(static_cast<std::uint16_t>(2 * half));
  for (std::uint16_t a = 0; a < half; ++a) {
    for (std::uint16_t b = 0; b < a; ++b) graph.join(a, b);
    graph.join(a, static_cast<std::uint16_t>(half + a));
  }
  return graph;
}

TEST(Expulsion, OfManyThatAreCutOffWhoMissesTheMostGoesFirst) {
  for (const std::uint16_t half : {4, 11, 20}) {
    const std::vector<int> gone = comb(half).expelled();
    ASSERT_EQ(gone.size(), half - 1U) << "one of those behind a neighbour can stay";
    EXPECT_GE(gone.front(), half);
  }
}

}  // namespace
}  // namespace intertie::members
