// Adam against a plain double loop, its first step, the other epsilon, and clipping.
#include "nn/adam.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/base/philox.hpp"
#include "nn/init.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// Algorithm 1 of Kingma and Ba, line by line. tf1: epsilon beside the uncorrected sqrt(v).
struct Reference {
  std::vector<double> theta, m, v;
  int t = 0;
  explicit Reference(std::vector<double> start)
      : theta(std::move(start)), m(theta.size()), v(theta.size()) {}
  void step(const std::vector<double>& g, double lr, double b1, double b2, double eps,
            bool tf1 = false) {
    ++t;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
      const double c1 = 1 - std::pow(b1, t), c2 = 1 - std::pow(b2, t);
      if (tf1) theta[i] -= lr * std::sqrt(c2) / c1 * m[i] / (std::sqrt(v[i]) + eps);
      else theta[i] -= lr * (m[i] / c1) / (std::sqrt(v[i] / c2) + eps);
    }
  }
};

double worst_difference(const ParamStore& store, const Reference& reference) {
  const std::vector<double> theta = with_elements(store.precision(), [&](auto t) {
    const auto* values = store.values<decltype(t)>();
    return std::vector<double>(values, values + store.size());
  });
  double worst = 0;
  for (std::size_t i = 0; i < reference.theta.size(); ++i) {
    const double d = std::fabs(theta[i] - reference.theta[i]);
    if (!(d <= worst)) worst = d;  // a NaN stays
  }
  return worst;
}

template <class T>
double distance_after_20_steps() {
  const std::ptrdiff_t n = 1000;
  ParamStore store(precision_of<T>());
  auto& w = store.add("w", {n});
  Rng rng(1, Stream::test);
  for (std::ptrdiff_t i = 0; i < n; ++i) w.value<T>()[i] = static_cast<T>(rng.normal());
  Reference reference(std::vector<double>(w.value<T>(), w.value<T>() + n));
  const AdamConfig config{0.01, 0.8, 0.95, 1e-4, {{7, 0.004}, {15, 0.001}}};
  Adam adam(store, config);
  for (int t = 0; t < 20; ++t) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {  // sizes from 1 to 1e-10
      const double size = std::pow(10.0, -static_cast<double>(i) / 100);
      w.grad<T>()[i] = static_cast<T>(size * rng.normal());
    }
    std::vector<double> g(w.grad<T>(), w.grad<T>() + n);
    const Clip clip = clip_by_global_norm(store, 5.0);
    for (double& x : g) x *= clip.scale;
    adam.step(clip);
    const double lr = t < 7 ? 0.01 : t < 15 ? 0.004 : 0.001;
    reference.step(g, lr, config.beta1, config.beta2, config.epsilon);
  }
  CHECK(adam.steps() == 20);
  return worst_difference(store, reference);
}

}  // namespace

TEST_CASE("Adam is Algorithm 1 over twenty clipped steps") {
  CHECK(distance_after_20_steps<double>() < 1e-14);
  CHECK(distance_after_20_steps<float>() < 3e-6);  // 20 roundings of values of order 1
}

TEST_CASE("the first step of Adam is lr g over abs g plus epsilon") {
  ParamStore store(Precision::f64);
  auto& w = store.add("w", {4});
  const double g[] = {3.0, -1e-3, 1e-4, 0.0};
  std::copy(g, g + 4, w.grad<double>());
  Adam adam(store);
  adam.step();
  for (int i = 0; i < 4; ++i)
    CHECK(w.value<double>()[i] ==
          doctest::Approx(-1e-3 * g[i] / (std::fabs(g[i]) + 1e-4)).epsilon(1e-12));
}

