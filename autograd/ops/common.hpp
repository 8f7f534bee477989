// Shared by the op structs: error messages about shapes, and the loop over rows.
//
// A tensor is also a matrix of Shape::rows() rows and Shape::last() columns; ops "over the last
// axis" work on that matrix. Next: elementwise.hpp, the simplest ops.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "autograd/base/error.hpp"
#include "autograd/kernels/loop.hpp"
#include "autograd/op.hpp"

namespace planet::ops {

/// The common shape of all inputs; `names` are their names in the error message.
inline Shape same_shape(Shapes in, std::initializer_list<std::string_view> names) {
  for (std::size_t i = 1; i < in.size(); ++i)
    require(in[i] == in[0], names.begin()[0], " is ", in[0], ", ", names.begin()[i], " is ", in[i],
            "; the shapes must be equal");
  return in[0];
}

/// Calls f(r) for every row r of a matrix. The unit of parallel work is a group of rows of about
/// 32768 elements, so small matrices stay on one thread.
template <class F>
void each_row(std::ptrdiff_t rows, std::ptrdiff_t columns, F f) {
  kernels::each(rows, f,
                std::max<std::ptrdiff_t>(1, (1 << 15) / std::max<std::ptrdiff_t>(1, columns)));
}

/// dx += dy * slope(i), where dy has one element per row; nothing when dx is null. The gradient of
/// every sum over the last axis.
template <class T, class F>
void add_per_row(GradSink<T> dx, const T* dy, std::ptrdiff_t rows, std::ptrdiff_t columns,
                 F slope) {
  if (!dx) return;
  each_row(rows, columns, [=, p = dx.p](auto r) {
    const T g = dy[r];
    const std::ptrdiff_t begin = r * columns, end = begin + columns;
    if (dx.add) {
      for (std::ptrdiff_t i = begin; i < end; ++i) p[i] += g * slope(i);
    } else {
      for (std::ptrdiff_t i = begin; i < end; ++i) p[i] = g * slope(i);
    }
  });
}

}  // namespace planet::ops
