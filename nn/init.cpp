#include "nn/init.hpp"

#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {

Fans fans(const Shape& shape) {
  require(shape.rank() >= 2, "a parameter of shape ", shape,
          " has no fans; weights are [in,out] or [kh,kw,in,out]");
  double field = 1;  // the positions a kernel covers
  for (int i = 0; i < shape.rank() - 2; ++i) field *= static_cast<double>(shape[i]);
  return {field * static_cast<double>(shape[-2]), field * static_cast<double>(shape[-1])};
}

double glorot_limit(Fans fans) { return std::sqrt(6 / (fans.in + fans.out)); }

template <class T>
void init_constant(Param<T>& p, double value) {
  init_constant_columns(p, 0, p.shape.last(), value);
}

template <class T>
void init_uniform(Param<T>& p, Rng& rng, double low, double high) {
  T* w = p.value();
  for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i) w[i] = static_cast<T>(rng.uniform(low, high));
}

template <class T>
void init_glorot_uniform(Param<T>& p, Rng& rng) {
  const double limit = glorot_limit(fans(p.shape));
  init_uniform(p, rng, -limit, limit);
}

namespace {

template <class T, class Draw>
void fill_columns(Param<T>& p, std::ptrdiff_t begin, std::ptrdiff_t end, Draw draw) {
  const std::ptrdiff_t columns = p.shape.last();
  require(0 <= begin && begin < end && end <= columns, p.name, " ", p.shape,
          " has no column block [", begin, ",", end, ")");
  T* w = p.value();
  for (std::ptrdiff_t r = 0; r < p.shape.rows(); ++r) {
    for (std::ptrdiff_t c = begin; c < end; ++c) w[r * columns + c] = static_cast<T>(draw());
  }
}

}  // namespace

template <class T>
void init_glorot_uniform_columns(Param<T>& p, Rng& rng, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const double limit =
      glorot_limit({static_cast<double>(p.shape.rows()), static_cast<double>(end - begin)});
  fill_columns(p, begin, end, [&] { return rng.uniform(-limit, limit); });
}

template <class T>
void init_constant_columns(Param<T>& p, std::ptrdiff_t begin, std::ptrdiff_t end, double value) {
  fill_columns(p, begin, end, [&] { return value; });
}

template void init_constant(Param<float>&, double);
template void init_constant(Param<double>&, double);
template void init_uniform(Param<float>&, Rng&, double, double);
template void init_uniform(Param<double>&, Rng&, double, double);
template void init_glorot_uniform(Param<float>&, Rng&);
template void init_glorot_uniform(Param<double>&, Rng&);
template void init_glorot_uniform_columns(Param<float>&, Rng&, std::ptrdiff_t, std::ptrdiff_t);
template void init_glorot_uniform_columns(Param<double>&, Rng&, std::ptrdiff_t, std::ptrdiff_t);
template void init_constant_columns(Param<float>&, std::ptrdiff_t, std::ptrdiff_t, double);
template void init_constant_columns(Param<double>&, std::ptrdiff_t, std::ptrdiff_t, double);

}  // namespace planet
