// The map that a schedule is made for: the sites of a merge, how fast each reaches the network, and the link of each ordered
// pair. Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "intertie/base/ids.h"
#include "intertie/base/units.h"
#include "intertie/env/link_model.h"

namespace intertie::reduce {

class Map {
 public:
  struct Site {
    SiteId site;
    std::string name = {};  // for errors
    BitRate up = {};        // access rates, of all that the site sends and receives; 0: unlimited
    BitRate down = {};
    Bytes memory = {};  // for the merge; 0: unlimited
  };

  // `sites` in site order; at first no site is linked to any other.
  explicit Map(std::vector<Site> sites) : sites_(std::move(sites)), links_(sites_.size() * sites_.size()) {}
  // Every site linked to every other by `link`, both ways.
  static Map mesh(std::vector<Site> sites, env::LinkProfile link);

  std::size_t num_sites() const { return sites_.size(); }
  const Site& site(std::size_t index) const { return sites_[index]; }
  Site& site(std::size_t index) { return sites_[index]; }
  std::size_t index_of(SiteId site) const;  // of one that is there

  // What goes from one site to another, by index: the link of this direction, its rate (0: unlimited) and its delay.
  const std::optional<env::LinkProfile>& link(std::size_t from, std::size_t to) const {
    return links_[from * num_sites() + to];
  }
  void set_link(std::size_t from, std::size_t to, std::optional<env::LinkProfile> link) {
    links_[from * num_sites() + to] = link;
  }
  void set_both_ways(std::size_t a, std::size_t b, std::optional<env::LinkProfile> link) {
    set_link(a, b, link);
    set_link(b, a, link);
  }

 private:
  std::vector<Site> sites_;
  std::vector<std::optional<env::LinkProfile>> links_;  // [from][to]
};

// The same with rates in bits per second where "unlimited" is an infinite and "no link" a zero rate, and delays in seconds: as
// sums and minima want them.
struct Limits {
  explicit Limits(const Map& map);
  double rate(std::size_t from, std::size_t to) const { return rates[from * num_sites + to]; }
  double delay(std::size_t from, std::size_t to) const { return delays[from * num_sites + to]; }
  bool linked(std::size_t from, std::size_t to) const { return rate(from, to) > 0; }
  double typical() const;  // geometric mean of the finite rates; 0: there are none

  std::size_t num_sites;
  std::vector<double> up, down;       // by site
  std::vector<double> rates, delays;  // [from][to]
};

}  // namespace intertie::reduce
