// The three convolutions of bfloat16 numbers. As in conv_adjoint.cpp the rows of a block are images,
// 32 at a time, which need the same numbers of the filter at the same place. So each number of an
// image is rounded once for every tile that it is part of, into a ring of as many rows of the image
// as one row of the result needs, and a place is a list of tiles: no window is copied.
//
// For the filter's gradient images are k: dw^T[f, run] is the sum over all places of small^T times
// large, both of 32 images.
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/bf16_pack.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct Filter;  // names of workspaces
struct Ring;
struct SmallRow;
struct List;
struct WideBias;
struct Partials;

constexpr std::ptrdiff_t n32 = bf16_tile;

/// The operands of one block, collected.
class Collected {
 public:
  explicit Collected(std::ptrdiff_t most) : list_(workspace<Bf16Operands, List>(most)) {}
  void clear() { count_ = 0; }
  void push(const Bf16Pair* a, const Bf16Pair* b) { list_[count_++] = {a, b}; }
  std::span<const Bf16Operands> all() const { return {list_, count_}; }

 private:
  Bf16Operands* list_;
  std::size_t count_ = 0;
};

/// The large image's rows of 32 images: for each row y, place j and block b of the kw * C numbers
/// that a window of that place has in this row, a tile. A ring of the last kh rows.
struct LargeRing {
  const ConvShape& s;
  const float* large;     // the first of the images
  std::ptrdiff_t images;  // up to 32
  Bf16Pair* tiles = workspace<Bf16Pair, Ring>(s.kh * s.out_w() * blocks() * bf16_tile_pairs);

  std::ptrdiff_t run() const { return s.kw * s.C; }
  std::ptrdiff_t blocks() const { return bf16_tiles(run()); }
  Bf16Pair* tile(std::ptrdiff_t y, std::ptrdiff_t j, std::ptrdiff_t b) const {
    return tiles + ((y % s.kh * s.out_w() + j) * blocks() + b) * bf16_tile_pairs;
  }
  /// Packs the rows of window row i that are not there yet: pack(view [image, number], numbers, to).
  template <class Pack>
  void advance(std::ptrdiff_t i, Pack pack) const {
    const std::ptrdiff_t first = i * s.stride, size = s.H * s.W * s.C;
    for (std::ptrdiff_t y = i == 0 ? 0 : std::max(first, first - s.stride + s.kh); y < first + s.kh;
         ++y)
      for (std::ptrdiff_t j = 0; j < s.out_w(); ++j)
        for (std::ptrdiff_t b = 0; b < blocks(); ++b)
          pack(rows(large + (y * s.W + j * s.stride) * s.C + b * n32, size),
               std::min(n32, run() - b * n32), tile(y, j, b));
  }
};

}  // namespace

void conv2d_bf16(const ConvShape& s, const float* large, const float* w, float* small,
                 const Epilogue<float>& epilogue) {
  const std::ptrdiff_t run = s.kw * s.C, blocks = bf16_tiles(run), panels = bf16_tiles(s.F);
  Bf16Pair* const filter = workspace<Bf16Pair, Filter>(panels * s.kh * blocks * bf16_tile_pairs);
  for (std::ptrdiff_t p = 0, t = 0; p < panels; ++p)
    for (std::ptrdiff_t a = 0; a < s.kh; ++a)
      for (std::ptrdiff_t b = 0; b < blocks; ++b, ++t)
        pack_bf16_b(rows(w + (a * run + b * n32) * s.F + p * n32, s.F),
                    std::min(n32, run - b * n32), std::min(n32, s.F - p * n32),
                    filter + t * bf16_tile_pairs);
  const std::ptrdiff_t large_size = s.H * s.W * s.C, small_size = s.out_h() * s.out_w() * s.F;
  parallel_ranges(s.N, n32, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const std::ptrdiff_t images = end - begin;
    const LargeRing ring{s, large + begin * large_size, images};
    Collected list(s.kh * blocks);
    const Bf16Products products;
    for (std::ptrdiff_t i = 0; i < s.out_h(); ++i) {
      ring.advance(i, [&](MatrixView<float> x, std::ptrdiff_t numbers, Bf16Pair* to) {
        pack_bf16_a(x, images, numbers, to);
      });
      for (std::ptrdiff_t j = 0; j < s.out_w(); ++j)
        for (std::ptrdiff_t p = 0; p < panels; ++p) {
          list.clear();
          for (std::ptrdiff_t a = 0; a < s.kh; ++a)
            for (std::ptrdiff_t b = 0; b < blocks; ++b)
              list.push(ring.tile(i * s.stride + a, j, b),
                        filter + ((p * s.kh + a) * blocks + b) * bf16_tile_pairs);
          float* const out = small + begin * small_size + (i * s.out_w() + j) * s.F + p * n32;
          Bf16Block block;
          block.start(images, std::min(n32, s.F - p * n32), out, small_size, epilogue.accumulate);
          products.add(list.all(), block.rows, block.columns, block.c);
          block.store(out, small_size, epilogue.bias ? epilogue.bias + p * n32 : nullptr,
                      epilogue.act);
        }
    }
  });
}

