#include "nn/init.hpp"

#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {

Fans fans(const Shape& shape) {
  require(shape.rank() >= 2, "a parameter of shape ", shape,
          " has no fans; weights are [in,out] or [kh,kw,in,out]");
  double field = 1;  // positions that a kernel covers
  for (int i = 0; i < shape.rank() - 2; ++i) field *= static_cast<double>(shape[i]);
  return {field * static_cast<double>(shape[-2]), field * static_cast<double>(shape[-1])};
}

double glorot_limit(Fans fans) { return std::sqrt(6 / (fans.in + fans.out)); }

namespace {

// Row by row, each number drawn in double and rounded once.
template <class Draw>
void fill_columns(Param& p, std::ptrdiff_t begin, std::ptrdiff_t end, Draw draw) {
  const std::ptrdiff_t columns = p.shape.last();
  require(0 <= begin && begin < end && end <= columns, p.name, " ", p.shape,
          " has no column block [", begin, ",", end, ")");
  with_elements(p.store->precision(), [&](auto t) {
    using T = decltype(t);
    T* w = p.value<T>();
    for (std::ptrdiff_t r = 0; r < p.shape.rows(); ++r)
      for (std::ptrdiff_t c = begin; c < end; ++c) w[r * columns + c] = static_cast<T>(draw());
  });
}

}  // namespace

void init_constant(Param& p, double value) { init_constant_columns(p, 0, p.shape.last(), value); }

void init_uniform(Param& p, Rng& rng, double low, double high) {
  fill_columns(p, 0, p.shape.last(), [&] { return rng.uniform(low, high); });
}

void init_glorot_uniform(Param& p, Rng& rng) {
  const double limit = glorot_limit(fans(p.shape));
  init_uniform(p, rng, -limit, limit);
}

void init_glorot_uniform_columns(Param& p, Rng& rng, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const double limit =
      glorot_limit({static_cast<double>(p.shape.rows()), static_cast<double>(end - begin)});
  fill_columns(p, begin, end, [&] { return rng.uniform(-limit, limit); });
}

void init_constant_columns(Param& p, std::ptrdiff_t begin, std::ptrdiff_t end, double value) {
  fill_columns(p, begin, end, [&] { return value; });
}

}  // namespace planet