TEST_CASE("the epsilon of TensorFlow 1 is the textbook one divided by the correction") {
  // Step 1, |g| = 1e-3: textbook moves by 0.909 lr, TensorFlow 1 by 0.240 lr.
  Reference textbook({0.0}), tf1({0.0});
  textbook.step({1e-3}, 1, 0.9, 0.999, 1e-4);
  tf1.step({1e-3}, 1, 0.9, 0.999, 1e-4, true);
  CHECK(-textbook.theta[0] == doctest::Approx(1 / 1.1).epsilon(1e-9));
  CHECK(-tf1.theta[0] == doctest::Approx(1 / (1 + 3.16227766)).epsilon(1e-6));

  // Ours with epsilon / sqrt(1 - b2^t) at step t is TensorFlow's rule, step by step. Ours is the
  // textbook's, so without the change the two paths part.
  for (const bool adjusted : {true, false}) {
    ParamStore store(Precision::f64);
    auto& w = store.add("w", {1});
    Reference reference({0.0});
    Rng rng(2, Stream::test);
    double worst = 0;
    for (int t = 1; t <= 50; ++t) {
      const double g = 1e-3 * rng.normal();
      w.grad<double>()[0] = g;
      const double correction = std::sqrt(1 - std::pow(0.999, t));
      Adam adam(store, {1e-3, 0.9, 0.999, adjusted ? 1e-4 / correction : 1e-4});
      adam.set_steps(t - 1);
      adam.step();
      reference.step({g}, 1e-3, 0.9, 0.999, 1e-4, true);
      worst = std::max(worst, worst_difference(store, reference));
    }
    if (adjusted) CHECK(worst < 1e-15);
    else CHECK(worst > 1e-4);
  }
}

TEST_CASE("the average of the parameters weighs the step k before by b to the k") {
  ParamStore params(Precision::f64), average(Precision::f64);
  params.add("w", {2});
  average.add("w", {2});
  average.values<double>()[0] = 1e3;  // from before the first step: no part of the mean
  const double b = 0.75;
  Rng rng(3, Stream::test);
  std::vector<double> theta;
  for (int t = 1; t <= 30; ++t) {
    theta.push_back(rng.normal());
    params.values<double>()[0] = theta.back();
    update_average(average, params, b, t);
    double sum = 0, weights = 0;
    for (int i = 1; i <= t; ++i) {
      const double weight = std::pow(b, t - i);
      sum += weight * theta[static_cast<std::size_t>(i - 1)];
      weights += weight;
    }
    CHECK(average.values<double>()[0] == doctest::Approx(sum / weights).epsilon(1e-12));
    CHECK(average.values<double>()[1] == 0);
  }
  CHECK(contains(error_of([&] { update_average(average, params, 1.0, 1); }), "in [0,1)"));
  CHECK(contains(error_of([&] { update_average(average, params, b, 0); }), "after the first step"));
}

TEST_CASE("clipping below the norm changes nothing and above it scales to the norm") {
  ParamStore store(Precision::f32);
  store.add("a", {2});
  store.add("b", {1});
  const float g[] = {2, 3, 6};  // norm 7
  std::copy(g, g + 3, store.grads<float>());
  const Clip below = clip_by_global_norm(store, 7.0);
  CHECK(below.norm == 7);
  CHECK(below.scale == 1);
  const Clip above = clip_by_global_norm(store, 3.5);
  CHECK(above.norm == 7);
  CHECK(above.scale == 0.5);
  CHECK(clip_by_global_norm(store, infinity).scale == 1);
  CHECK(store.grads<float>()[2] == 6);  // the norm is computed, the gradient is not scaled

  Adam adam(store, {1e-3, 0.0, 0.0, 1.0});  // m = g, v = g^2: theta = -lr g / (|g| + 1)
  adam.step(above);
  CHECK(store.values<float>()[2] == doctest::Approx(-1e-3 * 3 / (3 + 1.0)).epsilon(1e-6));
  store.zero_grad();
  CHECK(clip_by_global_norm(store, 1.0).scale == 1);
  CHECK(contains(error_of([&] { clip_by_global_norm(store, 0.0); }), "clipped to 0"));
  CHECK(contains(error_of([&] { clip_by_global_norm(store, not_a_number); }), "clipped to nan"));
}

TEST_CASE("a gradient that is not finite shows in the norm and Adam refuses it") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    ParamStore store(Precision::f32);
    auto& w = store.add("w", {100});
    Adam adam(store);
    init_constant(w, 1.0);
    for (int i = 0; i < 100; ++i) w.grad<float>()[i] = 1;
    w.grad<float>()[57] = static_cast<float>(bad);
    const Clip clip = clip_by_global_norm(store, 1000);
    CHECK_FALSE(clip.finite());
    CHECK(contains(error_of([&] { adam.step(clip); }), "not finite"));
    CHECK(adam.steps() == 0);  // and nothing was changed
    for (int i = 0; i < 100; ++i) {
      CHECK(w.value<float>()[i] == 1);
      CHECK(store.first_moments<float>()[i] == 0);
      CHECK(store.second_moments<float>()[i] == 0);
    }
  }
}

