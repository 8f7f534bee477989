#include "apps/bench/kernel_cases.hpp"

#include "apps/bench/ladder.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/random.hpp"
#include "rssm/config.hpp"

namespace planet::bench {
namespace {

std::vector<float> random_floats(std::ptrdiff_t n) {
  std::vector<float> x(static_cast<std::size_t>(n));
  Rng rng(1, Stream::test);
  kernels::fill_uniform(rng, x.data(), n, -1.0f, 1.0f);
  return x;
}

// The three kernels that a convolution and its transpose share, at one geometry.
void add_conv(std::vector<Result>& out, const std::string& name, const kernels::ConvShape& s,
              double seconds) {
  const auto large = random_floats(s.N * s.H * s.W * s.C),
             w = random_floats(s.kh * s.kw * s.C * s.F);
  const auto small = random_floats(s.N * s.out_h() * s.out_w() * s.F);
  std::vector<float> y(small.size()), x(large.size()), dw(w.size());
  const double flops =
      2.0 * static_cast<double>(s.N * s.out_h() * s.out_w() * s.F * s.kh * s.kw * s.C);
  const std::string size = cat(name, "  ", s.H, "x", s.W, "x", s.C, " <-> ", s.out_h(), "x",
                               s.out_w(), "x", s.F, " k", s.kh);
  out.push_back({"convolution", size + "  conv",
                 measure([&] { kernels::conv2d(s, large.data(), w.data(), y.data()); }, seconds),
                 flops});
  out.push_back(
      {"convolution", size + "  adjoint",
       measure([&] { kernels::conv2d_adjoint(s, small.data(), w.data(), x.data()); }, seconds),
       flops});
  out.push_back(
      {"convolution", size + "  filter",
       measure([&] { kernels::conv2d_filter_gradient(s, large.data(), small.data(), dw.data()); },
               seconds),
       flops});
}

}  // namespace

std::vector<Result> gemm_cases(double seconds, const Blas& blas) {
  struct Size {
    std::ptrdiff_t M, K, N;
  };
  std::vector<Result> out;
  for (const Size& size : {Size{1024, 1024, 1024}, Size{50, 200, 600}, Size{1000, 230, 200},
                           Size{1000, 200, 600}, Size{200, 80, 64}, Size{16, 64, 192}}) {
    const std::ptrdiff_t M = size.M, K = size.K, N = size.N;
    const auto A = random_floats(M * K), B = random_floats(K * N);
    std::vector<float> C(static_cast<std::size_t>(M * N));
    Result r{"gemm", cat(M, " x ", K, " x ", N),
             measure(
                 [&] {
                   kernels::gemm(M, N, K, kernels::rows(A.data(), K), kernels::rows(B.data(), N),
                                 C.data(), N);
                 },
                 seconds),
             2.0 * static_cast<double>(M * N * K)};
    if (blas.available())
      r.reference =
          measure([&] { blas.gemm(M, N, K, A.data(), B.data(), C.data()); }, seconds).median;
    out.push_back(r);
  }
  return out;
}

std::vector<Result> ladder_cases(double seconds) {
  constexpr std::ptrdiff_t n = 512;
  const auto A = random_floats(n * n), B = random_floats(n * n);
  std::vector<float> C(n * n);
  std::vector<Result> out;
  const int team = threads();
  for (const Rung& rung : gemm_ladder()) {
    const bool last = out.size() + 1 == gemm_ladder().size();
    set_threads(last ? team : 1);
    out.push_back({"ladder", cat(rung.name, ": ", rung.idea),
                   measure([&] { rung.multiply(n, n, n, A.data(), B.data(), C.data()); }, seconds),
                   2.0 * n * n * n});
  }
  set_threads(team);
  return out;
}

std::vector<Result> conv_cases(double seconds) {
  std::vector<Result> out;
  struct Preset {
    const char* name;
    std::ptrdiff_t images;  // L times B
  };
  for (const auto& [name, images] :
       {Preset{"tiny", 16 * 25}, Preset{"small", 32 * 32}, Preset{"paper", 50 * 50}}) {
    const ModelConfig c = model_preset(name);
    std::ptrdiff_t size = c.image_size, channels = 3;
    for (const ConvLayer& l : c.encoder) {
      const kernels::ConvShape s{images, size, size, channels, l.kernel, l.kernel, 2, l.channels};
      add_conv(out, cat(name, " encoder"), s, seconds);
      size = s.out_h(), channels = l.channels;
    }
    size = 1, channels = c.embed_size;
    for (const ConvLayer& l : c.decoder) {
      const std::ptrdiff_t large = (size - 1) * 2 + l.kernel;
      add_conv(out, cat(name, " decoder"),
               {images, large, large, l.channels, l.kernel, l.kernel, 2, channels}, seconds);
      size = large, channels = l.channels;
    }
  }
  return out;
}

std::vector<Result> elementwise_cases(double seconds) {
  constexpr std::ptrdiff_t n = 16 * 1024;
  const auto x = random_floats(n);
  std::vector<float> y(n);
  Rng rng(1, Stream::test);
  std::vector<Result> out;
  const auto add = [&](const char* name, const std::function<void()>& f) {
    out.push_back({"elementwise", name, measure(f, seconds), 0, static_cast<double>(n)});
  };
  add("exp", [&] { kernels::exp(x.data(), y.data(), n); });
  add("tanh", [&] { kernels::tanh(x.data(), y.data(), n); });
  add("sigmoid", [&] { kernels::sigmoid(x.data(), y.data(), n); });
  add("softplus", [&] { kernels::softplus(x.data(), y.data(), n); });
  add("normal random numbers", [&] { kernels::fill_normal(rng, y.data(), n); });
  return out;
}

}  // namespace planet::bench
