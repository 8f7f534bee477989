// The contract of bf16.hpp by ordinary multiply-adds, and the choice between the implementations.
//
// A block of sums is computed k tile by k tile: with the two chains of a few rows in registers, each
// pair of B is loaded once and its halves become floats by a shift and a mask.
#include <algorithm>
#include <limits>

#include "autograd/base/observer.hpp"
#include "autograd/kernels/bf16.hpp"
#include "autograd/kernels/simd.hpp"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace planet::kernels {
namespace {

using detail::has_amx;

constexpr float smallest = std::numeric_limits<float>::min();  // 2^-126

// While it lives, this thread's operands and results below 2^-126 are zero, where the processor has
// a mode for that.
class FlushToZero {
 public:
#ifdef __SSE2__
  static constexpr bool works = true;
  FlushToZero() { _mm_setcsr(before_ | 0x8040); }  // results (FTZ) and operands (DAZ)
  ~FlushToZero() { _mm_setcsr(before_); }

 private:
  unsigned before_ = _mm_getcsr();
#else
  static constexpr bool works = false;
#endif
};

// The signed zero that the processor would make of a small result.
template <bool Explicitly>
PLANET_INLINE Batch<float> flushed(Batch<float> x) {
  if constexpr (!Explicitly) return x;
  const auto zero = from_bits<float>(to_bits<float>(x) & BitsOf<float>(0x8000'0000u));
  return select(vec::abs(x) < Batch<float>(smallest), zero, x);
}

// a b + c with one rounding. Without such an instruction by way of double, where the product is
// exact and the sum of two numbers of 24 bits has bits enough to be rounded twice.
PLANET_INLINE Batch<float> fused(Batch<float> a, Batch<float> b, Batch<float> c) {
  if constexpr (has_fma) return madd(a, b, c);
  constexpr auto W = static_cast<std::size_t>(width<float>);
  alignas(64) float x[W], y[W], z[W];
  a.store_aligned(x), b.store_aligned(y), c.store_aligned(z);
  for (std::size_t i = 0; i < W; ++i)
    z[i] = static_cast<float>(static_cast<double>(x[i]) * static_cast<double>(y[i]) +
                              static_cast<double>(z[i]));
  return Batch<float>::load_aligned(z);
}

// MR rows and one register of columns of c, for one k tile; a is [MR][32], b points to its columns.
template <int MR, bool Explicitly>
PLANET_INLINE void add_rows(const float* a, const Bf16Pair* b, float* c) {
  using V = Batch<float>;
  const BitsOf<float> upper(0xFFFF'0000u);
  V even[MR], odd[MR];
  unroll<MR>([&](auto i) PLANET_INLINED { even[i] = odd[i] = V(0.0f); });
  for (std::ptrdiff_t p = 0; p < bf16_tile / 2; ++p) {
    const auto pairs = BitsOf<float>::load_unaligned(b + p * bf16_tile);
    const V b_even = from_bits<float>(pairs << 16), b_odd = from_bits<float>(pairs & upper);
    unroll<MR>([&](auto i) PLANET_INLINED {
      const float* at = a + i * bf16_tile + 2 * p;
      even[i] = flushed<Explicitly>(fused(V(at[0]), b_even, even[i]));
      odd[i] = flushed<Explicitly>(fused(V(at[1]), b_odd, odd[i]));
    });
  }
  unroll<MR>([&](auto i) PLANET_INLINED {
    float* const sum = c + i * bf16_tile;
    const V both = flushed<Explicitly>(even[i] + odd[i]);
    const V before = flushed<Explicitly>(V::load_unaligned(sum));
    flushed<Explicitly>(before + both).store_unaligned(sum);
  });
}

template <bool Explicitly>
__attribute__((noinline)) void add_tile(const Bf16Operands& t, std::ptrdiff_t rows,
                                        std::ptrdiff_t columns, float* c) {
  constexpr int MR = vector_registers == 32 ? 8 : 4;
  alignas(64) float a[bf16_tile * bf16_tile];
  const std::ptrdiff_t tall = (rows + MR - 1) / MR * MR;
  for (std::ptrdiff_t i = 0; i < tall * bf16_tile / 2; ++i) {
    a[2 * i] = std::bit_cast<float>(t.a[i] << 16);
    a[2 * i + 1] = std::bit_cast<float>(t.a[i] & 0xFFFF'0000u);
  }
  for (std::ptrdiff_t j = 0; j < columns; j += width<float>)
    for (std::ptrdiff_t i = 0; i < tall; i += MR)
      add_rows<MR, Explicitly>(a + i * bf16_tile, t.b + j, c + i * bf16_tile + j);
}

}  // namespace

void detail::add_emulated(std::span<const Bf16Operands> list, std::ptrdiff_t rows,
                          std::ptrdiff_t columns, float* c, bool explicitly) {
  if (explicitly || !FlushToZero::works) {
    for (const Bf16Operands& t : list) add_tile<true>(t, rows, columns, c);
  } else {
    [[maybe_unused]] const FlushToZero mode;
    for (const Bf16Operands& t : list) add_tile<false>(t, rows, columns, c);
  }
}

Bf16Products::Bf16Products() {
  if (has_amx()) detail::amx_begin();
}
Bf16Products::~Bf16Products() {
  if (has_amx()) detail::amx_end();
}

void Bf16Products::add(std::span<const Bf16Operands> list, std::ptrdiff_t rows,
                       std::ptrdiff_t columns, float* c) const {
  if (Observer* const o = Observer::active())
    o->multiply_adds(rows * columns * bf16_tile * static_cast<std::ptrdiff_t>(list.size()));
  if (has_amx()) detail::add_amx(list, rows, columns, c);
  else detail::add_emulated(list, rows, columns, c, false);
}

bool has_matrix_tiles() { return has_amx(); }

std::string_view bf16_implementation() {
  return has_amx() ? "AMX matrix tiles"
                   : "emulated: this processor or system has no AMX; the same numbers, but slower "
                     "than f32";
}

}  // namespace planet::kernels
