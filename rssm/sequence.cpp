#include "rssm/sequence.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"
#include "rssm/preprocess.hpp"

namespace planet {
namespace {

void check(std::span<const Window> windows, const ModelConfig& config) {
  require(!windows.empty(), "[make_sequence] there are no windows; a batch has at least one");
  for (const Window& w : windows) {
    const Episode& e = *w.episode;
    require(w.rows == windows[0].rows, "[make_sequence] a window of ", w.rows,
            " rows is beside one of ", windows[0].rows, "; all must be of one length");
    require(w.first >= 0 && w.rows >= 1 && w.first + w.rows <= e.rows(),
            "[make_sequence] a window of ", w.rows, " rows begins at row ", w.first,
            "; the episode has ", e.rows());
    require(e.image_size == config.image_size && e.action_size == config.action_size,
            "the batch has images of ", e.image_size, " pixels and ", e.action_size,
            " actions; the model has ", config.image_size, " and ", config.action_size);
  }
}

}  // namespace

Sequence make_sequence(Tape& tape, std::span<const Window> windows, const ModelConfig& config,
                       Rng& dequantise, Rng& posterior, Rng* overshoot) {
  check(windows, config);
  const std::ptrdiff_t L = windows[0].rows, B = static_cast<std::ptrdiff_t>(windows.size());
  const std::ptrdiff_t n = config.image_size, A = config.action_size, frame = n * n * 3;
  Sequence out;
  with_elements(tape.precision(), [&](auto t) {
    using T = decltype(t);
    T *image = nullptr, *action = nullptr, *reward = nullptr, *noise = nullptr,
      *continues = nullptr;
    out.image = tape.uninitialised({L * B, n, n, 3}, &image);
    out.action = tape.uninitialised({L, B, A}, &action);
    out.reward = tape.uninitialised({L, B}, &reward);
    out.noise = tape.uninitialised({L, B, config.stoch_size}, &noise);
    if (config.continue_head) out.continues = tape.uninitialised({L, B}, &continues);

    draw_dequantisation_noise(dequantise, image, L * B * frame);
    const std::ptrdiff_t grain = std::max<std::ptrdiff_t>(1, (1 << 14) / frame);
    parallel_ranges(L * B, grain, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      for (std::ptrdiff_t to = begin; to < end; ++to) {
        const Window& w = windows[static_cast<std::size_t>(to % B)];
        const Episode& e = *w.episode;
        const std::ptrdiff_t from = w.first + to / B;  // row t = to / B of window b = to % B
        add_pixels(e.image.data() + from * frame, frame, config.image_bits, image + to * frame);
        std::copy_n(e.action.data() + from * A, A, action + to * A);
        reward[to] = e.reward[static_cast<std::size_t>(from)];
        if (continues) continues[to] = e.terminated && from == e.rows() - 1 ? T(0) : T(1);
      }
    });
    kernels::fill_normal(posterior, noise, L * B * config.stoch_size);
    if (const std::ptrdiff_t D = config.overshooting_distance; overshoot != nullptr && D > 1) {
      out.overshoot_noise = tape.uninitialised({D, L, B, config.stoch_size}, &noise);
      kernels::fill_normal(*overshoot, noise, D * L * B * config.stoch_size);
    }
  });
  return out;
}

}  // namespace planet
