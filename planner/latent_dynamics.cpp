#include "planner/latent_dynamics.hpp"

#include <algorithm>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"

namespace planet {
namespace {

// One fork of the threads for a whole iteration: each lane rolls its chunks from the first step to
// the last, and the loops inside the kernels run serially within it. Measured at J = 1000: between
// 84 and 120 rows a plan takes the same time, with 300 or more 4 to 10 % longer (a step's
// activations leave the cache), with 48 or fewer 2 to 8 % longer (each weight is used too seldom).
constexpr std::ptrdiff_t most_rows = 96;
constexpr std::ptrdiff_t most_lanes = 64;

std::size_t size(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

// n copies of one row.
void tile(const float* row, std::ptrdiff_t D, std::ptrdiff_t n, std::vector<float>& out) {
  out.resize(size(n * D));
  for (std::ptrdiff_t j = 0; j < n; ++j) std::copy_n(row, D, out.data() + j * D);
}

}  // namespace

LatentDynamics::LatentDynamics(const WorldModel<float>& model) : model_(model) {}

void LatentDynamics::start(std::span<const float> h, std::span<const float> s) {
  const std::ptrdiff_t D_h = model_.latent().deter_size(), D_s = model_.latent().stoch_size();
  beliefs_ = static_cast<std::ptrdiff_t>(s.size()) / D_s;
  if (beliefs_ < 1 || h.size() != size(beliefs_ * D_h) || s.size() != size(beliefs_ * D_s))
    fail("[LatentDynamics] h has ", h.size(), " numbers and s has ", s.size(),
         "; B beliefs of this model have ", D_h, " B and ", D_s, " B, B at least 1");
  h_.assign(h.begin(), h.end());
  s_.assign(s.begin(), s.end());
}

std::ptrdiff_t LatentDynamics::chunk_rows(std::ptrdiff_t J) {
  if (J <= most_rows / 2) return (J + 3) / 4 * 4;
  const std::ptrdiff_t chunks = 2 * ((J + 2 * most_rows - 1) / (2 * most_rows));
  const std::ptrdiff_t rows = (J + chunks - 1) / chunks;
  return (rows + 3) / 4 * 4;
}

void LatentDynamics::imagine(const Candidates& c, std::span<Rng> rngs, float* returns) {
  require(c.B == beliefs_, "[LatentDynamics] candidates for ", c.B, " beliefs, but start() had ",
          beliefs_);
  const std::ptrdiff_t D_s = model_.latent().stoch_size();
  places_.assign(rngs.begin(), rngs.end());
  for (Rng& rng : rngs) rng.take(static_cast<std::uint64_t>(c.H * ((c.J * D_s + 3) / 4)));

  const std::ptrdiff_t rows = chunk_rows(c.J), chunks = (c.J + rows - 1) / rows;
  const std::ptrdiff_t items = c.B * chunks, lanes = std::min(items, most_lanes);
  while (lanes_.size() < size(lanes)) lanes_.emplace_back();
  parallel_for(lanes, [&](std::ptrdiff_t lane) {
    for (std::ptrdiff_t i = lane; i < items; i += lanes) {
      const std::ptrdiff_t b = i / chunks, begin = i % chunks * rows;
      roll(lanes_[size(lane)], c, {b, begin, std::min(begin + rows, c.J)}, places_[size(b)],
           returns + b * c.J + begin);
    }
  });
}

void LatentDynamics::roll(Lane& lane, const Candidates& c, Chunk chunk, const Rng& rng,
                          float* returns) const {
  const LatentModel<float>& latent = model_.latent();
  const std::ptrdiff_t D_h = latent.deter_size(), D_s = latent.stoch_size();
  const std::ptrdiff_t rows = chunk.end - chunk.begin;
  Tape<float>& tape = lane.tape;
  tape.reset();
  tape.profile(profile_);
  tile(h_.data() + chunk.b * D_h, D_h, rows, lane.h);
  tile(s_.data() + chunk.b * D_s, D_s, rows, lane.s);
  std::fill_n(returns, rows, 0.0f);

  for (std::ptrdiff_t t = 0; t < c.H; ++t) {
    const RewindScope<float> step(tape);
    Rng place = rng;
    place.seek(rng.position() +
               static_cast<std::uint64_t>(t * ((c.J * D_s + 3) / 4) + chunk.begin * D_s / 4));
    float* z = nullptr;
    const Var<float> noise = tape.uninitialised({rows, D_s}, &z);
    kernels::fill_normal(place, z, rows * D_s);

    const State<float> prev = latent.borrow(tape, lane.h.data(), lane.s.data(), rows);
    const Var<float> a_prev = tape.borrow(c.at(chunk.b, t, chunk.begin), {rows, c.A});
    const State<float> state = latent.imagine(prev, a_prev, noise).state;
    const Var<float> reward = model_.reward(features(state));

    for (std::ptrdiff_t j = 0; j < rows; ++j) returns[j] += reward.value()[size(j)];
    copy_state(state, lane.h.data(), lane.s.data());
  }
}

}  // namespace planet
