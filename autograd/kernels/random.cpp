// Philox and Box-Muller for 64 counters at a time: words, then numbers, then their order.
//
//   words    ten rounds on registers of 64-bit lanes whose low halves are the words: the 32 x 32
//            multiplication reads low halves only, so the high halves need no clearing
//   normals  r = sqrt(-2 ln u), u in (0, 1];  z0 = r cos(2 pi v), z1 = r sin(2 pi v)
//
// u has 24 bits, exact in float and in double, so both give the same numbers up to rounding; the
// largest normal is 5.77. Our own ln, cos and sin: libm's bits differ from version to version.
#include "autograd/kernels/random.hpp"

#include <algorithm>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/functions.hpp"

namespace planet::kernels {
namespace {

constexpr std::ptrdiff_t block = 64;            // counters processed together
constexpr std::ptrdiff_t blocks_per_task = 64;  // 16 Ki numbers

/// words[w][i]: word w of counter first + i of the stream.
struct Words {
  alignas(64) std::uint32_t word[4][block];
};

void philox_block(const Rng& rng, std::uint64_t first, Words& out) {
  using Wide = Batch<std::uint64_t>;
  constexpr std::ptrdiff_t lanes = width<std::uint64_t>;
  const PhiloxKey key = rng.key();
  const Wide a_multiplier(std::uint64_t{0xD2511F53}), b_multiplier(std::uint64_t{0xCD9E8D57});
  for (std::ptrdiff_t i = 0; i < block; i += lanes) {
    alignas(64) std::uint64_t place[lanes];
    for (std::ptrdiff_t l = 0; l < lanes; ++l) place[l] = first + static_cast<std::uint64_t>(i + l);
    Wide c0 = Wide::load_aligned(place), c1 = c0 >> 32;
    Wide c2(std::uint64_t{rng.substream()}), c3(static_cast<std::uint64_t>(rng.stream()));
    std::uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
      const Wide a = multiply_low_halves(a_multiplier, c0);
      const Wide b = multiply_low_halves(b_multiplier, c2);
      c0 = (b >> 32) ^ c1 ^ Wide(std::uint64_t{k0});
      c1 = b;
      c2 = (a >> 32) ^ c3 ^ Wide(std::uint64_t{k1});
      c3 = a;
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    const Wide words[4] = {c0, c1, c2, c3};
    for (int w = 0; w < 4; ++w) {
      words[w].store_aligned(place);
      for (std::ptrdiff_t l = 0; l < lanes; ++l) {
        out.word[w][i + l] = static_cast<std::uint32_t>(place[l]);
      }
    }
  }
}

// out[0..n) = f(words of the counters from `first` on), where f fills value[4][block].
template <class T, class F>
void fill_range(const Rng& rng, std::uint64_t first, T* out, std::ptrdiff_t n, F f) {
  Words words;
  alignas(64) T value[4][block];
  alignas(64) T ordered[4 * block];
  for (std::ptrdiff_t i = 0; i < n; i += 4 * block, first += block) {
    philox_block(rng, first, words);
    f(words, value);
    T* const to = n - i >= 4 * block ? out + i : ordered;
    for (std::ptrdiff_t g = 0; g < block; ++g) {
      for (std::ptrdiff_t w = 0; w < 4; ++w) to[4 * g + w] = value[w][g];
    }
    if (to == ordered) std::copy_n(ordered, n - i, out + i);
  }
}

template <class T, class F>
void fill(Rng& rng, T* out, std::ptrdiff_t n, F f) {
  if (n <= 0) return;
  const std::uint64_t first = rng.take(static_cast<std::uint64_t>((n + 3) / 4));
  const Rng place = rng;
  const std::ptrdiff_t grain = 4 * block * blocks_per_task;
  if (n <= grain) return fill_range(place, first, out, n, f);
  parallel_ranges(n, grain, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    fill_range(place, first + static_cast<std::uint64_t>(begin / 4), out + begin, end - begin, f);
  });
}

// Two words give two independent normals.
template <class T>
void box_muller(const std::uint32_t* u, const std::uint32_t* v, T* z0, T* z1) {
  alignas(64) T uniform[block], turn[block];
  for (std::ptrdiff_t i = 0; i < block; ++i) {
    uniform[i] = static_cast<T>(static_cast<std::int32_t>((u[i] >> 8) + 1)) * T(0x1p-24);
    turn[i] = static_cast<T>(static_cast<std::int32_t>(v[i])) * T(0x1p-30);  // quarters, [-2, 2)
  }
  for (std::ptrdiff_t i = 0; i < block; i += width<T>) {
    const Batch<T> r = vec::sqrt(Batch<T>(T(-2)) * vec::log(load(uniform + i)));
    Batch<T> c, s;
    vec::cos_sin_quarter_turns(load(turn + i), c, s);
    (r * c).store_unaligned(z0 + i);
    (r * s).store_unaligned(z1 + i);
  }
}

}  // namespace

template <class T>
void fill_normal(Rng& rng, T* out, std::ptrdiff_t n) {
  fill(rng, out, n, [](const Words& w, T(*value)[block]) {
    box_muller(w.word[0], w.word[1], value[0], value[1]);
    box_muller(w.word[2], w.word[3], value[2], value[3]);
  });
}

template <class T>
void fill_uniform(Rng& rng, T* out, std::ptrdiff_t n, T low, T high) {
  fill(rng, out, n, [=](const Words& words, T(*value)[block]) {
    for (int w = 0; w < 4; ++w) {
      for (std::ptrdiff_t i = 0; i < block; ++i) {
        const T u = static_cast<T>(static_cast<std::int32_t>(words.word[w][i] >> 8)) * T(0x1p-24);
        const T v = low + (high - low) * u;
        value[w][i] = v < high ? v : low;  // rounding may reach the open end
      }
    }
  });
}

template void fill_normal(Rng&, float*, std::ptrdiff_t);
template void fill_normal(Rng&, double*, std::ptrdiff_t);
template void fill_uniform(Rng&, float*, std::ptrdiff_t, float, float);
template void fill_uniform(Rng&, double*, std::ptrdiff_t, double, double);

}  // namespace planet::kernels
