#include "intertie/train/torch/gelu_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace intertie::train {
namespace {

double exact(double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); }

double exact_slope(double x) {
  const double k = std::sqrt(2 / std::numbers::pi);
  const double t = std::tanh(k * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x);
}

TEST(GeluKernel, IsNearTheExactValueAndDerivative) {
  std::vector<float> x;
  for (int i = -200000; i <= 200000; ++i) x.push_back(static_cast<float>(i) * 1e-4F);
  std::vector<float> y(x.size());
  std::vector<float> slope(x.size());
  gelu_with_slope(x.data(), y.data(), slope.data(), x.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto at = static_cast<double>(x[i]);
    const double scale = std::max(1.0, std::abs(at));
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact(at)) / scale);
    worst = std::max(worst, std::abs(static_cast<double>(slope[i]) - exact_slope(at)) / scale);
  }
  EXPECT_LT(worst, 2e-6);
}

TEST(GeluKernel, EverySizeIsDoneToItsEndAndNoFurther) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::vector<float> x(size, 1.5F);
    std::vector<float> y(size + 1, -7.0F);
    std::vector<float> slope(size + 1, -7.0F);
    gelu_with_slope(x.data(), y.data(), slope.data(), size);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_NEAR(y[i], exact(1.5), 1e-6);
      EXPECT_NEAR(slope[i], exact_slope(1.5), 1e-6);
    }
    EXPECT_EQ(y[size], -7.0F);
    EXPECT_EQ(slope[size], -7.0F);
  }
}

TEST(GeluKernel, FarOutIsFlatAndNotANumberStays) {
  const std::vector<float> x = {-1e4F, -50.0F, 50.0F, 1e4F, std::numeric_limits<float>::quiet_NaN()};
  std::vector<float> y(x.size());
  std::vector<float> slope(x.size());
  gelu_with_slope(x.data(), y.data(), slope.data(), x.size());
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_NEAR(y[i], 0, 1e-30);
    EXPECT_NEAR(slope[i], 0, 1e-20);
  }
  for (const std::size_t i : {2U, 3U}) {
    EXPECT_EQ(y[i], x[i]);
    EXPECT_EQ(slope[i], 1.0F);
  }
  EXPECT_TRUE(std::isnan(y[4]));
  EXPECT_TRUE(std::isnan(slope[4]));
}

}  // namespace
}  // namespace intertie::train
