// Every sum of the project: sixteen virtual lanes within a chunk, for any register width, folded
// 16 -> 8 -> 4 -> 2 -> 1; chunks of a fixed size, whose partial sums are folded pairwise. Sixteen
// lanes fill the registers of every current machine; the fixed order gives the bits of one thread.
#include "autograd/kernels/reduce.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/math.hpp"

namespace planet::kernels {
namespace {

constexpr std::ptrdiff_t lanes = 16;
constexpr std::ptrdiff_t chunk = 4096;

// Sum of f(i) for i in [begin, end), end - begin <= chunk, in the type that f returns.
template <class F>
auto lane_sum(std::ptrdiff_t begin, std::ptrdiff_t end, F f) {
  using S = decltype(f(begin));
  S lane[lanes] = {};
  std::ptrdiff_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    for (std::ptrdiff_t l = 0; l < lanes; ++l) lane[l] += f(i + l);
  }
  for (std::ptrdiff_t l = 0; i + l < end; ++l) lane[l] += f(i + l);
  for (std::ptrdiff_t half = lanes / 2; half > 0; half /= 2) {
    for (std::ptrdiff_t l = 0; l < half; ++l) lane[l] += lane[l + half];
  }
  return lane[0];
}

// Folds p[0..n) pairwise in index order and leaves the result in p[0].
template <class S>
S fold(S* p, std::ptrdiff_t n) {
  for (std::ptrdiff_t step = 1; step < n; step *= 2) {
    for (std::ptrdiff_t i = 0; i + step < n; i += 2 * step) p[i] += p[i + step];
  }
  return n > 0 ? p[0] : S(0);
}

// Partial sums live in a buffer of the calling thread that only grows.
template <class S>
S* partials(std::ptrdiff_t n) {
  static thread_local std::vector<S> buffer;
  if (buffer.size() < static_cast<std::size_t>(n)) buffer.resize(static_cast<std::size_t>(n));
  return buffer.data();
}

// Sum of f(i) for i in [0, n), chunk by chunk.
template <class F>
auto chunked_sum(std::ptrdiff_t n, F f) {
  using S = decltype(f(n));
  if (n <= chunk) return lane_sum(0, n, f);
  const std::ptrdiff_t count = (n + chunk - 1) / chunk;
  S* part = partials<S>(count);
  parallel_ranges(count, 8, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t k = begin; k < end; ++k) {
      part[k] = lane_sum(k * chunk, std::min((k + 1) * chunk, n), f);
    }
  });
  return fold(part, count);
}

// Runs f(r) for every row, on several threads if the matrix is large.
template <class F>
void each_row(std::ptrdiff_t rows, std::ptrdiff_t cols, F f) {
  const std::ptrdiff_t grain =
      std::max<std::ptrdiff_t>(1, (1 << 15) / std::max<std::ptrdiff_t>(cols, 1));
  if (rows <= grain) {
    for (std::ptrdiff_t r = 0; r < rows; ++r) f(r);
    return;
  }
  parallel_ranges(rows, grain, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t r = begin; r < end; ++r) f(r);
  });
}

// Sum of f over [begin, end): long rows as a pairwise tree over whole chunks, so that the rounding
// error does not grow with the length.
template <class F>
auto row_sum(std::ptrdiff_t begin, std::ptrdiff_t end, F f) -> decltype(f(begin)) {
  if (end - begin <= chunk) return lane_sum(begin, end, f);
  const std::ptrdiff_t chunks = (end - begin + chunk - 1) / chunk;
  const std::ptrdiff_t middle = begin + (chunks + 1) / 2 * chunk;
  return row_sum(begin, middle, f) + row_sum(middle, end, f);
}

// Column sums of x; prepare(first, n) is called for elements first .. first+n before they are read.
template <class T, class F>
void column_sums(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y, F prepare) {
  if (rows == 0 || cols == 0) return;
  const std::ptrdiff_t block = std::max<std::ptrdiff_t>(64, chunk / cols);  // rows of one partial
  const std::ptrdiff_t count = (rows + block - 1) / block;
  // Short rows, such as the three numbers of a pixel, are added sixteen rows at a time.
  const std::ptrdiff_t together = cols < lanes ? lanes : 1, wide = together * cols;
  T* part = partials<T>(count * wide);
  const auto partial = [=](std::ptrdiff_t k) {
    T* const p = part + k * wide;
    std::fill(p, p + wide, T(0));
    const std::ptrdiff_t end = std::min((k + 1) * block, rows) * cols;
    prepare(k * block * cols, end - k * block * cols);
    for (std::ptrdiff_t i = k * block * cols; i < end; i += wide) {
      const std::ptrdiff_t n = std::min(wide, end - i);
      for (std::ptrdiff_t c = 0; c < n; ++c) p[c] += x[i + c];
    }
    for (std::ptrdiff_t half = wide / 2; half >= cols; half /= 2) {
      for (std::ptrdiff_t c = 0; c < half; ++c) p[c] += p[c + half];
    }
  };
  if (rows * cols <= (1 << 15)) {
    for (std::ptrdiff_t k = 0; k < count; ++k) partial(k);
  } else {
    parallel_for(count, partial);
  }
  for (std::ptrdiff_t step = 1; step < count; step *= 2) {
    for (std::ptrdiff_t i = 0; i + step < count; i += 2 * step) {
      for (std::ptrdiff_t c = 0; c < cols; ++c) part[i * wide + c] += part[(i + step) * wide + c];
    }
  }
  for (std::ptrdiff_t c = 0; c < cols; ++c) y[c] += part[c];
}

}  // namespace

