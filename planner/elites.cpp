#include "planner/elites.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace planet {

std::size_t select_elites(std::span<const double> returns, std::size_t K,
                          std::span<std::int32_t> order) {
  std::iota(order.begin(), order.end(), 0);
  const auto at = [&](std::int32_t j) { return returns[static_cast<std::size_t>(j)]; };
  const auto end = std::partition(order.begin(), order.end(),
                                  [&](std::int32_t j) { return std::isfinite(at(j)); });
  const std::size_t k = std::min(K, static_cast<std::size_t>(end - order.begin()));
  const auto kth = order.begin() + static_cast<std::ptrdiff_t>(k);
  // A strict order without ties: the set of the first k does not depend on the algorithm.
  const auto better = [&](std::int32_t i, std::int32_t j) {
    return at(i) > at(j) || (at(i) == at(j) && i < j);
  };
  if (kth != end) std::nth_element(order.begin(), kth, end, better);
  std::sort(order.begin(), kth);  // the order of summation, and of memory
  return k;
}

void fit_elites(const float* actions, std::ptrdiff_t A, std::span<const std::int32_t> elites,
                float* mean, float* std) {
  const auto n = static_cast<double>(elites.size());
  for (std::ptrdiff_t i = 0; i < A; ++i) {
    const auto at = [&](std::int32_t j) { return static_cast<double>(actions[j * A + i]); };
    double sum = 0, squares = 0;
    for (const std::int32_t j : elites) sum += at(j);
    const double m = sum / n;
    for (const std::int32_t j : elites) squares += (at(j) - m) * (at(j) - m);
    mean[i] = static_cast<float>(m);
    std[i] = static_cast<float>(std::sqrt(squares / n + 1e-6));
  }
}

}  // namespace planet
