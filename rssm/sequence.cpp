#include "rssm/sequence.hpp"

#include <algorithm>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"
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

// Of the numbers of a whole batch, [rows,B,size], those of a share's windows. One counter of Philox
// makes four numbers, so that a row whose length is a multiple of four needs no other window's.
template <class T, class Draw>
void draw_share(Rng& rng, std::ptrdiff_t rows, std::ptrdiff_t B, const Share& share,
                std::ptrdiff_t size, T* x, const Draw& draw) {
  const std::ptrdiff_t whole = rows * B * size, first = share.first(B) * size,
                       n = share.windows(B) * size;
  if (share.count == 1) return draw(rng, x, whole);
  const std::uint64_t begin = rng.position();
  if (size % 4 == 0) {
    for (std::ptrdiff_t t = 0; t < rows; ++t) {
      rng.seek(begin + static_cast<std::uint64_t>((t * B * size + first) / 4));
      draw(rng, x + t * n, n);
    }
    rng.seek(begin + static_cast<std::uint64_t>((whole + 3) / 4));
  } else {
    std::vector<T> all(index(whole));
    draw(rng, all.data(), whole);
    for (std::ptrdiff_t t = 0; t < rows; ++t)
      std::copy_n(all.data() + t * B * size + first, n, x + t * n);
  }
}

}  // namespace

Sequence make_sequence(Tape& tape, std::span<const Window> windows, const ModelConfig& config,
                       Rng& dequantise, Rng& posterior, Rng* overshoot, const Share& share) {
  check(windows, config);
  const std::ptrdiff_t L = windows[0].rows, whole = static_cast<std::ptrdiff_t>(windows.size());
  const std::ptrdiff_t B = share.windows(whole);
  require(B >= 1, "[make_sequence] a batch of ", whole, " windows cannot be shared by ",
          share.count, " processes; each takes at least one");
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

    draw_share(dequantise, L, whole, share, frame, image,
               [](Rng& rng, T* x, std::ptrdiff_t m) { draw_dequantisation_noise(rng, x, m); });
    const std::ptrdiff_t grain = std::max<std::ptrdiff_t>(1, (1 << 14) / frame);
    parallel_ranges(L * B, grain, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      for (std::ptrdiff_t to = begin; to < end; ++to) {
        const Window& w = windows[index(share.first(whole) + to % B)];
        const Episode& e = *w.episode;
        const std::ptrdiff_t from = w.first + to / B;  // row t = to / B of window b = to % B
        add_pixels(e.image.data() + from * frame, frame, config.image_bits, image + to * frame);
        std::copy_n(e.action.data() + from * A, A, action + to * A);
        reward[to] = e.reward[static_cast<std::size_t>(from)];
        if (continues) continues[to] = e.terminated && from == e.rows() - 1 ? T(0) : T(1);
      }
    });
    const auto normal = [](Rng& rng, T* x, std::ptrdiff_t m) { kernels::fill_normal(rng, x, m); };
    draw_share(posterior, L, whole, share, config.stoch_size, noise, normal);
    if (const std::ptrdiff_t D = config.overshooting_distance; overshoot != nullptr && D > 1) {
      out.overshoot_noise = tape.uninitialised({D, L, B, config.stoch_size}, &noise);
      draw_share(*overshoot, D * L, whole, share, config.stoch_size, noise, normal);
    }
  });
  return out;
}

}  // namespace planet