TEST_CASE("a float gradient too large for its square in float still has a norm") {
  ParamStore store(Precision::f32);
  store.add("w", {4});
  for (int i = 0; i < 4; ++i) store.grads<float>()[i] = 1e30f;
  const Clip clip = clip_by_global_norm(store, 1000);
  CHECK(clip.norm == doctest::Approx(2e30).epsilon(1e-6));
  CHECK(clip.finite());
}

TEST_CASE("Adam gives the same bits on one and on two threads") {
  const std::ptrdiff_t n = (1 << 17) + 13;
  std::vector<float> results[2];
  for (const int k : {0, 1}) {
    set_threads(k + 1);
    ParamStore store(Precision::f32);
    auto& w = store.add("w", {n});
    Adam adam(store);
    Rng rng(4, Stream::test);
    init_glorot_uniform_columns(w, rng, 0, n);
    for (int t = 0; t < 3; ++t) {
      for (std::ptrdiff_t i = 0; i < n; ++i) w.grad<float>()[i] = static_cast<float>(rng.normal());
      adam.step(clip_by_global_norm(store, 10.0));
    }
    results[k].assign(w.value<float>(), w.value<float>() + n);
  }
  set_threads(0);
  CHECK(std::memcmp(results[0].data(), results[1].data(), sizeof(float) * n) == 0);
}

TEST_CASE_TEMPLATE("moments decay to zero and never stay subnormal", T, float, double) {
  const std::ptrdiff_t n = 37;
  ParamStore store(precision_of<T>());
  auto& w = store.add("w", {n});
  Adam adam(store, {.beta1 = 0.5, .beta2 = 0.5});
  for (std::ptrdiff_t i = 0; i < n; ++i) w.grad<T>()[i] = i % 2 ? T(1) : T(-1e-3);
  adam.step();
  store.zero_grad();
  bool was_normal = false;
  for (int t = 0; t < 1100; ++t) {
    adam.step();
    for (const T* moments : {store.first_moments<T>(), store.second_moments<T>()})
      for (std::ptrdiff_t i = 0; i < n; ++i) {
        const int kind = std::fpclassify(moments[i]);
        was_normal = was_normal || kind == FP_NORMAL;
        if (kind != FP_NORMAL && kind != FP_ZERO) FAIL("a subnormal moment after ", t, " steps");
      }
  }
  CHECK(was_normal);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    CHECK(store.first_moments<T>()[i] == 0);
    CHECK(store.second_moments<T>()[i] == 0);
    CHECK(std::isfinite(w.value<T>()[i]));
  }
}

TEST_CASE("Adam's settings are checked") {
  ParamStore store(Precision::f32);
  store.add("w", {1});
  const auto error = [&](AdamConfig c) { return error_of([&] { Adam(store, c); }); };
  CHECK(contains(error({not_a_number, 0.9, 0.999, 1e-4}), "learning_rate is nan"));
  CHECK(contains(error({-1, 0.9, 0.999, 1e-4}), "learning_rate is -1"));
  CHECK(contains(error({1e-3, 1, 0.999, 1e-4}), "beta1 is 1"));
  CHECK(contains(error({1e-3, 0.9, -0.1, 1e-4}), "beta2 is -0.1"));
  CHECK(contains(error({1e-3, 0.9, 0.999, 0}), "epsilon is 0"));
  const auto drops = [&](std::vector<RateDrop> d) {
    return error({1e-3, 0.9, 0.999, 1e-4, std::move(d)});
  };
  CHECK(contains(drops({{0, 1e-4}}), "one after 0 steps; that must be more than 0"));
  CHECK(contains(drops({{5, 1e-4}, {5, 1e-5}}), "one after 5 steps; that must be more than 5"));
  CHECK(contains(drops({{5, 1e-3}}), "has 0.001 after 5 steps, where the rate before is 0.001"));
  CHECK(contains(drops({{5, 1e-4}, {9, 2e-4}}), "where the rate before is 0.0001; give one below"));
  CHECK(contains(drops({{5, -1e-4}}), "has -0.0001 after 5 steps"));
  CHECK(contains(drops({{5, not_a_number}}), "has nan after 5 steps"));
  CHECK(drops({{5, 1e-4}, {9, 0}}) == "");
  CHECK(error({}) == "");
  Adam adam(store);
  CHECK(contains(error_of([&] { adam.set_steps(-1); }), "-1 steps"));
}
