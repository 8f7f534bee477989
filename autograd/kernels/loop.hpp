// The loop of every elementwise op: the formula is in the op, the loop is here.
//
// f(i) may only touch element i of its outputs, so the ranges can run on any thread in any order
// and the compiler can use any vector width: without reassociation (no fast-math) and without
// contraction the bits are those of the scalar loop.
#pragma once

#include <cstddef>

#include "autograd/base/parallel.hpp"

namespace planet::kernels {

/// Calls f(i) for i in 0 .. n-1. Ranges of `grain` elements are the units of parallel work.
template <class F>
void each(std::ptrdiff_t n, F f, std::ptrdiff_t grain = 1 << 15) {
  if (n <= grain) {  // a few microseconds of work are not worth a second thread
    for (std::ptrdiff_t i = 0; i < n; ++i) f(i);
    return;
  }
  parallel_ranges(n, grain, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) f(i);
  });
}

}  // namespace planet::kernels
