#include "planner/latent_dynamics.hpp"

#include <algorithm>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"

namespace planet {
namespace {

// The threads are forked once per iteration: each lane rolls its chunks from the first step to the
// last, and the loops inside the kernels run serially within it. Measured at J = 1000: a plan takes
// the same time for 84 to 120 rows per chunk, 4 to 10 % longer for 300 or more (a step's
// activations exceed the cache), and 2 to 8 % longer for 48 or fewer (too little reuse of weights).
constexpr std::ptrdiff_t max_rows = 96;
constexpr std::ptrdiff_t max_lanes = 64;

// On one thread a single lane, whose memory stays in the cache, rolls all chunks.
std::ptrdiff_t lanes_for(std::ptrdiff_t chunks) {
  return loops_are_serial() ? 1 : std::min(chunks, max_lanes);
}

// n copies of one row.
void tile(const float* row, std::ptrdiff_t D, std::ptrdiff_t n, std::vector<float>& out) {
  out.resize(index(n * D));
  for (std::ptrdiff_t j = 0; j < n; ++j) std::copy_n(row, D, out.data() + j * D);
}

}  // namespace

LatentDynamics::LatentDynamics(const WorldModel& model) : model_(model) {}

void LatentDynamics::start(std::span<const float> h, std::span<const float> s) {
  const std::ptrdiff_t D_h = model_.latent().deter_size(), D_s = model_.latent().stoch_size();
  require(h.size() == index(D_h) && s.size() == index(D_s), "[LatentDynamics] h has ", h.size(),
          " numbers and s has ", s.size(), "; a belief of this model has ", D_h, " and ", D_s);
  h_.assign(h.begin(), h.end());
  s_.assign(s.begin(), s.end());
  std_.clear();
}

void LatentDynamics::start(std::span<const float> h, std::span<const float> mean,
                           std::span<const float> std) {
  start(h, mean);
  require(std.size() == mean.size(), "[LatentDynamics] the posterior's mean has ", mean.size(),
          " numbers and its std ", std.size(), "; they must be as many");
  std_.assign(std.begin(), std.end());
}

std::ptrdiff_t LatentDynamics::chunk_rows(std::ptrdiff_t J) {
  if (J <= max_rows / 2) return (J + 3) / 4 * 4;
  const std::ptrdiff_t chunks = 2 * ((J + 2 * max_rows - 1) / (2 * max_rows));
  const std::ptrdiff_t rows = (J + chunks - 1) / chunks;
  return (rows + 3) / 4 * 4;
}

void LatentDynamics::imagine(const Candidates& c, Rng& rng, double* returns) {
  require(!s_.empty(), "[LatentDynamics] there is no belief to imagine from; call start() first");
  const Rng noise = rng;
  const std::ptrdiff_t fills = c.H + (std_.empty() ? 0 : 1);
  rng.take(static_cast<std::uint64_t>(fills * ((fill_size(c) + 3) / 4)));

  const std::ptrdiff_t N = c.samples;
  const std::ptrdiff_t most = std::max<std::ptrdiff_t>(chunk_rows(c.J * N) / N, 1);
  const std::ptrdiff_t chunks = (c.J + most - 1) / most, lanes = lanes_for(chunks);
  while (lanes_.size() < index(lanes)) lanes_.emplace_back(model_.precision());
  const FixedParams fixed(model_.params());
  parallel_for(lanes, [&](std::ptrdiff_t lane) {
    for (std::ptrdiff_t i = lane; i < chunks; i += lanes) {
      const std::ptrdiff_t begin = i * most;
      roll(lanes_[index(lane)], c, {begin, std::min(begin + most, c.J), noise}, returns + begin);
    }
  });
}

std::ptrdiff_t LatentDynamics::fill_size(const Candidates& c) const {
  return (c.samples > 1 ? c.samples : c.J) * model_.latent().stoch_size();
}

// Row j N + i is candidate j of the chunk in its i-th future.
void LatentDynamics::roll(Lane& lane, const Candidates& c, Chunk chunk, double* returns) const {
  const LatentModel& latent = model_.latent();
  const std::ptrdiff_t N = c.samples, n = chunk.end - chunk.begin, rows = n * N;
  Tape& tape = lane.tape;
  tape.reset();
  place_starts(lane, c, chunk);
  lane.sums.assign(index(rows), 0.0f);
  lane.alive.assign(index(rows), 1.0f);

  for (std::ptrdiff_t t = 0; t < c.H; ++t) {
    const RewindScope step(tape);
    float *z = nullptr, *a = nullptr;
    const Var noise = tape.uninitialised({rows, latent.stoch_size()}, &z);
    draw(c, chunk, t + (std_.empty() ? 0 : 1), z);
    Var a_prev;
    if (N == 1) {
      a_prev = tape.borrow(c.at(t, chunk.begin), {rows, c.A});
    } else {
      a_prev = tape.uninitialised({rows, c.A}, &a);
      for (std::ptrdiff_t r = 0; r < rows; ++r)
        std::copy_n(c.at(t, chunk.begin + r / N), c.A, a + r * c.A);
    }

    const State prev = latent.borrow(tape, lane.h.data(), lane.s.data(), rows);
    const State state = latent.imagine(prev, a_prev, noise).state;
    const Var f = features(state), reward = model_.reward(f);
    for (std::size_t r = 0; r < index(rows); ++r)
      lane.sums[r] += lane.alive[r] * reward.value<float>()[r];
    if (model_.has_continue_head()) {
      const Var goes_on = sigmoid(model_.continue_logit(f));
      for (std::size_t r = 0; r < index(rows); ++r) lane.alive[r] *= goes_on.value<float>()[r];
    }
    copy_state(state, lane.h.data(), lane.s.data());
  }
  for (std::ptrdiff_t j = 0; j < n; ++j) {
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < N; ++i) sum += static_cast<double>(lane.sums[index(j * N + i)]);
    returns[j] = sum / static_cast<double>(N);
  }
}

void LatentDynamics::place_starts(Lane& lane, const Candidates& c, Chunk chunk) const {
  const std::ptrdiff_t D_h = model_.latent().deter_size(), D_s = model_.latent().stoch_size();
  const std::ptrdiff_t rows = (chunk.end - chunk.begin) * c.samples;
  tile(h_.data(), D_h, rows, lane.h);
  tile(s_.data(), D_s, rows, lane.s);
  if (std_.empty()) return;
  lane.z.resize(lane.s.size());
  draw(c, chunk, 0, lane.z.data());
  for (std::ptrdiff_t i = 0; i < rows * D_s; ++i)
    lane.s[index(i)] += std_[index(i % D_s)] * lane.z[index(i)];
}

// The chunk's rows of one fill of noise (see imagine() in the header).
void LatentDynamics::draw(const Candidates& c, Chunk chunk, std::ptrdiff_t fill, float* z) const {
  const std::ptrdiff_t D_s = model_.latent().stoch_size(), n = chunk.end - chunk.begin;
  const std::ptrdiff_t N = c.samples, numbers = fill_size(c);
  const std::ptrdiff_t before = fill * ((numbers + 3) / 4) + (N > 1 ? 0 : chunk.begin * D_s / 4);
  Rng place = chunk.noise;
  place.seek(place.position() + static_cast<std::uint64_t>(before));
  kernels::fill_normal(place, z, N > 1 ? numbers : n * D_s);
  for (std::ptrdiff_t j = 1; N > 1 && j < n; ++j) std::copy_n(z, numbers, z + j * numbers);
}

}  // namespace planet