namespace {

/// The filter's tiles for the pixels of one phase (py, px): (panel, u, v, block of F).
struct Bf16Taps {
  const ConvShape& s;
  std::ptrdiff_t py, px;
  Axis rows{s.out_h(), s.kh, s.stride}, columns{s.out_w(), s.kw, s.stride};
  std::ptrdiff_t U = rows.taps(py), V = columns.taps(px), blocks = bf16_tiles(s.F);
  std::ptrdiff_t run = block_width(s) * s.C, panels = bf16_tiles(run);

  std::ptrdiff_t count() const { return panels * U * V * blocks; }
  std::ptrdiff_t index(std::ptrdiff_t p, std::ptrdiff_t u, std::ptrdiff_t v,
                       std::ptrdiff_t b) const {
    return ((p * U + u) * V + v) * blocks + b;
  }
  void pack(const float* w, Bf16Pair* out) const {
    for (std::ptrdiff_t p = 0; p < panels; ++p)
      for (std::ptrdiff_t u = 0; u < U; ++u)
        for (std::ptrdiff_t v = 0; v < V; ++v)
          for (std::ptrdiff_t b = 0; b < blocks; ++b)
            pack_bf16_b(
                transposed(filter_at(s, w, py, px, U - 1 - u, V - 1 - v) + p * n32 * s.F + b * n32,
                           s.F),
                std::min(n32, s.F - b * n32), std::min(n32, run - p * n32),
                out + index(p, u, v, b) * bf16_tile_pairs);
  }
};

}  // namespace

void conv2d_adjoint_bf16(const ConvShape& s, const float* small, const float* w, float* large,
                         const Epilogue<float>& epilogue) {
  const std::ptrdiff_t width = block_width(s), blocks = bf16_tiles(s.F);
  const float* const bias = repeated_bias<float, WideBias>(epilogue, s.C, width);
  const auto each_phase = [&](auto f) {
    std::ptrdiff_t at = 0;
    for (std::ptrdiff_t py = 0; py < s.stride; ++py)
      for (std::ptrdiff_t px = 0; px < s.stride; px += width) {
        const Bf16Taps taps{s, py, px};
        f(taps, at);
        at += taps.count() * bf16_tile_pairs;
      }
    return at;
  };
  Bf16Pair* const filter =
      workspace<Bf16Pair, Filter>(each_phase([](const Bf16Taps&, std::ptrdiff_t) {}));
  each_phase([&](const Bf16Taps& taps, std::ptrdiff_t at) { taps.pack(w, filter + at); });

  const std::ptrdiff_t size = s.H * s.W * s.C, row = s.out_w() * s.F, small_size = s.out_h() * row,
                       slots = (s.kh + s.stride - 1) / s.stride;
  parallel_ranges(s.N, n32, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const std::ptrdiff_t images = end - begin;
    Bf16Pair* const ring = workspace<Bf16Pair, Ring>(slots * s.out_w() * blocks * bf16_tile_pairs);
    const auto tile = [&](std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t b) {
      return ring + ((i % slots * s.out_w() + j) * blocks + b) * bf16_tile_pairs;
    };
    Collected list(slots * ((s.kw + s.stride - 1) / s.stride) * blocks);
    const Bf16Products products;
    const auto pixels = [&](const Bf16Taps& taps, const Bf16Pair* filter_tiles, std::ptrdiff_t i) {
      const std::ptrdiff_t y = i * s.stride + taps.py;
      const Axis::Reach r = taps.rows.reach(i, taps.py);
      for (std::ptrdiff_t x = taps.px, j = 0; x < s.W; x += s.stride, ++j) {
        const Axis::Reach c = taps.columns.reach(j, taps.px);
        const std::ptrdiff_t numbers = std::min(width, s.W - x) * s.C;
        for (std::ptrdiff_t p = 0; p * n32 < numbers; ++p) {
          list.clear();
          for (std::ptrdiff_t u = 0; u < r.count; ++u)
            for (std::ptrdiff_t v = 0; v < c.count; ++v)
              for (std::ptrdiff_t b = 0; b < blocks; ++b)
                list.push(tile(r.window + u, c.window + v, b),
                          filter_tiles + taps.index(p, r.tap + u, c.tap + v, b) * bf16_tile_pairs);
          float* const out = large + begin * size + (y * s.W + x) * s.C + p * n32;
          Bf16Block block;
          block.start(images, std::min(n32, numbers - p * n32), out, size, epilogue.accumulate);
          products.add(list.all(), block.rows, block.columns, block.c);
          block.store(out, size, bias ? bias + p * n32 : nullptr, epilogue.act);
        }
      }
    };
    for (std::ptrdiff_t i = 0; i * s.stride < s.H; ++i) {
      for (std::ptrdiff_t j = 0; i < s.out_h() && j < s.out_w(); ++j)
        for (std::ptrdiff_t b = 0; b < blocks; ++b)
          pack_bf16_a(rows(small + begin * small_size + i * row + j * s.F + b * n32, small_size),
                      images, std::min(n32, s.F - b * n32), tile(i, j, b));
      each_phase([&](const Bf16Taps& taps, std::ptrdiff_t at) {
        if (i * s.stride + taps.py < s.H) pixels(taps, filter + at, i);
      });
    }
  });
}

