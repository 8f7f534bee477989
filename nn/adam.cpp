#include "nn/adam.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/reduce.hpp"

namespace planet {

Clip clip_by_global_norm(const ParamStore& store, double max_norm) {
  require(max_norm > 0, "the gradient's norm cannot be clipped to ", max_norm,
          "; the limit must be positive");
  const double norm = std::sqrt(with_elements(store.precision(), [&](auto t) -> double {
    return kernels::sum_of_squares(store.grads<decltype(t)>(), store.size());
  }));
  return {norm, norm > max_norm ? max_norm / norm : 1.0};
}

void check_drops(double learning_rate, const std::vector<RateDrop>& drops) {
  RateDrop last{0, learning_rate};
  for (const RateDrop& drop : drops) {
    require(drop.steps > last.steps, "learning_rate_drops has one after ", drop.steps,
            " steps; that must be more than ", last.steps);
    require(drop.rate >= 0 && drop.rate < last.rate, "learning_rate_drops has ", drop.rate,
            " after ", drop.steps, " steps, where the rate before is ", last.rate,
            "; give one below it, or none");
    last = drop;
  }
}

Adam::Adam(ParamStore& store, AdamConfig config) : store_(&store), config_(std::move(config)) {
  const auto rate = [](double beta) { return beta >= 0 && beta < 1; };
  require(config_.learning_rate >= 0 && std::isfinite(config_.learning_rate),
          "Adam's learning_rate is ", config_.learning_rate, "; it must be 0 or more");
  require(rate(config_.beta1), "Adam's beta1 is ", config_.beta1, "; it must be in [0,1)");
  require(rate(config_.beta2), "Adam's beta2 is ", config_.beta2, "; it must be in [0,1)");
  require(config_.epsilon > 0 && std::isfinite(config_.epsilon), "Adam's epsilon is ",
          config_.epsilon, "; it must be positive");
  check_drops(config_.learning_rate, config_.drops);
}

void Adam::set_steps(std::int64_t steps) {
  require(steps >= 0, "Adam cannot have made ", steps, " steps");
  steps_ = steps;
}

double Adam::learning_rate() const {
  double rate = config_.learning_rate;
  for (const RateDrop& drop : config_.drops)
    if (steps_ >= drop.steps) rate = drop.rate;
  return rate;
}

namespace {

// The constants of a step. The corrections for moments that start at zero are folded into two
// factors, computed once in double.
template <class T>
struct Rates {
  T scale, b1, b2, one_minus_b1, one_minus_b2;
  T rate;        // lr / (1 - b1^t)
  T correction;  // 1 / sqrt(1 - b2^t)
  T epsilon;
};

// A moment below the smallest normal number becomes zero. Rounding would keep it at a few units of
// the smallest subnormal forever, and a processor takes some 25 times as long for such a number.
template <class T>
T flushed(T x) {
  return std::abs(x) < std::numeric_limits<T>::min() ? T(0) : x;
}

// One pass over a range of the four slabs. Plain loads, stores, products and a square root, so
// that the compiler can vectorise it; elements are independent, so the bits do not depend on where
// a range begins.
template <class T>
void update(const Rates<T> k, const T* __restrict g, T* __restrict m, T* __restrict v,
            T* __restrict theta, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const T gi = k.scale * g[i];
    m[i] = flushed(k.b1 * m[i] + k.one_minus_b1 * gi);
    v[i] = flushed(k.b2 * v[i] + k.one_minus_b2 * (gi * gi));
    theta[i] -= k.rate * m[i] / (k.correction * std::sqrt(v[i]) + k.epsilon);
  }
}

template <class T>
void take_step(ParamStore& store, const AdamConfig& config, double lr, double t, double scale) {
  const auto cast = [](double x) { return static_cast<T>(x); };
  const Rates<T> rates{cast(scale),
                       cast(config.beta1),
                       cast(config.beta2),
                       cast(1 - config.beta1),
                       cast(1 - config.beta2),
                       cast(lr / (1 - std::pow(config.beta1, t))),
                       cast(1 / std::sqrt(1 - std::pow(config.beta2, t))),
                       cast(config.epsilon)};
  T *const g = store.grads<T>(), *const m = store.first_moments<T>(),
           *const v = store.second_moments<T>(), *const theta = store.values<T>();
  constexpr std::ptrdiff_t grain = 1 << 15;
  parallel_ranges(store.size(), grain, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    update(rates, g + begin, m + begin, v + begin, theta + begin, end - begin);
  });
}

}  // namespace

void Adam::step(Clip clip) {
  require(clip.finite(), "the gradient's norm is ", clip.norm,
          "; Adam does not take a step from a gradient that is not finite");
  const double lr = learning_rate();
  ++steps_;
  with_elements(store_->precision(), [&](auto zero) {
    take_step<decltype(zero)>(*store_, config_, lr, static_cast<double>(steps_), clip.scale);
  });
}

void update_average(ParamStore& average, const ParamStore& params, double decay, std::int64_t t) {
  require(decay >= 0 && decay < 1, "the average's decay is ", decay, "; it must be in [0,1)");
  require(t >= 1 && average.size() == params.size(),
          "an average begins after the first step, of the same parameters");
  const double weight = (1 - decay) / (1 - std::pow(decay, static_cast<double>(t)));
  with_elements(params.precision(), [&](auto zero) {
    using T = decltype(zero);
    const auto w = static_cast<T>(weight);
    T* const mean = average.values<T>();
    const T* const theta = params.values<T>();
    for (std::ptrdiff_t i = 0; i < params.size(); ++i) mean[i] += w * (theta[i] - mean[i]);
  });
}

}  // namespace planet
