// The seven loops of the definition, three times: the references for conv.hpp.
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/simd.hpp"

namespace planet::kernels {
namespace {

// Calls f(large index, filter index, small index) for every product of the definition, in
// ascending order of the image, the small pixel, its channel, then the tap.
template <class F>
void every_product(const ConvShape& s, F f) {
  const std::ptrdiff_t h = s.out_h(), w = s.out_w();
  for (std::ptrdiff_t n = 0; n < s.N; ++n) {
    for (std::ptrdiff_t i = 0; i < h; ++i) {
      for (std::ptrdiff_t j = 0; j < w; ++j) {
        for (std::ptrdiff_t k = 0; k < s.F; ++k) {
          const std::ptrdiff_t small = ((n * h + i) * w + j) * s.F + k;
          for (std::ptrdiff_t a = 0; a < s.kh; ++a) {
            for (std::ptrdiff_t b = 0; b < s.kw; ++b) {
              const std::ptrdiff_t y = i * s.stride + a, x = j * s.stride + b;
              for (std::ptrdiff_t c = 0; c < s.C; ++c) {
                f(((n * s.H + y) * s.W + x) * s.C + c, ((a * s.kw + b) * s.C + c) * s.F + k, small);
              }
            }
          }
        }
      }
    }
  }
}

// Bias and activation of `pixels` rows of `channels`, after the sums.
template <class T>
void finish(T* y, std::ptrdiff_t pixels, std::ptrdiff_t channels, const Epilogue<T>& epilogue) {
  for (std::ptrdiff_t p = 0; p < pixels && epilogue.bias; ++p) {
    for (std::ptrdiff_t c = 0; c < channels; ++c) y[p * channels + c] += epilogue.bias[c];
  }
  activate(epilogue.act, y, y, pixels * channels);
}

template <class T>
void clear_unless(bool keep, T* y, std::ptrdiff_t n) {
  for (std::ptrdiff_t i = 0; i < n && !keep; ++i) y[i] = 0;
}

}  // namespace

template <class T>
void conv2d_naive(const ConvShape& s, const T* large, const T* w, T* small,
                  const Epilogue<T>& epilogue) {
  const std::ptrdiff_t pixels = s.N * s.out_h() * s.out_w();
  clear_unless(epilogue.accumulate, small, pixels * s.F);
  every_product(s, [&](std::ptrdiff_t l, std::ptrdiff_t f, std::ptrdiff_t m) {
    small[m] = madd(large[l], w[f], small[m]);
  });
  finish(small, pixels, s.F, epilogue);
}

template <class T>
void conv2d_adjoint_naive(const ConvShape& s, const T* small, const T* w, T* large,
                          const Epilogue<T>& epilogue) {
  const std::ptrdiff_t pixels = s.N * s.H * s.W;
  clear_unless(epilogue.accumulate, large, pixels * s.C);
  every_product(s, [&](std::ptrdiff_t l, std::ptrdiff_t f, std::ptrdiff_t m) {
    large[l] = madd(small[m], w[f], large[l]);
  });
  finish(large, pixels, s.C, epilogue);
}

template <class T>
void conv2d_filter_gradient_naive(const ConvShape& s, const T* large, const T* small, T* dw) {
  every_product(s, [&](std::ptrdiff_t l, std::ptrdiff_t f, std::ptrdiff_t m) {
    dw[f] = madd(large[l], small[m], dw[f]);
  });
}

#define PLANET_INSTANTIATE(T)                                                               \
  template void conv2d_naive(const ConvShape&, const T*, const T*, T*, const Epilogue<T>&); \
  template void conv2d_adjoint_naive(const ConvShape&, const T*, const T*, T*,              \
                                     const Epilogue<T>&);                                   \
  template void conv2d_filter_gradient_naive(const ConvShape&, const T*, const T*, T*);
PLANET_INSTANTIATE(float)
PLANET_INSTANTIATE(double)
#undef PLANET_INSTANTIATE

}  // namespace planet::kernels
