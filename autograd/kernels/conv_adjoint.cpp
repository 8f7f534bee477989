// The adjoint of conv2d: each small pixel spreads over the window it came from.
//
//   columns[p, (a,b,c)] = sum_f small[p, f] w[a, b, c, f]         a product with the transposed
//   filter large[corner(p) + (a,b,c)] += columns[p, (a,b,c)]             runs of kw*C numbers, kh
//   of them
//
// Runs are added where they belong (scatter); when they are short, as before an image's three
// channels, the outputs collect them instead (gather), which stores everything once.
//
// The product goes block by block into a buffer that stays in cache, so the large image is written
// once, and every multiplication is a useful one at any kernel size and stride. (The usual
// alternative gathers zero-padded patches: at these image sizes 1.3 to 2.8 times the work.) An
// image belongs to one task, so nothing races and the order of additions is fixed.
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct PackedFilter;  // names of workspaces
struct Columns;
struct Rows;
struct WideBias;
struct BlockBias;

constexpr std::ptrdiff_t block_windows = 192;  // windows in one block
constexpr std::ptrdiff_t block_columns = 512;  // columns in one block, if one run is not longer

/// The bias repeated `times` times, or null.
template <class T>
const T* repeated_bias(const Epilogue<T>& epilogue, std::ptrdiff_t C, std::ptrdiff_t times) {
  if (!epilogue.bias) return nullptr;
  T* const wide = workspace<T, WideBias>(times * C);
  for (std::ptrdiff_t i = 0; i < times; ++i) std::copy_n(epilogue.bias, C, wide + i * C);
  return wide;
}

// y[0..n) += x[0..n)
template <class T>
PLANET_INLINE void add_run(T* y, const T* x, std::ptrdiff_t n) {
  std::ptrdiff_t i = 0;
  for (; i + width<T> <= n; i += width<T>) (load(y + i) + load(x + i)).store_unaligned(y + i);
  if (i == n) return;
  const std::ptrdiff_t rest = n - i;
  store_partial(load_partial<Batch<T>>(y + i, rest) + load_partial<Batch<T>>(x + i, rest), y + i,
                rest);
}

/// One product's worth of work on whole rows of windows, shared by all tasks.
template <class T>
struct Adjoint {
  const ConvShape& s;
  const T* small;
  T* large;
  const T* bias;  // one image row wide, or null
  const Epilogue<T>& epilogue;
  const T* packed;               // the transposed filter, panels of each group of kernel rows
  std::ptrdiff_t rows_in_group;  // kernel rows a whose columns are computed together
  std::ptrdiff_t w = s.out_w(), h = s.out_h(), run = s.kw * s.C;

  /// Images begin .. end: bias or zero, then all windows, then the activation.
  void images(std::ptrdiff_t begin, std::ptrdiff_t end) const {
    const std::ptrdiff_t row = s.W * s.C;
    for (std::ptrdiff_t y = begin * s.H; y < end * s.H; ++y) {
      T* const out = large + y * row;
      if (epilogue.accumulate) {
        if (bias) add_run(out, bias, row);
      } else if (bias) {
        std::copy_n(bias, row, out);
      } else {
        std::fill_n(out, row, T(0));
      }
    }
    const std::ptrdiff_t step = std::max<std::ptrdiff_t>(1, block_windows / w);
    for (std::ptrdiff_t r = begin * h; r < end * h; r += step) {
      window_rows(r, std::min(end * h, r + step));
    }
    activate(epilogue.act, large + begin * s.H * row, large + begin * s.H * row,
             (end - begin) * s.H * row);
  }

  /// Rows of windows r0 .. r1, counted over the whole batch.
  void window_rows(std::ptrdiff_t r0, std::ptrdiff_t r1) const {
    const std::ptrdiff_t count = (r1 - r0) * w;
    const T** const row = workspace<const T*, Rows>(count);
    for (std::ptrdiff_t p = 0; p < count; ++p) row[p] = small + (r0 * w + p) * s.F;
    T* const columns = workspace<T, Columns>(count * rows_in_group * run);
    const T* panels = packed;
    for (std::ptrdiff_t a = 0; a < s.kh; a += rows_in_group) {
      const std::ptrdiff_t taps = std::min(rows_in_group, s.kh - a), n = taps * run;
      multiply_panels(RowOperand<T>{row, {1, s.F, 0}}, count,
                      Panels<T>{{}, panels, nullptr, s.F, n}, 0, 0, n,
                      Target<T>{columns, n, 0, false, nullptr, false});
      panels += packed_size<T>(s.F, n);
      add_columns(r0, r1, a, taps, columns);
    }
  }

