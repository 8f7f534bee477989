// Sums in one fixed order: sixteen virtual lanes within a chunk, chunks whose size depends on the
// shape alone, partial sums folded pairwise in index order. The bits are the same for any number of
// threads.
#pragma once

#include <cstddef>

#include "autograd/activation.hpp"

namespace planet::kernels {

template <class T>
T sum(const T* x, std::ptrdiff_t n);
/// Sum of squares, accumulated in double: the gradient's global norm.
template <class T>
double sum_of_squares(const T* x, std::ptrdiff_t n);
/// y[r] = sum_c x[r,c]   for x [rows, cols]
template <class T>
void row_sums(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y);
/// y[c] += sum_r x[r,c]  for x [rows, cols]: the gradient of a bias.
template <class T>
void add_column_sums(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y);
/// dz = dy act'(z), written in y = act(z) (activation.hpp), in dy's memory, and, unless db is null,
/// db[c] += sum_r dz[r,c]: the first part of a layer's backward, in one pass over memory.
template <class T>
void activate_backward_and_sum(Activation act, const T* y, T* dz, std::ptrdiff_t rows,
                               std::ptrdiff_t cols, T* db);
/// y[r] = 1/2 sum_c (a[r,c] - b[r,c])^2: the squared error of an image, in one pass.
template <class T>
void half_squared_distance_rows(const T* a, const T* b, std::ptrdiff_t rows, std::ptrdiff_t cols,
                                T* y);
/// y[r] = ln sum_c e^x[r,c], without overflow.
template <class T>
void log_sum_exp_rows(const T* x, std::ptrdiff_t rows, std::ptrdiff_t cols, T* y);
/// False when any of x[0..n) is infinite or NaN.
template <class T>
bool all_finite(const T* x, std::ptrdiff_t n);

}  // namespace planet::kernels