template <class T>
T sum(const T* x, std::ptrdiff_t n) {
  return chunked_sum(n, [=](std::ptrdiff_t i) { return x[i]; });
}

template <class T>
double sum_of_squares(const T* x, std::ptrdiff_t n) {
  return chunked_sum(
      n, [=](std::ptrdiff_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); });
}

template <class T>
void row_sums(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y) {
  each_row(rows, cols, [=](std::ptrdiff_t r) {
    const T* row = x + r * cols;
    y[r] = row_sum(0, cols, [=](std::ptrdiff_t i) { return row[i]; });
  });
}

template <class T>
void add_column_sums(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y) {
  column_sums(x, rows, cols, y, [](std::ptrdiff_t, std::ptrdiff_t) {});
}

template <class T>
void activate_backward_and_sum(Activation act, const T* y, T* dz, std::ptrdiff_t rows,
                               std::ptrdiff_t cols, T* db) {
  if (!db) return activate_backward(act, y, dz, dz, rows * cols);
  column_sums(dz, rows, cols, db, [=](std::ptrdiff_t first, std::ptrdiff_t n) {
    activate_backward(act, y + first, dz + first, dz + first, n);
  });
}

template <class T>
void half_squared_distance_rows(const T* a, const T* b, std::ptrdiff_t rows, std::ptrdiff_t cols,
                                T* y) {
  each_row(rows, cols, [=](std::ptrdiff_t r) {
    const T *p = a + r * cols, *q = b + r * cols;
    y[r] =
        T(0.5) * row_sum(0, cols, [=](std::ptrdiff_t i) { return (p[i] - q[i]) * (p[i] - q[i]); });
  });
}

template <class T>
void log_sum_exp_rows(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y) {
  each_row(rows, cols, [=](std::ptrdiff_t r) {
    const T* row = x + r * cols;
    T top = -std::numeric_limits<T>::infinity();
    bool nan = false;
    for (std::ptrdiff_t c = 0; c < cols; ++c) {
      nan |= row[c] != row[c];
      top = row[c] > top ? row[c] : top;
    }
    if (nan || std::isinf(top)) {  // NaN; all -inf (also an empty row); or some +inf
      y[r] = nan ? std::numeric_limits<T>::quiet_NaN() : top;
      return;
    }
    T total = 0, part[64];
    for (std::ptrdiff_t begin = 0; begin < cols; begin += 64) {
      const std::ptrdiff_t n = std::min<std::ptrdiff_t>(64, cols - begin);
      for (std::ptrdiff_t c = 0; c < n; ++c) part[c] = row[begin + c] - top;
      exp(part, part, n);
      total += lane_sum(0, n, [&](std::ptrdiff_t c) { return part[c]; });
    }
    log(&total, &total, 1);
    y[r] = top + total;
  });
}

template <class T>
bool all_finite(const T* x, std::ptrdiff_t n) {
  for (std::ptrdiff_t begin = 0; begin < n; begin += chunk) {
    // x - x is 0 for a finite x and NaN otherwise; NaN survives every addition.
    const T zero =
        lane_sum(begin, std::min(begin + chunk, n), [=](std::ptrdiff_t i) { return x[i] - x[i]; });
    if (!(zero == T(0))) return false;
  }
  return true;
}

#define PLANET_INSTANTIATE(T)                                                                  \
  template T sum(const T*, std::ptrdiff_t);                                                    \
  template double sum_of_squares(const T*, std::ptrdiff_t);                                    \
  template void row_sums(const T*, std::ptrdiff_t, std::ptrdiff_t, T*);                        \
  template void add_column_sums(const T*, std::ptrdiff_t, std::ptrdiff_t, T*);                 \
  template void activate_backward_and_sum(Activation, const T*, T*, std::ptrdiff_t,            \
                                          std::ptrdiff_t, T*);                                 \
  template void half_squared_distance_rows(const T*, const T*, std::ptrdiff_t, std::ptrdiff_t, \
                                           T*);                                                \
  template void log_sum_exp_rows(const T*, std::ptrdiff_t, std::ptrdiff_t, T*);                \
  template bool all_finite(const T*, std::ptrdiff_t);
PLANET_INSTANTIATE(float)
PLANET_INSTANTIATE(double)
#undef PLANET_INSTANTIATE

}  // namespace planet::kernels
