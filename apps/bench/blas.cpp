#include "apps/bench/blas.hpp"

#include <dlfcn.h>

namespace planet::bench {

Blas::Blas(int threads) {
  void* library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  sgemm_ = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
  using SetThreads = void (*)(int);
  if (auto set = reinterpret_cast<SetThreads>(dlsym(library, "openblas_set_num_threads")))
    set(threads);
}

void Blas::gemm(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, const float* A,
                const float* B, float* C) const {
  constexpr int row_major = 101, no_transpose = 111;
  const auto m = static_cast<int>(M), n = static_cast<int>(N), k = static_cast<int>(K);
  sgemm_(row_major, no_transpose, no_transpose, m, n, k, 1.0f, A, k, B, n, 0.0f, C, n);
}

}  // namespace planet::bench
