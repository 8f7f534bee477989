// Which candidates are the elites, and the Gaussian that fits them. Used by cem.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace planet {

/// Fills `order` (returns.size() entries) so that its first k entries are the elites: the K
/// candidates with the highest returns, ties going to the lower index, listed by index. A candidate
/// whose return is infinite or NaN is never an elite: k is K, or the number of finite returns if
/// that is less.
std::size_t select_elites(std::span<const double> returns, std::size_t K,
                          std::span<std::int32_t> order);

/// Mean and spread of row t of the elites: for each i < A, over the elites j,
///   mean[i] = 1/k sum_j a_j[i]     std[i] = sqrt(1/k sum_j (a_j[i] - mean[i])^2 + 1e-6),
/// where a_j = actions + j A. The variance is divided by k, so that a single elite is allowed.
void fit_elites(const float* actions, std::ptrdiff_t A, std::span<const std::int32_t> elites,
                float* mean, float* std);

}  // namespace planet
