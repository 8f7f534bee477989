#include "apps/common/foresight/open_loop.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"

namespace planet {
namespace {

constexpr std::ptrdiff_t decode_rows = 64;  // pictures that are decoded together

std::size_t size(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

// Three substreams of an episode: what its pictures, its posterior and its futures draw from.
enum class Draw : std::uint32_t { dequantise, posterior, future };
Rng stream(const OpenLoopOptions& o, Draw what) {
  return Rng(o.seed, Stream::dream, 3 * o.episode + static_cast<std::uint32_t>(what));
}

OpenLoop allocate(const WorldModel<float>& model, const Episode& episode,
                  const OpenLoopOptions& o) {
  const ModelConfig& c = model.config();
  require(episode.image_size == c.image_size && episode.action_size == c.action_size,
          "the episode has pictures of ", episode.image_size, " pixels and ", episode.action_size,
          " numbers in an action; the model has ", c.image_size, " and ", c.action_size);
  OpenLoop out;
  out.context = o.context;
  out.T = o.rows == 0 ? episode.rows() : o.rows;
  out.K = o.samples;
  out.F = model.latent().feature_size();
  require(out.T >= 1 && out.T <= episode.rows(), "an open loop of ", out.T,
          " rows is asked for; the episode has ", episode.rows());
  require(o.context >= 1 && o.context <= out.T, "the context is ", o.context,
          " rows; it must lie between 1 and the rows in all, ", out.T);
  require(o.samples >= 1, o.samples, " samples are asked for; there must be at least 1");
  out.features.resize(size(out.T * out.K * out.F));
  out.reward.resize(size(out.T * out.K));
  return out;
}

// The belief that goes on from row to row, once for each sample.
struct Beliefs {
  std::vector<float> h, s;  // [K,D_h], [K,D_s]
};

void tile(std::span<const float> row, std::ptrdiff_t n, float* out) {
  for (std::ptrdiff_t j = 0; j < n; ++j) out = std::copy(row.begin(), row.end(), out);
}

// Rows 0 .. k-1. Returns K copies of the state at row k-1.
Beliefs see(const WorldModel<float>& model, const Episode& episode, const OpenLoopOptions& o,
            OpenLoop& out) {
  const LatentModel<float>& latent = model.latent();
  Rng dequantise = stream(o, Draw::dequantise), posterior = stream(o, Draw::posterior);
  Tape<float> tape(Mode::inference);
  const Window seen_rows{&episode, 0, out.context};
  const Sequence<float> x =
      make_sequence(tape, std::span(&seen_rows, 1), model.config(), dequantise, posterior);
  const Var<float> e = reshape(model.encode(x.image), {out.context, 1, model.config().embed_size});
  const Filtered<float> seen = latent.filter(e, x.action, x.noise);
  const Var<float> f = reshape(features(seen.state), {out.context, out.F});
  const Var<float> r = model.reward(f);
  const auto kl = gaussian_kl(seen.q, seen.p).value();
  out.kl.assign(kl.begin(), kl.end());
  for (std::ptrdiff_t t = 0; t < out.context; ++t) {
    tile(f.value().subspan(size(t * out.F), size(out.F)), out.K,
         out.features.data() + t * out.K * out.F);
    tile(r.value().subspan(size(t), 1), out.K, out.reward.data() + t * out.K);
  }

  const std::ptrdiff_t D_h = latent.deter_size(), D_s = latent.stoch_size();
  Beliefs now{std::vector<float>(size(out.K * D_h)), std::vector<float>(size(out.K * D_s))};
  if (D_h > 0) tile(seen.state.h.value().last(size(D_h)), out.K, now.h.data());
  tile(seen.state.s.value().last(size(D_s)), out.K, now.s.data());
  return now;
}

// Sample j has 2^32 counters to itself, row t of it ceil(D_s / 4) of those.
void fill_future_noise(const OpenLoopOptions& o, std::ptrdiff_t t, std::ptrdiff_t K,
                       std::ptrdiff_t D_s, float* noise) {
  Rng rng = stream(o, Draw::future);
  for (std::ptrdiff_t j = 0; j < K; ++j) {
    rng.seek((static_cast<std::uint64_t>(j) << 32) +
             static_cast<std::uint64_t>(t * ((D_s + 3) / 4)));
    kernels::fill_normal(rng, noise + j * D_s, D_s);
  }
}

// Row t from row t-1, for all samples at once; `action` led to row t, so it is a_{t-1}.
void imagine_row(const WorldModel<float>& model, Tape<float>& tape, std::span<const float> action,
                 const OpenLoopOptions& o, std::ptrdiff_t t, Beliefs& now, OpenLoop& out) {
  const RewindScope<float> row(tape);
  const LatentModel<float>& latent = model.latent();
  const std::ptrdiff_t K = out.K, A = model.config().action_size, D_s = latent.stoch_size();
  float *a = nullptr, *z = nullptr;
  const Var<float> a_prev = tape.uninitialised({K, A}, &a);
  const Var<float> noise = tape.uninitialised({K, D_s}, &z);
  tile(action, K, a);
  fill_future_noise(o, t, K, D_s, z);
  const State<float> prev = latent.borrow(tape, now.h.data(), now.s.data(), K);
  const State<float> state = latent.imagine(prev, a_prev, noise).state;
  const Var<float> f = features(state);
  std::ranges::copy(f.value(), out.features.begin() + t * K * out.F);
  std::ranges::copy(model.reward(f).value(), out.reward.begin() + t * K);
  copy_state(state, now.h.data(), now.s.data());
}

}  // namespace

std::span<const float> OpenLoop::features_at(std::ptrdiff_t t) const {
  return std::span(features).subspan(size(t * K * F), size(K * F));
}
std::span<const float> OpenLoop::reward_at(std::ptrdiff_t t) const {
  return std::span(reward).subspan(size(t * K), size(K));
}

OpenLoop open_loop(const WorldModel<float>& model, const Episode& episode,
                   const OpenLoopOptions& o) {
  OpenLoop out = allocate(model, episode, o);
  Beliefs now = see(model, episode, o, out);
  Tape<float> tape(Mode::inference);
  const std::size_t A = size(episode.action_size);
  for (std::ptrdiff_t t = out.context; t < out.T; ++t)
    imagine_row(model, tape, std::span(episode.action).subspan(size(t) * A, A), o, t, now, out);
  return out;
}

OpenLoop imagine_actions(const WorldModel<float>& model, std::span<const float> h,
                         std::span<const float> s, std::span<const float> actions,
                         std::ptrdiff_t samples, std::uint64_t seed) {
  const LatentModel<float>& latent = model.latent();
  const std::size_t A = size(model.config().action_size), H = actions.size() / A;
  require(h.size() == size(latent.deter_size()) && s.size() == size(latent.stoch_size()) &&
              actions.size() == H * A && samples >= 1,
          "[imagine_actions] h has ", h.size(), " numbers, s has ", s.size(), ", the actions ",
          actions.size(), ", and ", samples, " samples are asked for; this model has ",
          latent.deter_size(), ", ", latent.stoch_size(), " and ", A, " an action");
  const OpenLoopOptions o{1, static_cast<std::ptrdiff_t>(H) + 1, samples, seed, 0};
  OpenLoop out{1, o.rows, samples, latent.feature_size(), {}, {}, {}};
  out.features.resize(size(out.T * out.K * out.F));
  out.reward.resize(size(out.T * out.K));
  Beliefs now{std::vector<float>(h.size() * size(samples)),
              std::vector<float>(s.size() * size(samples))};
  tile(h, samples, now.h.data());
  tile(s, samples, now.s.data());
  Tape<float> tape(Mode::inference);
  const Var<float> f = features(latent.borrow(tape, now.h.data(), now.s.data(), samples));
  std::ranges::copy(f.value(), out.features.begin());
  std::ranges::copy(model.reward(f).value(), out.reward.begin());
  for (std::size_t t = 1; t <= H; ++t)
    imagine_row(model, tape, actions.subspan((t - 1) * A, A), o, static_cast<std::ptrdiff_t>(t),
                now, out);
  return out;
}

std::vector<float> decode(const WorldModel<float>& model, std::span<const float> features) {
  const std::ptrdiff_t F = model.latent().feature_size(), n = model.config().image_size;
  const auto N = static_cast<std::ptrdiff_t>(features.size()) / F;
  require(N >= 1 && features.size() == size(N * F), "[decode] there are ", features.size(),
          " numbers; N features of this model have ", F, " N, N at least 1");
  std::vector<float> images(size(N * n * n * 3));
  Tape<float> tape(Mode::inference);
  for (std::ptrdiff_t i = 0; i < N; i += decode_rows) {
    tape.reset();
    const std::ptrdiff_t rows = std::min(decode_rows, N - i);
    const Var<float> decoded = model.decode(tape.borrow(features.data() + i * F, {rows, F}));
    std::ranges::copy(decoded.value(), images.begin() + i * n * n * 3);
  }
  return images;
}

}  // namespace planet
