// Products of bfloat16 numbers: the contract that every implementation keeps bit for bit.
//
// A bfloat16 number is the upper half of a float: sign, exponent and 7 of its 23 bits of mantissa.
// Operands are rounded to it while they are packed; sums, results, and all that is not a product
// stay float. The sum over k is cut into k tiles of 32, and with a and b the rounded operands
//
//   for each k tile, in order:   even = odd = 0
//     for p = 0 .. 15:           even = fma(a[2p], b[2p], even),  odd = fma(a[2p+1], b[2p+1], odd)
//     then                       c = c + (even + odd)
//
// each operation rounded to nearest even, and each operand or result below 2^-126 being zero. That
// is what Intel's matrix tiles (AMX, tdpbf16ps) compute. A product of two bfloat16 numbers is exact
// in float, so the same numbers come from ordinary multiply-adds on any machine. Zeros at the end of
// a k tile change nothing; which numbers share one does, and so it is said here:
//
//   gemm                    32 consecutive k
//   conv2d                  32 consecutive numbers of one row of the window, [kw,C]
//   conv2d_adjoint          32 channels of one pixel of the patch of the small image
//   conv2d_filter_gradient  one place of the small image in 32 consecutive images
//
// Two implementations: bf16_amx.cpp, and bf16_emulated.cpp, which runs everywhere and is slower than
// the products of floats. Chosen once per process.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/gemm.hpp"

namespace planet::kernels {

/// Two numbers that are neighbours along k, each a bfloat16: the even one in the lower half.
using Bf16Pair = std::uint32_t;

/// x rounded to bfloat16, as the bits of a float: to nearest even; a subnormal number becomes zero,
/// a NaN stays one.
constexpr std::uint32_t bf16_bits(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t magnitude = bits & 0x7FFF'FFFF;
  const std::uint32_t rounded = bits + 0x7FFF + (bits >> 16 & 1);
  const std::uint32_t nan = bits | 0x0040'0000;
  return (magnitude > 0x7F80'0000   ? nan
          : magnitude < 0x0080'0000 ? bits & 0x8000'0000
                                    : rounded) &
         0xFFFF'0000;
}
constexpr float round_to_bf16(float x) { return std::bit_cast<float>(bf16_bits(x)); }
constexpr Bf16Pair bf16_pair(float even, float odd) {
  return bf16_bits(even) >> 16 | bf16_bits(odd);
}

inline constexpr std::ptrdiff_t bf16_tile = 32;  // rows, columns and k of a block
inline constexpr std::ptrdiff_t bf16_tile_pairs = bf16_tile * bf16_tile / 2;

/// One k tile of a block: a is [32 rows][16 pairs], b is [16 pairs][32 columns]; both aligned to 64
/// bytes.
struct Bf16Operands {
  const Bf16Pair *a, *b;
};

/// The products of one task. Where there are matrix tiles, they are the thread's from construction to
/// destruction.
class Bf16Products {
 public:
  Bf16Products();
  ~Bf16Products();
  Bf16Products(const Bf16Products&) = delete;
  Bf16Products& operator=(const Bf16Products&) = delete;

  /// c [32][32], aligned to 64 bytes, goes on as the contract says with each k tile of the list.
  /// Only the first `rows` and `columns` are meant; what happens to the others is not specified.
  void add(std::span<const Bf16Operands> list, std::ptrdiff_t rows, std::ptrdiff_t columns,
           float* c) const;
};

/// Between these two the numbers first .. first+size-1 do not change: the parameters during an update or
/// a plan. A product of few rows whose B lies among them packs it once, for all threads. One range counts
/// at a time: false, and no effect, where there is one already.
bool begin_constants(const float* first, std::ptrdiff_t size);
void end_constants();

/// Do the products run on AMX's matrix tiles? Otherwise they are emulated, slower than float's.
bool has_matrix_tiles();
std::string_view bf16_implementation();  // the same in words

// ---- the products: see gemm.hpp and conv.hpp, which call these for Precision::bf16 --------------
void gemm_bf16(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<float> A,
               MatrixView<float> B, float* C, std::ptrdiff_t ldc, const Epilogue<float>& epilogue);
void conv2d_bf16(const ConvShape& s, const float* large, const float* w, float* small,
                 const Epilogue<float>& epilogue);
void conv2d_adjoint_bf16(const ConvShape& s, const float* small, const float* w, float* large,
                         const Epilogue<float>& epilogue);
void conv2d_filter_gradient_bf16(const ConvShape& s, const float* large, const float* small,
                                 float* dw);

// ---- the two implementations, for the tests that compare them -----------------------------------
namespace detail {
/// With `explicitly`, every result is compared with 2^-126, as is done where the processor has no
/// mode that does it.
void add_emulated(std::span<const Bf16Operands> list, std::ptrdiff_t rows, std::ptrdiff_t columns,
                  float* c, bool explicitly);
/// Has the processor matrix tiles, and does the system let this process use them? Asked once.
bool has_amx();
void amx_begin();  // has_amx() only: the tiles' configuration of this thread, and its end
void amx_end();
void add_amx(std::span<const Bf16Operands> list, std::ptrdiff_t rows, std::ptrdiff_t columns,
             float* c);
}  // namespace detail

}  // namespace planet::kernels
