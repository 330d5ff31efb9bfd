// The linear programme behind flows.h. Its columns for ways come as they are wanted: with 32 sites there are near a million of
// them, of which a solution uses about one a pair. Not thread-safe; any thread.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "intertie/reduce/flows.h"
#include "intertie/reduce/linear_programme.h"

namespace intertie::reduce {

class FlowProgramme {
 public:
  // With owners, of whose shares each is at most its entry in `most`; of a gather: empty.
  FlowProgramme(const Limits& limits, const Volumes& volumes, const std::vector<double>& most);
  std::optional<Flows> solve();

 private:
  struct WayColumn {
    std::size_t from, to;
    std::vector<std::size_t> relays;
    int column;
  };
  using Prices = std::vector<double>;  // of sending a bit from one site to the next: [from][to]

  bool owners() const { return !shares_.empty(); }
  std::size_t pair(std::size_t from, std::size_t to) const { return from * n_ + to; }
  void add_rows(bool owners);
  void add_shares(const std::vector<double>& most);
  void add_first_way(std::size_t from, std::size_t to);
  void add_wide_ways(std::size_t from, std::size_t to);
  void add_way(std::size_t from, std::size_t to, std::vector<std::size_t> relays);
  Prices prices() const;
  template <class PriceOfRow>
  Prices prices_by(const PriceOfRow& price) const;
  // The best way of so many relays, and what it costs above what a bit from the one site to the other is worth now.
  struct Offered {
    std::vector<std::size_t> relays;
    double cost;
  };
  Offered best_way(const Prices& prices, std::size_t from, std::size_t to, std::size_t num_relays) const;
  bool add_better_ways();
  double bound_at_equal_prices() const;
  bool minimise(int column, double least);
  void even_out();
  Flows flows() const;

  const Limits& limits_;
  std::size_t n_;
  double unit_;     // bits per second: the programme's rates are multiples of it
  double volume_;   // bits: the programme's volumes are multiples of it
  Volumes scaled_;  // in those
  LinearProgramme lp_;
  int time_ = 0, relayed_ = 0, largest_ = 0;  // columns: transfer time, relayed volume, largest share
  int whole_row_ = 0, relayed_row_ = 0;
  std::vector<int> demand_rows_;          // [from][to]
  std::vector<int> link_rows_;            // [from][to]; -1: unlimited, or no link
  std::vector<int> up_rows_, down_rows_;  // by site; -1: unlimited
  std::vector<int> even_rows_;            // by site: its share is at most the largest
  std::vector<int> shares_;               // columns by site; of a gather: none
  std::vector<WayColumn> ways_;
  std::set<std::vector<std::size_t>> known_;  // the same ways, so that none comes twice where prices are rounded
};

}  // namespace intertie::reduce
