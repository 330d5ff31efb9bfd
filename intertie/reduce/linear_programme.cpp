#include "intertie/reduce/linear_programme.h"

#include <coin/ClpSimplex.hpp>
#include <coin/CoinError.hpp>
#include <utility>
#include <vector>

namespace intertie::reduce {
namespace {

constexpr double kExact = 1e-9;

double clp_bound(double bound) {
  if (bound == LinearProgramme::kNoLimit) return COIN_DBL_MAX;
  return bound == -LinearProgramme::kNoLimit ? -COIN_DBL_MAX : bound;
}

// Columns or rows that wait to be added together, since each addition by itself would copy Clp's whole matrix.
struct Batch {
  std::vector<double> lower, upper, costs, factors;
  std::vector<CoinBigIndex> starts{0};
  std::vector<int> places;

  void add(double least, double most, double cost, std::span<const LinearProgramme::Entry> entries) {
    lower.push_back(clp_bound(least));
    upper.push_back(clp_bound(most));
    costs.push_back(cost);
    for (const LinearProgramme::Entry& entry : entries) {
      places.push_back(entry.at);
      factors.push_back(entry.factor);
    }
    starts.push_back(static_cast<CoinBigIndex>(places.size()));
  }
  int size() const { return static_cast<int>(lower.size()); }
};

}  // namespace

class LinearProgramme::Solver {
 public:
  Solver() {
    model_.setLogLevel(0);
    model_.setPrimalTolerance(kExact);
    model_.setDualTolerance(kExact);
  }

  int add_column(const Column& column, std::span<const Entry> entries) {
    add_waiting_rows();
    columns_.add(column.lower, column.upper, column.cost, entries);
    return num_columns_++;
  }
  int add_row(const Row& row, std::span<const Entry> entries) {
    add_waiting_columns();
    rows_.add(row.lower, row.upper, 0, entries);
    has_new_rows_ = true;
    return num_rows_++;
  }
  ClpSimplex& model() {
    add_waiting_columns();
    add_waiting_rows();
    return model_;
  }

  // After new rows the last solution is optimal but not feasible, which is where the dual simplex begins; after new columns or
  // costs it is the other way round.
  bool solve() {
    const bool dual_first = std::exchange(has_new_rows_, false);
    try {
      for (const bool dual : {dual_first, !dual_first}) {
        dual ? model().dual() : model().primal();
        if (model_.isProvenOptimal()) return true;
      }
    } catch (const CoinError&) {  // of what it takes for impossible
    }
    return false;
  }

 private:
  void add_waiting_columns() {
    if (columns_.size() == 0) return;
    model_.addColumns(columns_.size(), columns_.lower.data(), columns_.upper.data(), columns_.costs.data(),
                      columns_.starts.data(), columns_.places.data(), columns_.factors.data());
    columns_ = {};
  }
  void add_waiting_rows() {
    if (rows_.size() == 0) return;
    model_.addRows(rows_.size(), rows_.lower.data(), rows_.upper.data(), rows_.starts.data(), rows_.places.data(),
                   rows_.factors.data());
    rows_ = {};
  }

  ClpSimplex model_;
  Batch columns_;
  Batch rows_;
  int num_columns_ = 0;
  int num_rows_ = 0;
  bool has_new_rows_ = false;
};

LinearProgramme::LinearProgramme() : solver_(std::make_unique<Solver>()) {}
LinearProgramme::~LinearProgramme() = default;

int LinearProgramme::add_column(const Column& column, std::span<const Entry> entries) {
  return solver_->add_column(column, entries);
}
int LinearProgramme::add_row(const Row& row, std::span<const Entry> entries) { return solver_->add_row(row, entries); }

void LinearProgramme::set_cost(int column, double cost) { solver_->model().setObjectiveCoefficient(column, cost); }
void LinearProgramme::set_upper(int column, double upper) { solver_->model().setColumnUpper(column, clp_bound(upper)); }
void LinearProgramme::set_row_upper(int row, double upper) { solver_->model().setRowUpper(row, clp_bound(upper)); }

bool LinearProgramme::solve() { return solver_->solve(); }
double LinearProgramme::value(int column) const { return solver_->model().primalColumnSolution()[column]; }
double LinearProgramme::dual(int row) const { return solver_->model().dualRowSolution()[row]; }

}  // namespace intertie::reduce