  /// Adds taps kernel rows from a of these windows. Neighbouring windows overlap: they are taken in
  /// turns, so that no load waits for the store just before it.
  void add_columns(std::ptrdiff_t r0, std::ptrdiff_t r1, std::ptrdiff_t a, std::ptrdiff_t taps,
                   const T* columns) const {
    const std::ptrdiff_t turns = (s.kw + s.stride - 1) / s.stride, ld = taps * run;
    for (std::ptrdiff_t r = r0; r < r1; ++r, columns += w * ld) {
      T* const corner = large + ((r / h * s.H + r % h * s.stride + a) * s.W) * s.C;
      for (std::ptrdiff_t turn = 0; turn < turns; ++turn) {
        for (std::ptrdiff_t t = 0; t < taps; ++t) {
          for (std::ptrdiff_t j = turn; j < w; j += turns) {
            add_run(corner + (t * s.W + j * s.stride) * s.C, columns + j * ld + t * run, run);
          }
        }
      }
    }
  }
};

/// The gathering way, for short runs: all columns of a few images, then every output once.
///
/// A block of `stride` output pixels of one row, L = stride * C numbers, is the sum of one piece of
/// each window that covers it: kernel rows a = y mod stride + stride q, window rows i = y / stride
/// - q, and in each of them pieces p of the windows j = block - p.
template <class T, class V>
struct Gather {
  const ConvShape& s;
  const T* bias;  // of one block, padded to a register
  std::ptrdiff_t h = s.out_h(), w = s.out_w(), run = s.kw * s.C, ld = s.kh * run;
  std::ptrdiff_t L = s.stride * s.C, pieces = (s.kw + s.stride - 1) / s.stride;
  static constexpr std::ptrdiff_t lanes = static_cast<std::ptrdiff_t>(V::size);

  /// Adds to `sum` the pieces of block x that the window row at `columns` (kernel row chosen)
  /// holds.
  PLANET_INLINE void add_pieces(V& sum, const T* columns, std::ptrdiff_t x) const {
    for (std::ptrdiff_t p = std::max<std::ptrdiff_t>(0, x - w + 1); p < pieces && p <= x; ++p) {
      const T* piece = columns + (x - p) * ld + p * L;
      const std::ptrdiff_t length = std::min(L, run - p * L);
      sum = sum + (length == L ? V::load_unaligned(piece) : load_partial<V>(piece, length));
    }
  }

  void image(const T* columns, T* out) const {
    const std::ptrdiff_t blocks = (s.W + s.stride - 1) / s.stride;
    const V first = V::load_unaligned(bias);
    // Where no window is cut off on either side, all pieces are whole, and a register stored stays
    // inside the row, a block is a plain sum.
    const bool whole = s.kw % s.stride == 0;
    const std::ptrdiff_t inner_begin = whole ? std::min(pieces - 1, blocks) : blocks;
    const std::ptrdiff_t last_full = s.W * s.C < lanes ? 0 : (s.W * s.C - lanes) / L + 1;
    const std::ptrdiff_t inner_end = std::max(inner_begin, std::min(w, last_full));
    for (std::ptrdiff_t y = 0; y < s.H; ++y, out += s.W * s.C) {
      std::ptrdiff_t source[max_sources], sources = 0, rows = 0;  // offsets of the pieces
      const T* row[max_sources];
      for (std::ptrdiff_t a = y % s.stride, i = y / s.stride; a < s.kh && i >= 0;
           a += s.stride, --i) {
        if (i >= h) continue;
        row[rows] = columns + i * w * ld + a * run;
        for (std::ptrdiff_t p = 0; p < pieces; ++p)
          source[sources++] = row[rows] - columns + p * (L - ld);
        ++rows;
      }
      const auto edge = [&](std::ptrdiff_t x) {
        V sum = first;
        for (std::ptrdiff_t r = 0; r < rows; ++r) add_pieces(sum, row[r], x);
        const std::ptrdiff_t rest = s.W * s.C - x * L;
        rest >= lanes ? sum.store_unaligned(out + x * L)
                      : store_partial(sum, out + x * L, std::min(L, rest));
      };
      for (std::ptrdiff_t x = 0; x < inner_begin; ++x) edge(x);
      for (std::ptrdiff_t x = inner_begin; x < inner_end; ++x) {
        V sum = first;
        for (std::ptrdiff_t t = 0; t < sources; ++t) {
          sum = sum + V::load_unaligned(columns + source[t] + x * ld);
        }
        sum.store_unaligned(out + x * L);  // what lies beyond L is overwritten by the next block
      }
      for (std::ptrdiff_t x = inner_end; x < blocks; ++x) edge(x);
    }
  }

