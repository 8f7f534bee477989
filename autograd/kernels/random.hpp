// Philox over arrays: uniforms and normals in vector code.
//
// Element i of a fill uses word i%4 of counter first + i/4 of the stream, so a value depends on its
// index alone, never on threads, tails or the vector width. Float and double fills of the
// same counters are the same numbers up to rounding.
#pragma once

#include <cstddef>

#include "autograd/base/philox.hpp"

namespace planet::kernels {

/// Takes ceil(n/4) counters from rng and writes n standard normals (Box-Muller; words 0,1 give
/// elements 0,1 and words 2,3 give elements 2,3 of each group).
template <class T>
void fill_normal(Rng& rng, T* out, std::ptrdiff_t n);
/// Uniform in [low, high).
template <class T>
void fill_uniform(Rng& rng, T* out, std::ptrdiff_t n, T low, T high);

}  // namespace planet::kernels
