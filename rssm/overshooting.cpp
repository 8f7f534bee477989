#include "rssm/overshooting.hpp"

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// [L,B,D] -> [L*B,D], because a step of the model takes rows without a time axis.
Var as_rows(Var x) {
  const Shape& s = x.shape();
  return reshape(x, {s[0] * s[1], s[2]});
}

Var as_window(Var x, std::ptrdiff_t B) {
  const Shape& s = x.shape();
  return reshape(x, {s[0] / B, B, s[1]});
}

}  // namespace

std::span<const PriorStep> overshoot(const LatentModel& latent, const FilteredWindow& seen,
                                     Var action, Var noise) {
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1], D = noise.shape()[0];
  require(D <= L, "[overshoot] the distance is ", D, ", but a window of ", L,
          " rows holds no target further than ", L, " steps from its start");
  const std::span<PriorStep> out = action.on().array<PriorStep>(static_cast<std::size_t>(D));

  out[0] = {{seen.state.h, latent.draw(seen.p, at(noise, 0))}, seen.p};
  for (std::ptrdiff_t d = 2; d <= D; ++d) {
    // Rows t-1 = d-2 .. L-2 of distance d-1, and the actions that led to t = d-1 .. L-1.
    const PriorStep& before = out[static_cast<std::size_t>(d - 2)];
    const State prev =
        map_state(before.state, [&](Var x) { return as_rows(slice_first(x, 0, L - d + 1)); });
    const Var a_prev = as_rows(slice_first(action, d - 1, L));
    const Var z = as_rows(slice_first(at(noise, d - 1), d - 1, L));

    const PriorStep next = latent.imagine(prev, a_prev, z);
    out[static_cast<std::size_t>(d - 1)] = {
        map_state(next.state, [&](Var x) { return as_window(x, B); }),
        {as_window(next.p.mean, B), as_window(next.p.std, B)}};
  }
  return out;
}

}  // namespace planet
