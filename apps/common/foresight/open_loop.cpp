#include "apps/common/foresight/open_loop.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"

namespace planet {
namespace {

constexpr std::ptrdiff_t decode_rows = 64;  // pictures decoded per chunk

// Three random substreams per episode: for its pictures, its posterior and its futures.
enum class Draw : std::uint32_t { dequantise, posterior, future };
Rng stream(const OpenLoopOptions& o, Draw what) {
  return Rng(o.seed, Stream::dream, 3 * o.episode + static_cast<std::uint32_t>(what));
}

OpenLoop allocate(const WorldModel& model, const Episode& episode, const OpenLoopOptions& o) {
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
  out.features.resize(index(out.T * out.K * out.F));
  out.reward.resize(index(out.T * out.K));
  return out;
}

// The state carried from row to row, one per sample.
struct Beliefs {
  std::vector<float> h, s;  // [K,D_h], [K,D_s]
};

void tile(std::span<const float> row, std::ptrdiff_t n, float* out) {
  for (std::ptrdiff_t j = 0; j < n; ++j) out = std::copy(row.begin(), row.end(), out);
}

// Rows 0 .. k-1. Returns K copies of the state at row k-1.
Beliefs see(const WorldModel& model, const Episode& episode, const OpenLoopOptions& o,
            OpenLoop& out) {
  const LatentModel& latent = model.latent();
  Rng dequantise = stream(o, Draw::dequantise), posterior = stream(o, Draw::posterior);
  Tape tape(model.precision(), Mode::inference);
  const Window seen_rows{&episode, 0, out.context};
  const Sequence x =
      make_sequence(tape, std::span(&seen_rows, 1), model.config(), dequantise, posterior);
  const Var e = reshape(model.encode(x.image), {out.context, 1, model.config().embed_size});
  const FilteredWindow seen = latent.filter(e, x.action, x.noise);
  const Var f = reshape(features(seen.state), {out.context, out.F});
  const Var r = model.reward(f);
  const auto kl = gaussian_kl(seen.q, seen.p).value<float>();
  out.kl.assign(kl.begin(), kl.end());
  for (std::ptrdiff_t t = 0; t < out.context; ++t) {
    tile(f.value<float>().subspan(index(t * out.F), index(out.F)), out.K,
         out.features.data() + t * out.K * out.F);
    tile(r.value<float>().subspan(index(t), 1), out.K, out.reward.data() + t * out.K);
  }

  const std::ptrdiff_t D_h = latent.deter_size(), D_s = latent.stoch_size();
  Beliefs now{std::vector<float>(index(out.K * D_h)), std::vector<float>(index(out.K * D_s))};
  if (D_h > 0) tile(seen.state.h.value<float>().last(index(D_h)), out.K, now.h.data());
  tile(seen.state.s.value<float>().last(index(D_s)), out.K, now.s.data());
  return now;
}

// Sample j has a range of 2^32 counters, of which row t uses ceil(D_s / 4).
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
void imagine_row(const WorldModel& model, Tape& tape, std::span<const float> action,
                 const OpenLoopOptions& o, std::ptrdiff_t t, Beliefs& now, OpenLoop& out) {
  const RewindScope row(tape);
  const LatentModel& latent = model.latent();
  const std::ptrdiff_t K = out.K, A = model.config().action_size, D_s = latent.stoch_size();
  float *a = nullptr, *z = nullptr;
  const Var a_prev = tape.uninitialised({K, A}, &a);
  const Var noise = tape.uninitialised({K, D_s}, &z);
  tile(action, K, a);
  fill_future_noise(o, t, K, D_s, z);
  const State prev = latent.borrow(tape, now.h.data(), now.s.data(), K);
  const State state = latent.imagine(prev, a_prev, noise).state;
  const Var f = features(state);
  std::ranges::copy(f.value<float>(), out.features.begin() + t * K * out.F);
  std::ranges::copy(model.reward(f).value<float>(), out.reward.begin() + t * K);
  copy_state(state, now.h.data(), now.s.data());
}

}  // namespace

std::span<const float> OpenLoop::features_at(std::ptrdiff_t t) const {
  return std::span(features).subspan(index(t * K * F), index(K * F));
}
std::span<const float> OpenLoop::reward_at(std::ptrdiff_t t) const {
  return std::span(reward).subspan(index(t * K), index(K));
}

OpenLoop open_loop(const WorldModel& model, const Episode& episode, const OpenLoopOptions& o) {
  OpenLoop out = allocate(model, episode, o);
  Beliefs now = see(model, episode, o, out);
  Tape tape(model.precision(), Mode::inference);
  const std::size_t A = index(episode.action_size);
  for (std::ptrdiff_t t = out.context; t < out.T; ++t)
    imagine_row(model, tape, std::span(episode.action).subspan(index(t) * A, A), o, t, now, out);
  return out;
}

OpenLoop imagine_actions(const WorldModel& model, std::span<const float> h,
                         std::span<const float> s, std::span<const float> actions,
                         std::ptrdiff_t samples, std::uint64_t seed) {
  const LatentModel& latent = model.latent();
  const std::size_t A = index(model.config().action_size), H = actions.size() / A;
  require(h.size() == index(latent.deter_size()) && s.size() == index(latent.stoch_size()) &&
              actions.size() == H * A && samples >= 1,
          "[imagine_actions] h has ", h.size(), " numbers, s has ", s.size(), ", the actions ",
          actions.size(), ", and ", samples, " samples are asked for; this model has ",
          latent.deter_size(), ", ", latent.stoch_size(), " and ", A, " an action");
  const OpenLoopOptions o{1, static_cast<std::ptrdiff_t>(H) + 1, samples, seed, 0};
  OpenLoop out{1, o.rows, samples, latent.feature_size(), {}, {}, {}};
  out.features.resize(index(out.T * out.K * out.F));
  out.reward.resize(index(out.T * out.K));
  Beliefs now{std::vector<float>(h.size() * index(samples)),
              std::vector<float>(s.size() * index(samples))};
  tile(h, samples, now.h.data());
  tile(s, samples, now.s.data());
  Tape tape(model.precision(), Mode::inference);
  const Var f = features(latent.borrow(tape, now.h.data(), now.s.data(), samples));
  std::ranges::copy(f.value<float>(), out.features.begin());
  std::ranges::copy(model.reward(f).value<float>(), out.reward.begin());
  for (std::size_t t = 1; t <= H; ++t)
    imagine_row(model, tape, actions.subspan((t - 1) * A, A), o, static_cast<std::ptrdiff_t>(t),
                now, out);
  return out;
}

std::vector<float> decode(const WorldModel& model, std::span<const float> features) {
  const std::ptrdiff_t F = model.latent().feature_size(), n = model.config().image_size;
  const auto N = static_cast<std::ptrdiff_t>(features.size()) / F;
  require(N >= 1 && features.size() == index(N * F), "[decode] there are ", features.size(),
          " numbers; N features of this model have ", F, " N, N at least 1");
  std::vector<float> images(index(N * n * n * 3));
  Tape tape(model.precision(), Mode::inference);
  for (std::ptrdiff_t i = 0; i < N; i += decode_rows) {
    tape.reset();
    const std::ptrdiff_t rows = std::min(decode_rows, N - i);
    const Var decoded = model.decode(tape.borrow(features.data() + i * F, {rows, F}));
    std::ranges::copy(decoded.value<float>(), images.begin() + i * n * n * 3);
  }
  return images;
}

}  // namespace planet
