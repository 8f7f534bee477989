// Elementary functions of one register: polynomials of a reduced argument. Nothing is taken from
// libm, whose float functions change their last bit between versions of the C library.
//
//   exp      x = n ln 2 + r, |r| <= ln 2 / 2:   e^x = 2^n (1 + r + r^2 P(r))
//   log      x = 2^e m, m in [sqrt 1/2, sqrt 2), s = (m - 1)/(m + 1):  ln x = e ln 2 + 2 atanh s
//
// The other functions are built from these two. P and the polynomial of atanh are minimax fits
// (Remez), so the error is the rounding of the last operations: a few ulp at most, tested in
// tests/kernels.
//
// NaN stays NaN; infinities and overflow give the mathematical limit. Used by math.cpp over arrays
// and by random.cpp.
#pragma once

#include <array>
#include <limits>
#include <numbers>

#include "autograd/kernels/simd.hpp"

namespace planet::kernels {

/// The numbers that belong to a floating-point format.
template <class T>
struct Format;
template <>
struct Format<float> {
  static constexpr int mantissa = 23;
  static constexpr float bias = 127, ln2_high = 0x1.62e4p-1f, ln2_low = 1.42860677e-6f;
  static constexpr float exp_low = -104, exp_high = 89;  // e^x is 0 below, infinite above
  static constexpr float expm1_low = -18;                // e^x - 1 is -1 below
  static constexpr std::array exp{0.5000000095f, 0.16666518842f, 0.041666206145f, 0.0083688892872f,
                                  0.0013950465112f};
  static constexpr std::array log{0.66666776424f, 0.39977536136f, 0.29871881830f};
  static constexpr std::array log1p{0.66666675623f, 0.39998877681f, 0.28616886408f, 0.21427641194f,
                                    0.24300994811f};
  static constexpr std::array sin{1.57079632171f, -0.645963460236f, 0.0796800327802f,
                                  -0.00460165789316f};
  static constexpr std::array cos{1.0f, -1.23370053957f, 0.253669182600f, -0.0208599360465f,
                                  0.00090336300773f};
};
template <>
struct Format<double> {
  static constexpr int mantissa = 52;
  static constexpr double bias = 1023, ln2_high = 6.93147180369123816490e-01,
                          ln2_low = 1.90821492927058770002e-10;
  static constexpr double exp_low = -746, exp_high = 710;
  static constexpr double expm1_low = -38;
  static constexpr std::array exp{0.50000000000000127409,   0.16666666666666699061,
                                  0.041666666666515422423,  0.0083333333333072073272,
                                  0.0013888888947014943892, 0.00019841269917381352384,
                                  2.4801489943140297758e-5, 2.7557216300813691901e-6,
                                  2.7631280036522326621e-7, 2.5117861485044155242e-8};
  static constexpr std::array log{0.66666666666667344575, 0.399999999994143287,
                                  0.28571428742473842736, 0.22222198563570501887,
                                  0.18183564862737678621, 0.15314035926270982046,
                                  0.14796104637082038007};
  static constexpr std::array log1p{
      0.66666666666666666295, 0.40000000000000225783,  0.28571428571380748039,
      0.22222222227298203081, 0.18181817866499993939,  0.15384627830901128448,
      0.13333006684100071653, 0.11770529377001542889,  0.10455690363907881451,
      0.10094220389713511897, 0.057976705584399285798, 0.16055859883352108173};
  static constexpr std::array sin{1.5707963267948966192,     -0.64596409750624625216,
                                  0.079692626246166920815,   -0.0046817541353147393744,
                                  0.00016044118472567240807, -3.5988427112901383345e-6,
                                  5.6919261500407598458e-8,  -6.6274308668945043432e-10};
  static constexpr std::array cos{1.0,
                                  -1.2337005501361698273,
                                  0.25366950790104801246,
                                  -0.020863480763352913734,
                                  0.00091926027483847514215,
                                  -0.000025202042362241543625,
                                  4.7108740543989318555e-7,
                                  -6.3863197910150913166e-9,
                                  6.5060889880794905419e-11};
};

namespace vec {

/// c[0] + c[1] x + ... + c[n-1] x^(n-1), by Horner's rule.
template <class T, std::size_t n>
PLANET_INLINE Batch<T> polynomial(Batch<T> x, const std::array<T, n>& c) {
  Batch<T> y(c[n - 1]);
  unroll<static_cast<int>(n) - 1>([&](auto i) PLANET_INLINED {
    y = madd(y, x, Batch<T>(c[n - 2 - static_cast<std::size_t>(i)]));
  });
  return y;
}

/// x = n ln 2 + r with integral n, and 2^n, valid if that is a normal number.
template <class T>
struct Reduced {
  Batch<T> n, r, power;
};
template <class T>
PLANET_INLINE Reduced<T> reduce_by_ln2(Batch<T> x) {
  using F = Format<T>;
  // Near 3/2 2^mantissa the last bit of a number is worth 1, so the addition rounds to an integer
  // and leaves it, with the exponent's bias, in the low bits.
  const Batch<T> magic(static_cast<T>(std::uint64_t{3} << (F::mantissa - 1)) + F::bias);
  const Batch<T> t = madd(x, Batch<T>(std::numbers::log2e_v<T>), magic);
  const Batch<T> n = t - magic;
  Batch<T> r = madd(n, Batch<T>(-F::ln2_high), x);
  r = madd(n, Batch<T>(-F::ln2_low), r);
  return {n, r, from_bits<T>(to_bits<T>(t) << F::mantissa)};
}

/// e^x. float: 2 ulp, double: 2 ulp; everywhere, subnormal results included.
template <class T>
PLANET_INLINE Batch<T> exp(Batch<T> x) {
  const auto [n, r, power] =
      reduce_by_ln2(at_most(at_least(x, Format<T>::exp_low), Format<T>::exp_high));
  const Batch<T> one(T(1));
  const Batch<T> p = madd(madd(polynomial(r, Format<T>::exp), r, one), r, one);
  return times_power_of_two(p, n);
}

/// e^x - 1 for x <= 0, accurate also near 0.
template <class T>
PLANET_INLINE Batch<T> expm1_of_negative(Batch<T> x) {
  const auto [n, r, power] = reduce_by_ln2(at_least(x, Format<T>::expm1_low));
  const Batch<T> q = madd(r * r, polynomial(r, Format<T>::exp), r);
  return madd(power, q, power - Batch<T>(T(1)));
}

/// ln(1 + u) for 0 <= u <= 1, accurate also near 0: 2 atanh(u / (2 + u)).
template <class T>
PLANET_INLINE Batch<T> log1p_of_fraction(Batch<T> u) {
  const Batch<T> s = divide(u, u + Batch<T>(T(2)));
  const Batch<T> z = s * s;
  return madd(s * z, polynomial(z, Format<T>::log1p), s + s);
}

/// ln x; -inf at 0, NaN below. Subnormal arguments are scaled up first.
template <class T>
PLANET_INLINE Batch<T> log(Batch<T> x) {
  using F = Format<T>;
  using Bits = BitsOf<T>;
  using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const Batch<T> zero(T(0)), one(T(1));
  constexpr T up = static_cast<T>(Word{1} << F::mantissa);
  const auto tiny = x < Batch<T>(std::numeric_limits<T>::min());
  const Batch<T> scaled = select(tiny, x * Batch<T>(up), x);
  // x = 2^e m, m in [1, 2): the exponent's bits, moved to the low bits of `up`, read as a number.
  const Bits bits = to_bits<T>(scaled);
  const Bits up_bits = to_bits<T>(Batch<T>(up));
  Batch<T> e = from_bits<T>((bits >> F::mantissa) | up_bits) - Batch<T>(up + F::bias);
  e = select(tiny, e - Batch<T>(T(F::mantissa)), e);
  Batch<T> m = from_bits<T>((bits & Bits((Word{1} << F::mantissa) - 1)) | to_bits<T>(one));
  const auto above = m > Batch<T>(std::numbers::sqrt2_v<T>);
  m = select(above, m * Batch<T>(T(0.5)), m);
  e = select(above, e + one, e);
  const Batch<T> f = m - one;
  const Batch<T> s = divide(f, f + Batch<T>(T(2)));
  const Batch<T> z = s * s;
  const Batch<T> series = madd(s * z, polynomial(z, F::log), madd(e, Batch<T>(F::ln2_low), s + s));
  Batch<T> y = madd(e, Batch<T>(F::ln2_high), series);
  y = select(x == zero, Batch<T>(-infinity), y);
  y = select(x == Batch<T>(infinity), x, y);
  y = select(x < zero, Batch<T>(std::numeric_limits<T>::quiet_NaN()), y);
  return select(x == x, y, x);
}

/// tanh|x| = -t / (2 + t), t = e^(-2|x|) - 1; then the sign.
template <class T>
PLANET_INLINE Batch<T> tanh(Batch<T> x) {
  const auto sign_bit = to_bits<T>(Batch<T>(T(-0.0)));
  const Batch<T> a = from_bits<T>(to_bits<T>(x) | sign_bit);  // -|x|
  const Batch<T> t = expm1_of_negative(a + a);
  const Batch<T> y = divide(t, t + Batch<T>(T(2)));  // -tanh|x|
  // The sign by bits, so that tanh(-0) is -0.
  return from_bits<T>(to_bits<T>(vec::abs(y)) | (to_bits<T>(x) & sign_bit));
}

/// 1 / (1 + e^-x); 0 where e^-x overflows.
template <class T>
PLANET_INLINE Batch<T> sigmoid(Batch<T> x) {
  const Batch<T> one(T(1));
  return divide(one, one + vec::exp(Batch<T>(T(0)) - x));
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|): no overflow on either side.
template <class T>
PLANET_INLINE Batch<T> softplus(Batch<T> x) {
  const Batch<T> zero(T(0));
  return select(x < zero, zero, x) + log1p_of_fraction(vec::exp(zero - vec::abs(x)));
}

/// x for x > 0, e^x - 1 below.
template <class T>
PLANET_INLINE Batch<T> elu(Batch<T> x) {
  return select(x > Batch<T>(T(0)), x, expm1_of_negative(at_most(x, T(0))));
}

/// max(x, 0) that keeps NaN.
template <class T>
PLANET_INLINE Batch<T> relu(Batch<T> x) {
  return at_least(x, T(0));
}

/// cos and sin of pi/2 * t for |t| <= 1/2 + q, q = round(t) any small integer.
template <class T>
PLANET_INLINE void cos_sin_quarter_turns(Batch<T> t, Batch<T>& c, Batch<T>& s) {
  using F = Format<T>;
  const Batch<T> magic(static_cast<T>(std::uint64_t{3} << (F::mantissa - 1)));
  const Batch<T> shifted = t + magic;
  const Batch<T> r = t - (shifted - magic);
  const Batch<T> z = r * r, sine = r * polynomial(z, F::sin), cosine = polynomial(z, F::cos);
  // Quarter turn q: (c, s) = (cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos) for q mod 4.
  const auto q = to_bits<T>(shifted);
  using Bits = BitsOf<T>;
  constexpr int top = static_cast<int>(8 * sizeof(T)) - 1;
  const auto odd = from_bits<T>((q << top) | to_bits<T>(Batch<T>(T(1)))) < Batch<T>(T(0));
  const Bits sign_c = ((q + Bits(1)) >> 1) << top, sign_s = (q >> 1) << top;
  c = from_bits<T>(to_bits<T>(select(odd, sine, cosine)) ^ sign_c);
  s = from_bits<T>(to_bits<T>(select(odd, cosine, sine)) ^ sign_s);
}

}  // namespace vec
}  // namespace planet::kernels
