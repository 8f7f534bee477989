#include "autograd/kernels/conv.hpp"

#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/simd.hpp"

namespace planet::kernels {

template <class T>
void conv2d(const ConvShape& s, const T* large, const T* w, T* small, const Epilogue<T>& e) {
  const std::ptrdiff_t h = s.out_h(), ww = s.out_w();
  parallel_for(s.N, [&](std::ptrdiff_t n) {
    for (std::ptrdiff_t p = 0; p < h * ww; ++p) {
      T* y = small + (n * h * ww + p) * s.F;
      const T* x0 = large + ((n * s.H + p / ww * s.stride) * s.W + p % ww * s.stride) * s.C;
      for (std::ptrdiff_t f = 0; f < s.F && !e.accumulate; ++f) y[f] = 0;
      for (std::ptrdiff_t a = 0; a < s.kh; ++a) {
        for (std::ptrdiff_t t = 0; t < s.kw * s.C; ++t) {
          const T x = x0[a * s.W * s.C + t];
          const T* wf = w + (a * s.kw * s.C + t) * s.F;
          for (std::ptrdiff_t f = 0; f < s.F; ++f) y[f] = madd(x, wf[f], y[f]);
        }
      }
      for (std::ptrdiff_t f = 0; f < s.F && e.bias; ++f) y[f] += e.bias[f];
    }
    T* y = small + n * h * ww * s.F;
    activate(e.act, y, y, h * ww * s.F);
  });
}

template <class T>
void conv2d_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& e) {
  const std::ptrdiff_t h = s.out_h(), ww = s.out_w();
  parallel_for(s.N, [&](std::ptrdiff_t n) {
    T* out = large + n * s.H * s.W * s.C;
    for (std::ptrdiff_t i = 0; i < s.H * s.W * s.C && !e.accumulate; ++i) out[i] = 0;
    for (std::ptrdiff_t p = 0; p < h * ww; ++p) {
      const T* y = small + (n * h * ww + p) * s.F;
      T* x0 = out + (p / ww * s.stride * s.W + p % ww * s.stride) * s.C;
      for (std::ptrdiff_t a = 0; a < s.kh; ++a) {
        for (std::ptrdiff_t t = 0; t < s.kw * s.C; ++t) {
          const T* wf = w + (a * s.kw * s.C + t) * s.F;
          T sum = x0[a * s.W * s.C + t];
          for (std::ptrdiff_t f = 0; f < s.F; ++f) sum = madd(y[f], wf[f], sum);
          x0[a * s.W * s.C + t] = sum;
        }
      }
    }
    for (std::ptrdiff_t p = 0; p < s.H * s.W && e.bias; ++p) {
      for (std::ptrdiff_t c = 0; c < s.C; ++c) out[p * s.C + c] += e.bias[c];
    }
    activate(e.act, out, out, s.H * s.W * s.C);
  });
}

template <class T>
void conv2d_filter_gradient(const ConvShape& s, const T* large, const T* small, T* dw) {
  const std::ptrdiff_t h = s.out_h(), ww = s.out_w();
  parallel_for(s.kh * s.kw, [&](std::ptrdiff_t tap) {
    const std::ptrdiff_t off = (tap / s.kw * s.W + tap % s.kw) * s.C;
    for (std::ptrdiff_t n = 0; n < s.N; ++n) {
      for (std::ptrdiff_t p = 0; p < h * ww; ++p) {
        const T* y = small + (n * h * ww + p) * s.F;
        const T* x = large + ((n * s.H + p / ww * s.stride) * s.W + p % ww * s.stride) * s.C + off;
        for (std::ptrdiff_t c = 0; c < s.C; ++c) {
          T* d = dw + (tap * s.C + c) * s.F;
          for (std::ptrdiff_t f = 0; f < s.F; ++f) d[f] = madd(x[c], y[f], d[f]);
        }
      }
    }
  });
}

#define PLANET_INSTANTIATE(T)                                                                 \
  template void conv2d(const ConvShape&, const T*, const T*, T*, const Epilogue<T>&);         \
  template void conv2d_adjoint(const ConvShape&, const T*, const T*, T*, const Epilogue<T>&); \
  template void conv2d_filter_gradient(const ConvShape&, const T*, const T*, T*);
PLANET_INSTANTIATE(float)
PLANET_INSTANTIATE(double)
#undef PLANET_INSTANTIATE

}  // namespace planet::kernels
