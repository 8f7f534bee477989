// The innermost part of every product: a tile of MR rows and NV registers of C stays in registers
// while k runs; each step loads one row of B and multiplies it by MR broadcast elements of A.
//
//            B[k, j .. j+NV*W)                 c[i][v] += a(i, k) * b(k, v)      k ascending
//            +--------+--------+
//   a(0,k) . | c[0][0]| c[0][1]|               24 accumulators hide the latency of the madd on
//   a(1,k) . | c[1][0]| c[1][1]|               every machine with 32 registers (12 with 16), and
//      :     |   :    |    :   |               each loaded number is used NV or MR times.
//
// Linear layers, convolutions and their gradients differ only in how a(i, k) is addressed. That is
// an *operand*: RowOperand (one pointer per row; k is contiguous in runs) or ColumnOperand (one
// pointer per k; the rows are contiguous). The loops around it: gemm_core.hpp.
#pragma once

#include "autograd/kernels/simd.hpp"

namespace planet::kernels {

/// Where the k axis lies in memory: `count` runs of `length` consecutive elements, `stride` apart.
/// A matrix row is one run; a patch of an image is one run per row of the window.
struct Runs {
  std::ptrdiff_t count, length, stride;
  std::ptrdiff_t skip = 0;  // rows of B between two runs that this product does not use
};

/// Rows of B: row k of the panel starts at p + k * ld.
template <class T>
struct Panel {
  const T* p;
  std::ptrdiff_t ld;
};

/// A's element (i, k = r * runs.length + j) is row[i][offset + r * runs.stride + j].
template <class T>
struct RowOperand {
  const T* const* row;
  Runs runs;
  std::ptrdiff_t offset = 0;
  std::ptrdiff_t depth() const { return runs.count * runs.length; }

  template <class V, int MR, int NV>
  PLANET_INLINE void accumulate(std::ptrdiff_t i, Panel<T> b, V (&c)[MR][NV]) const {
    constexpr int registers = sizeof(V) < sizeof(Batch<T>) ? 32 : vector_registers;
    constexpr int U = (registers - 1 - MR * NV) / NV >= 4   ? 4
                      : (registers - 1 - MR * NV) / NV >= 2 ? 2
                                                            : 1;
    for (std::ptrdiff_t r = 0; r < runs.count; ++r) {
      const std::ptrdiff_t begin = offset + r * runs.stride, end = begin + runs.length;
      std::ptrdiff_t at = begin;
      for (; at + U <= end; at += U) step<U>(row + i, at, b, c);
      for (; at < end; ++at) step<1>(row + i, at, b, c);
      b.p += runs.skip * b.ld;
    }
  }