void conv2d_filter_gradient_bf16(const ConvShape& s, const float* large, const float* small,
                                 float* dw) {
  const std::ptrdiff_t run = s.kw * s.C, blocks = bf16_tiles(run), panels = bf16_tiles(s.F);
  const std::ptrdiff_t large_size = s.H * s.W * s.C, small_size = s.out_h() * s.out_w() * s.F;
  constexpr std::ptrdiff_t square = n32 * n32;  // a block of dw^T: [32 of F, 32 of a run]
  const std::ptrdiff_t size = panels * s.kh * blocks * square, groups = bf16_tiles(s.N);
  constexpr std::ptrdiff_t most = 1 << 22;  // numbers in all partial sums together
  const std::ptrdiff_t chunks = std::clamp<std::ptrdiff_t>(std::min(groups, most / size), 1, 16);
  float* const partial = workspace<float, Partials>(chunks * size);
  parallel_for(chunks, [&](std::ptrdiff_t t) {
    float* const mine = partial + t * size;
    std::fill_n(mine, size, 0.0f);
    Bf16Pair* const row = workspace<Bf16Pair, SmallRow>(s.out_w() * panels * bf16_tile_pairs);
    Collected list(s.out_w());
    const Bf16Products products;
    for (std::ptrdiff_t g = groups * t / chunks; g < groups * (t + 1) / chunks; ++g) {
      const std::ptrdiff_t first = g * n32, images = std::min(n32, s.N - first);
      const LargeRing ring{s, large + first * large_size, images};
      for (std::ptrdiff_t i = 0; i < s.out_h(); ++i) {
        ring.advance(i, [&](MatrixView<float> x, std::ptrdiff_t numbers, Bf16Pair* to) {
          pack_bf16_b(x, images, numbers, to);
        });
        for (std::ptrdiff_t j = 0; j < s.out_w(); ++j)
          for (std::ptrdiff_t p = 0; p < panels; ++p)
            pack_bf16_a(transposed(small + first * small_size + (i * s.out_w() + j) * s.F + p * n32,
                                   small_size),
                        std::min(n32, s.F - p * n32), images,
                        row + (p * s.out_w() + j) * bf16_tile_pairs);
        for (std::ptrdiff_t p = 0; p < panels; ++p)
          for (std::ptrdiff_t a = 0; a < s.kh; ++a)
            for (std::ptrdiff_t b = 0; b < blocks; ++b) {
              list.clear();
              for (std::ptrdiff_t j = 0; j < s.out_w(); ++j)
                list.push(row + (p * s.out_w() + j) * bf16_tile_pairs,
                          ring.tile(i * s.stride + a, j, b));
              products.add(list.all(), std::min(n32, s.F - p * n32), std::min(n32, run - b * n32),
                           mine + ((p * s.kh + a) * blocks + b) * square);
            }
      }
    }
  });
  for (std::ptrdiff_t a = 0; a < s.kh; ++a)
    for (std::ptrdiff_t k = 0; k < run; ++k)
      for (std::ptrdiff_t f = 0; f < s.F; ++f) {
        const float* const at =
            partial + ((f / n32 * s.kh + a) * blocks + k / n32) * square + f % n32 * n32 + k % n32;
        float sum = at[0];
        for (std::ptrdiff_t t = 1; t < chunks; ++t) sum += at[t * size];
        dw[(a * run + k) * s.F + f] += sum;
      }
}

}  // namespace planet::kernels
