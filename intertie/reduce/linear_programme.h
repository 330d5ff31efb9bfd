// A linear programme: minimise cost . x, where every row and every column stays within its bounds. Solved again after
// columns, rows or bounds were added, it goes on from its last solution. Used by the schedule and its lower bound; the only
// place that sees COIN-OR Clp (docs/decisions/0008-clp.md). The same calls give the same solution. Not thread-safe; any thread.
//
//   LinearProgramme lp;
//   const int time = lp.add_column({.cost = 1});
//   lp.add_row({.lower = 3}, std::vector<LinearProgramme::Entry>{{time, 2}});  // 2 time >= 3
//   if (lp.solve()) lp.value(time);
#pragma once

#include <limits>
#include <memory>
#include <span>

namespace intertie::reduce {

class LinearProgramme {
 public:
  static constexpr double kNoLimit = std::numeric_limits<double>::max();
  struct Column {
    double cost = 0;
    double lower = 0;
    double upper = kNoLimit;
  };
  struct Row {
    double lower = -kNoLimit;
    double upper = kNoLimit;
  };
  struct Entry {
    int at;  // column of a row, or row of a column
    double factor;
  };

  LinearProgramme();
  ~LinearProgramme();

  // A column's entries are in rows that were added before it, a row's in columns that were. The number of the new one.
  int add_column(const Column& column, std::span<const Entry> entries = {});
  int add_row(const Row& row, std::span<const Entry> entries = {});
  void set_cost(int column, double cost);
  void set_upper(int column, double upper);
  void set_row_upper(int row, double upper);

  // False: there is no solution, or the numbers are beyond what double precision can tell.
  [[nodiscard]] bool solve();
  double value(int column) const;
  double dual(int row) const;  // how much the least cost grows with the row's binding bound

 private:
  class Solver;
  std::unique_ptr<Solver> solver_;
};

}  // namespace intertie::reduce