 private:
  // U steps of k: a row's pointer is fetched once for all of them.
  template <int U, class V, int MR, int NV>
  static PLANET_INLINE void step(const T* const* rows, std::ptrdiff_t at, Panel<T>& b,
                                 V (&c)[MR][NV]) {
    V bv[U][NV];
    unroll<U>([&](auto u) PLANET_INLINED {
      unroll<NV>([&](auto v) PLANET_INLINED {
        bv[u][v] = V::load_unaligned(b.p + u * b.ld + v * static_cast<std::ptrdiff_t>(V::size));
      });
    });
    unroll<MR>([&](auto i) PLANET_INLINED {
      const T* a = rows[i] + at;
      unroll<U>([&](auto u) PLANET_INLINED {
        const V av(a[u]);
        unroll<NV>([&](auto v) PLANET_INLINED { c[i][v] = madd(av, bv[u][v], c[i][v]); });
      });
    });
    b.p += U * b.ld;
  }
};

/// A's element (i, k) is p[k * stride + i]: a transposed matrix in place.
template <class T>
struct ColumnOperand {
  const T* p;
  std::ptrdiff_t K, stride;
  const T* column(std::ptrdiff_t k) const { return p + k * stride; }
  std::ptrdiff_t depth() const { return K; }
};
/// A's element (i, k) is column_[k][offset + i]: the pixels of an image, for filter gradients.
template <class T>
struct PixelOperand {
  const T* const* pixel;
  std::ptrdiff_t K, offset;
  const T* column(std::ptrdiff_t k) const { return pixel[k] + offset; }
  std::ptrdiff_t depth() const { return K; }
};

/// RowOperand::accumulate for an A whose columns lie in memory.
template <class V, int MR, int NV, class T, class Operand>
PLANET_INLINE void accumulate_columns(const Operand& a, std::ptrdiff_t i0, Panel<T> b,
                                      V (&c)[MR][NV]) {
  const std::ptrdiff_t K = a.depth();
  for (std::ptrdiff_t k = 0; k < K; ++k, b.p += b.ld) {
    const T* p = a.column(k) + i0;
    V bv[NV];
    unroll<NV>([&](auto v) PLANET_INLINED {
      bv[v] = V::load_unaligned(b.p + v * static_cast<std::ptrdiff_t>(V::size));
    });
    unroll<MR>([&](auto i) PLANET_INLINED {
      const V av(p[i]);
      unroll<NV>([&](auto v) PLANET_INLINED { c[i][v] = madd(av, bv[v], c[i][v]); });
    });
  }
}

/// Where a tile is stored, and what is done to it before that.
template <class T>
struct Target {
  T* c;
  std::ptrdiff_t ld;
  std::ptrdiff_t columns;  // of this panel that exist; the rest is padding
  bool load;               // start from what is in C
  const T* bias;           // of this panel, or null
  bool relu;
};

/// Rows i0 .. i0+MR of one panel.
template <class V, int MR, int NV, class T, class Operand>
__attribute__((noinline)) void tile(const Operand& a, std::ptrdiff_t i0, Panel<T> b,
                                    const Target<T>& out) {
  constexpr std::ptrdiff_t W = static_cast<std::ptrdiff_t>(V::size);
  const std::ptrdiff_t rest = out.columns - (NV - 1) * W;  // lanes of the last register in use
  T* const c0 = out.c + i0 * out.ld;
  V c[MR][NV];
  if (out.load) {
    PLANET_UNROLL
    for (int i = 0; i < MR; ++i) {
      PLANET_UNROLL
      for (int v = 0; v < NV; ++v) {
        const T* p = c0 + i * out.ld + v * W;
        c[i][v] = v + 1 < NV || rest == W ? V::load_unaligned(p) : load_partial<V>(p, rest);
      }
    }
  } else {
    PLANET_UNROLL
    for (int i = 0; i < MR; ++i) {
      PLANET_UNROLL
      for (int v = 0; v < NV; ++v) c[i][v] = V(T(0));
    }
  }

  if constexpr (requires { a.runs; }) a.accumulate(i0, b, c);
  else accumulate_columns(a, i0, b, c);

  if (out.bias) {
    PLANET_UNROLL
    for (int v = 0; v < NV; ++v) {
      const T* p = out.bias + v * W;
      const V bias = v + 1 < NV || rest == W ? V::load_unaligned(p) : load_partial<V>(p, rest);
      PLANET_UNROLL
      for (int i = 0; i < MR; ++i) c[i][v] = c[i][v] + bias;
    }
  }
  if (out.relu) {
    const V zero(T(0));
    PLANET_UNROLL
    for (int i = 0; i < MR; ++i) {
      PLANET_UNROLL
      for (int v = 0; v < NV; ++v) c[i][v] = select(c[i][v] < zero, zero, c[i][v]);
    }
  }
  PLANET_UNROLL
  for (int i = 0; i < MR; ++i) {
    PLANET_UNROLL
    for (int v = 0; v < NV; ++v) {
      T* p = c0 + i * out.ld + v * W;
      if (v + 1 < NV || rest == W) {
        c[i][v].store_unaligned(p);
      } else {
        store_partial(c[i][v], p, rest);
      }
    }
  }
}

/// Rows per tile: as many accumulators as leave room for B and one broadcast.
template <int NV>
inline constexpr int tile_rows = (vector_registers == 32 ? 24 : 12) / NV;
/// The next smaller tile for the rows that are left over.
constexpr int smaller(int rows) {
  return rows > 12 ? 12 : rows > 8 ? 8 : rows > 4 ? 4 : rows > 2 ? 2 : 1;
}

/// Rows begin .. end of one panel, in tiles of MR rows and then in ever smaller ones.
template <class V, int MR, int NV, class T, class Operand>
void sweep(const Operand& a, std::ptrdiff_t begin, std::ptrdiff_t end, Panel<T> b,
           const Target<T>& out) {
  // 16 rows are two tiles of 8: a tile of 4 would stall on its own madds.
  while (begin + MR <= end && !(MR == 12 && end - begin == 16)) {
    tile<V, MR, NV>(a, begin, b, out);
    begin += MR;
  }
  if constexpr (MR > 1) {
    if (begin < end) sweep<V, smaller(MR), NV>(a, begin, end, b, out);
  }
}

}  // namespace planet::kernels
