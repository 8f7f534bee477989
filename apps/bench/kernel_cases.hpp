// The kernels at the model's own sizes.
#pragma once

#include <string>
#include <vector>

#include "apps/bench/blas.hpp"
#include "apps/bench/measure.hpp"

namespace planet::bench {

std::vector<Result> gemm_cases(double seconds, const Blas& blas);
/// One product of 512 x 512 x 512 per rung of apps/bench/ladder.hpp, the last on all threads,
/// those before it on one.
std::vector<Result> ladder_cases(double seconds);
/// Forward, input gradient and filter gradient of every convolution of the three presets.
std::vector<Result> conv_cases(double seconds);
/// exp, tanh, sigmoid, softplus and normal random numbers on 16 Ki elements.
std::vector<Result> elementwise_cases(double seconds);

}  // namespace planet::bench
