// The contract of bf16.hpp by Intel's matrix tiles. The only file with their instructions.
//
// A tile register is 16 rows of 64 bytes. tdpbf16ps C, A, B adds to 16 x 16 floats the products of A,
// [16 rows][16 pairs], and B, [16 pairs][16 columns]: one k tile. A block of 32 x 32 sums is four
// tiles; two of A and two of B are loaded for its four products.
//
//   0 1     columns 0-15, 16-31      4     rows  0-15 of A      6 7    columns 0-15, 16-31 of B
//   2 3                              5     rows 16-31
//
// The functions are compiled for AMX whatever the rest is compiled for, and called only where
// has_amx() holds. They have no lambdas and call nothing between tile instructions: a lambda is not
// compiled for its function's target, and the registers are not saved by calls.
#include "autograd/kernels/bf16.hpp"

#if defined(__x86_64__) && defined(__linux__) && __has_include(<amxbf16intrin.h>)
#define PLANET_AMX
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace planet::kernels::detail {

#ifdef PLANET_AMX

namespace {

// The processor's word (cpuid 7: AMX-TILE, AMX-BF16), and the system's that it saves the tiles of a
// thread (XCR0, bits 17 and 18). Then permission for this process: since Linux 5.16 it must be asked
// for, and it may be refused.
bool ask_for_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return false;  // OSXSAVE
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & 1) || !(d >> 24 & 1)) return false;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low >> 17 & 3) != 3) return false;
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

struct alignas(64) TileConfig {  // of ldtilecfg
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);
constexpr TileConfig config;

}  // namespace

bool has_amx() {
  static const bool yes = ask_for_tiles();
  return yes;
}

// g++ declares 8 bytes of the configuration as read and no memory at all for a tile's load: without
// the barriers it may leave out or move the stores before them.
__attribute__((target("amx-tile"))) void amx_begin() {
  asm volatile("" ::"r"(&config) : "memory");
  _tile_loadconfig(&config);
}
__attribute__((target("amx-tile"))) void amx_end() { _tile_release(); }

__attribute__((target("amx-tile,amx-bf16"))) void add_amx(std::span<const Bf16Operands> list,
                                                          std::ptrdiff_t rows,
                                                          std::ptrdiff_t columns, float* c) {
  constexpr int c_row = 32 * sizeof(float), a_row = 64, b_row = 128;  // bytes
  const bool lower = rows > 16, right = columns > 16;
  float* const c_lower = c + 16 * 32;
  asm volatile("" ::"r"(c) : "memory");
  _tile_loadd(0, c, c_row);
  if (right) _tile_loadd(1, c + 16, c_row);
  if (lower) _tile_loadd(2, c_lower, c_row);
  if (lower && right) _tile_loadd(3, c_lower + 16, c_row);
  const Bf16Operands *next = list.data(), *const end = next + list.size();
  for (; next != end; ++next) {
    _tile_loadd(4, next->a, a_row);
    _tile_loadd(6, next->b, b_row);
    _tile_dpbf16ps(0, 4, 6);
    if (right) {
      _tile_loadd(7, next->b + 16, b_row);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (lower) {
      _tile_loadd(5, next->a + 16 * 16, a_row);
      _tile_dpbf16ps(2, 5, 6);
      if (right) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, c_row);
  if (right) _tile_stored(1, c + 16, c_row);
  if (lower) _tile_stored(2, c_lower, c_row);
  if (lower && right) _tile_stored(3, c_lower + 16, c_row);
  asm volatile("" ::"r"(c) : "memory");
}

#else

bool has_amx() { return false; }
void amx_begin() {}
void amx_end() {}
void add_amx(std::span<const Bf16Operands>, std::ptrdiff_t, std::ptrdiff_t, float*) {}

#endif

}  // namespace planet::kernels::detail