  static constexpr std::ptrdiff_t max_sources = 64;
  /// Whether this way is open: blocks that fit a register, few enough pieces, no accumulation.
  static bool fits(const ConvShape& s) {
    const std::ptrdiff_t qh = (s.kh + s.stride - 1) / s.stride,
                         qw = (s.kw + s.stride - 1) / s.stride;
    return s.stride * s.C <= lanes && qh * qw <= max_sources &&
           s.out_h() * s.out_w() * s.kh * s.kw * s.C <= (1 << 17);
  }
};

template <class T, class V>
void gather_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& epilogue) {
  T* const bias = workspace<T, BlockBias>(2 * width<T>);
  for (std::ptrdiff_t i = 0; i < 2 * width<T>; ++i) {
    bias[i] = epilogue.bias && i < s.stride * s.C ? epilogue.bias[i % s.C] : T(0);
  }
  const Gather<T, V> gather{s, bias};
  const std::ptrdiff_t n = gather.ld, windows = gather.h * gather.w, image = s.H * s.W * s.C;
  const Panels<T> filter = prepare<T, PackedFilter>(transposed(w, s.F), s.F, n, true);
  const std::ptrdiff_t together = std::max<std::ptrdiff_t>(1, 48 / windows);  // full tiles
  parallel_ranges(s.N, images_per_task(s), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    T* const columns = workspace<T, Columns>(together * windows * n + 2 * width<T>);
    const T** const row = workspace<const T*, Rows>(together * windows);
    for (std::ptrdiff_t i = begin; i < end; i += together) {
      const std::ptrdiff_t images = std::min(together, end - i);
      for (std::ptrdiff_t p = 0; p < images * windows; ++p)
        row[p] = small + (i * windows + p) * s.F;
      multiply_panels(RowOperand<T>{row, {1, s.F, 0}}, images * windows, filter, 0, 0, n,
                      Target<T>{columns, n, 0, false, nullptr, false});
      for (std::ptrdiff_t m = 0; m < images; ++m) {
        gather.image(columns + m * windows * n, large + (i + m) * image);
      }
      activate(epilogue.act, large + i * image, large + i * image, images * image);
    }
  });
}

}  // namespace

template <class T>
void conv2d_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& epilogue) {
  if (s.N <= 0 || s.H * s.W * s.C <= 0) return;
  if (is_dense(s)) {  // nothing overlaps: the product is the result
    Epilogue<T> wide = epilogue;
    wide.bias = repeated_bias(epilogue, s.C, s.H * s.W);
    const std::ptrdiff_t columns = s.H * s.W * s.C;
    return gemm(s.N, columns, s.F, rows(small, s.F), transposed(w, s.F), large, columns, wide);
  }
  if (!epilogue.accumulate && s.out_h() * s.out_w() > 0) {
    if (Gather<T, HalfBatch<T>>::fits(s)) {
      return gather_adjoint<T, HalfBatch<T>>(s, small, w, large, epilogue);
    }
    if (Gather<T, Batch<T>>::fits(s)) {
      return gather_adjoint<T, Batch<T>>(s, small, w, large, epilogue);
    }
  }
  const std::ptrdiff_t run = s.kw * s.C;
  const std::ptrdiff_t group = std::clamp<std::ptrdiff_t>(block_columns / run, 1, s.kh);
  const std::ptrdiff_t groups = (s.kh + group - 1) / group;
  T* const packed = workspace<T, PackedFilter>(groups * packed_size<T>(s.F, group * run));
  T* next = packed;
  for (std::ptrdiff_t a = 0; a < s.kh; a += group) {
    const std::ptrdiff_t n = std::min(group, s.kh - a) * run;
    pack_panels(transposed(w + a * run * s.F, s.F), s.F, n, next);
    next += packed_size<T>(s.F, n);
  }
  const Adjoint<T> adjoint{s,        small,  large, repeated_bias(epilogue, s.C, s.W),
                           epilogue, packed, group};
  const std::ptrdiff_t windows = std::max<std::ptrdiff_t>(1, adjoint.h * adjoint.w);
  const std::ptrdiff_t together = std::max<std::ptrdiff_t>(1, block_windows / windows);
  parallel_ranges(s.N, images_per_task(s), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t n = begin; n < end; n += together) {
      adjoint.images(n, std::min(end, n + together));
    }
  });
}

template void conv2d_adjoint(const ConvShape&, const float*, const float*, float*,
                             const Epilogue<float>&);
template void conv2d_adjoint(const ConvShape&, const double*, const double*, double*,
                             const Epilogue<double>&);

}  // namespace planet::kernels
