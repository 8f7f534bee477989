#include "rssm/overshooting.hpp"

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// [L,B,D] -> [L*B,D]: a model's step knows rows, not time.
template <class T>
Var<T> as_rows(Var<T> x) {
  const Shape& s = x.shape();
  return reshape(x, {s[0] * s[1], s[2]});
}

template <class T>
Var<T> as_window(Var<T> x, std::ptrdiff_t B) {
  const Shape& s = x.shape();
  return reshape(x, {s[0] / B, B, s[1]});
}

}  // namespace

template <class T>
std::span<const Imagined<T>> overshoot(const LatentModel<T>& latent, const Filtered<T>& seen,
                                       Var<T> action, Var<T> noise) {
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1], D = noise.shape()[0];
  require(D <= L, "[overshoot] the distance is ", D, ", but a window of ", L,
          " rows holds no target further than ", L, " steps from its start");
  const std::span<Imagined<T>> out =
      action.on().template array<Imagined<T>>(static_cast<std::size_t>(D));

  out[0] = {{seen.state.h, latent.draw(seen.p, at(noise, 0))}, seen.p};
  for (std::ptrdiff_t d = 2; d <= D; ++d) {
    // The rows t-1 = d-2 .. L-2 of the distance before, and what led from there to t = d-1 .. L-1.
    const Imagined<T>& before = out[static_cast<std::size_t>(d - 2)];
    const State<T> prev =
        map_state(before.state, [&](Var<T> x) { return as_rows(slice_first(x, 0, L - d + 1)); });
    const Var<T> a_prev = as_rows(slice_first(action, d - 1, L));
    const Var<T> z = as_rows(slice_first(at(noise, d - 1), d - 1, L));

    const Imagined<T> next = latent.imagine(prev, a_prev, z);
    out[static_cast<std::size_t>(d - 1)] = {
        map_state(next.state, [&](Var<T> x) { return as_window(x, B); }),
        {as_window(next.p.mean, B), as_window(next.p.std, B)}};
  }
  return out;
}

template std::span<const Imagined<float>> overshoot(const LatentModel<float>&,
                                                    const Filtered<float>&, Var<float>, Var<float>);
template std::span<const Imagined<double>> overshoot(const LatentModel<double>&,
                                                     const Filtered<double>&, Var<double>,
                                                     Var<double>);

}  // namespace planet
