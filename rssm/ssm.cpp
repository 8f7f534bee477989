#include "rssm/ssm.hpp"

namespace planet {

Ssm::Ssm(ParamStore& store, Rng& rng, const ModelConfig& c, const std::string& name)
    : LatentModel(0, c.stoch_size),
      prior_hidden_(store, rng, name + "/prior/hidden", c.stoch_size + c.action_size,
                    latent_hidden_size(c), Activation::relu),
      prior_(store, rng, name + "/prior", latent_hidden_size(c), c.stoch_size, c.min_std),
      posterior_hidden_(store, rng, name + "/posterior/hidden", 2 * c.stoch_size, c.embed_size,
                        latent_hidden_size(c)),
      posterior_(store, rng, name + "/posterior", latent_hidden_size(c), c.stoch_size, c.min_std) {}

// ---- the pieces

Gaussian Ssm::prior(Var s_prev, Var a_prev) const {
  return prior_(prior_hidden_(concat(s_prev, a_prev)));
}

Gaussian Ssm::posterior(const Gaussian& p_s_t, Var e_t) const {
  return posterior_given(p_s_t, posterior_hidden_.project_embedding(e_t));
}

Gaussian Ssm::posterior_given(const Gaussian& p_s_t, Var projected_t) const {
  return posterior_(posterior_hidden_(concat(p_s_t.mean, p_s_t.std), projected_t));
}

// ---- one step

PriorStep Ssm::imagine(const State& prev, Var a_prev, Var noise) const {
  const Gaussian p_s_t = prior(prev.s, a_prev);
  return {{{}, sample(p_s_t, noise)}, p_s_t};
}

PosteriorStep Ssm::observe(const State& prev, Var a_prev, Var e_t, Var noise) const {
  const Gaussian q_s_t = posterior(prior(prev.s, a_prev), e_t);
  return {{{}, sample(q_s_t, noise)}, q_s_t};
}

// ---- a window

FilteredWindow Ssm::filter(Var embedding, Var action, Var noise) const {
  Tape& tape = action.on();
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
  const Var projected = posterior_hidden_.project_embedding(embedding);
  const auto n = static_cast<std::size_t>(L);
  const auto steps = [&] { return tape.array<Var>(n); };
  const std::span<Var> s = steps(), q_mean = steps(), q_std = steps(), p_mean = steps(),
                       p_std = steps();

  State state = initial(tape, B);
  for (std::ptrdiff_t t = 0; t < L; ++t) {
    const Gaussian p_s_t = prior(state.s, at(action, t));             // p(s_t | s_{t-1}, a_{t-1})
    const Gaussian q_s_t = posterior_given(p_s_t, at(projected, t));  // q(s_t | .., o_t)
    state = {{}, sample(q_s_t, at(noise, t))};                        // s_t ~ q

    const auto i = static_cast<std::size_t>(t);
    s[i] = state.s;
    q_mean[i] = q_s_t.mean, q_std[i] = q_s_t.std;
    p_mean[i] = p_s_t.mean, p_std[i] = p_s_t.std;
  }
  return {{{}, stack(s)}, {stack(q_mean), stack(q_std)}, {stack(p_mean), stack(p_std)}};
}

}  // namespace planet
