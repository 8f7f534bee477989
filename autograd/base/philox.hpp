// Random numbers as a function, not a state: Philox4x32-10.
//
// Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". Ten rounds of multiply and
// xor turn (counter, key) into four words that pass every known statistical test. Nothing is
// remembered between calls, so any number can be recomputed, threads cannot disturb each other,
// and a checkpoint stores one integer per stream. Vectorised normals: kernels/random.hpp.
#pragma once

#include <array>
#include <cstdint>

namespace planet {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// The four words of one counter. Random123's known answers are in tests/.
constexpr PhiloxCounter philox4x32_10(PhiloxCounter c, PhiloxKey k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(a)};
    k[0] += 0x9E3779B9;  // the golden ratio
    k[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return c;
}

/// The consumers of random numbers. Each has its own stream, so none shifts the numbers of another.
enum class Stream : std::uint32_t {
  init = 1,       // initial weights
  env,            // an environment's resets and its own randomness
  random_action,  // the seed episodes' uniform actions
  explore,        // exploration noise
  replay,         // which windows a batch takes
  dequantise,     // the uniform noise on 5-bit pixels, in training
  posterior,      // the noise of posterior samples, in training
  overshoot,      // the noise of multi-step priors, in training
  agent,          // dequantisation and posterior samples while acting
  planner,        // candidates and imagined states
  evaluate,       // everything inside an evaluation
  check,          // gradient checks: cotangents and inputs
  test,           // tests
  dream,          // open-loop predictions of recorded episodes
  training_env,   // the seeds of the environments that a run learns in
};

/// A position in one stream of one seed. Each draw uses one counter and discards the rest of its
/// four words, so that the position is a single integer and no draw depends on the kind of the
/// last.
class Rng {
 public:
  Rng(std::uint64_t seed, Stream stream, std::uint32_t substream = 0)
      : seed_(seed), stream_(stream), substream_(substream) {}

  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform among 0 .. n-1, without bias; n >= 1.
  std::uint64_t below(std::uint64_t n);
  /// 64 random bits.
  std::uint64_t bits();
  /// Standard normal (Box-Muller in double).
  double normal();

  /// Takes n counters for a bulk fill and returns the first of them.
  std::uint64_t take(std::uint64_t n) {
    const std::uint64_t first = position_;
    position_ += n;
    return first;
  }
  PhiloxCounter block(std::uint64_t position) const {
    return philox4x32_10(
        {static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32),
         substream_, static_cast<std::uint32_t>(stream_)},
        key());
  }
  PhiloxKey key() const {
    return {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)};
  }

  std::uint64_t seed() const { return seed_; }
  Stream stream() const { return stream_; }
  std::uint32_t substream() const { return substream_; }
  /// How many counters were used: all that a checkpoint has to store.
  std::uint64_t position() const { return position_; }
  void seek(std::uint64_t position) { position_ = position; }

 private:
  std::uint64_t seed_;
  Stream stream_;
  std::uint32_t substream_;
  std::uint64_t position_ = 0;
};

}  // namespace planet
