// Golden case 1 (DiLoCo, 2311.08105): settings in which one method is exactly another. Clipping and weight decay are off.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/toy_world.h"

namespace intertie::tests {
namespace {

std::vector<float> result_of(const ToyOptions& options) {
  ToyWorld world(options);
  world.start_all();
  EXPECT_TRUE(world.run_to_end());
  EXPECT_TRUE(world.outcome(0) && *world.outcome(0));
  return world.parameters(0);
}

double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0;
  double norm = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    difference += (double{a[k]} - b[k]) * (double{a[k]} - b[k]);
    norm += double{b[k]} * b[k];
  }
  return std::sqrt(difference / norm);
}

ToyOptions diloco(std::vector<int> batch_sizes, int every, double outer_lr) {
  ToyOptions options = toy_options(20);
  options.batch_sizes = std::move(batch_sizes);
  options.sync.every = every;
  options.sync.outer = "sgd";
  options.sync.outer_lr = outer_lr;
  return options;
}

ToyOptions synchronous(std::vector<int> batch_sizes) {
  ToyOptions options = toy_options(20);
  options.batch_sizes = std::move(batch_sizes);
  options.sync.method = sync::Method::synchronous;
  return options;
}

TEST(Identities, DilocoWithOneStepAndOuterRateOneIsSynchronousDataParallel) {
  ToyOptions one_merge = diloco({4, 4, 4}, 1, 1.0);
  ToyOptions one_step = synchronous({4, 4, 4});
  one_merge.train.tokens.count = one_step.train.tokens.count = 1;
  EXPECT_LT(relative_distance(result_of(one_merge), result_of(one_step)), 1e-6);
  // And not by having stood still: an outer rate of 0.9 is something else.
  ToyOptions other = diloco({4, 4, 4}, 1, 0.9);
  other.train.tokens.count = 1;
  EXPECT_GT(relative_distance(result_of(other), result_of(one_step)), 1e-4);
}

TEST(Identities, OneSiteWithOuterRateOneIsThePlainInnerRun) {
  EXPECT_LT(relative_distance(result_of(diloco({12}, 5, 1.0)), result_of(synchronous({12}))), 1e-6);
}

TEST(Identities, SynchronousOverThreeSitesIsOneSiteWithTheWholeBatch) {
  EXPECT_LT(relative_distance(result_of(synchronous({4, 4, 4})), result_of(synchronous({12}))), 1e-6);
  EXPECT_LT(relative_distance(result_of(synchronous({1, 2, 9})), result_of(synchronous({12}))), 1e-6);
}

}  // namespace
}  // namespace intertie::tests
