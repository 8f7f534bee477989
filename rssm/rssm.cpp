#include "rssm/rssm.hpp"

namespace planet {

Rssm::Rssm(ParamStore& store, Rng& rng, const ModelConfig& c, const std::string& name)
    : LatentModel(c.deter_size, c.stoch_size),
      inp_(store, rng, name + "/inp", c.stoch_size + c.action_size, c.deter_size, Activation::relu),
      gru_(store, rng, name + "/gru", c.deter_size, c.deter_size),
      prior_hidden_(store, rng, name + "/prior/hidden", c.deter_size, c.hidden_size,
                    Activation::relu),
      prior_(store, rng, name + "/prior", c.hidden_size, c.stoch_size, c.min_std),
      posterior_hidden_(store, rng, name + "/posterior/hidden", c.deter_size, c.embed_size,
                        c.hidden_size),
      posterior_(store, rng, name + "/posterior", c.hidden_size, c.stoch_size, c.min_std) {}

// ---- the pieces

Var Rssm::transition(const State& prev, Var a_prev) const {
  return gru_(inp_(concat(prev.s, a_prev)), prev.h);
}

Gaussian Rssm::prior(Var h_t) const { return prior_(prior_hidden_(h_t)); }

Gaussian Rssm::posterior(Var h_t, Var e_t) const {
  return posterior_given(h_t, posterior_hidden_.project_embedding(e_t));
}

Gaussian Rssm::posterior_given(Var h_t, Var projected_t) const {
  return posterior_(posterior_hidden_(h_t, projected_t));
}

// ---- one step

PriorStep Rssm::imagine(const State& prev, Var a_prev, Var noise) const {
  const Var h_t = transition(prev, a_prev);
  const Gaussian p_s_t = prior(h_t);
  return {{h_t, sample(p_s_t, noise)}, p_s_t};
}

PosteriorStep Rssm::observe(const State& prev, Var a_prev, Var e_t, Var noise) const {
  const Var h_t = transition(prev, a_prev);
  const Gaussian q_s_t = posterior(h_t, e_t);
  return {{h_t, sample(q_s_t, noise)}, q_s_t};
}

// ---- a window

FilteredWindow Rssm::filter(Var embedding, Var action, Var noise) const {
  Tape& tape = action.on();
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
  const Var projected = posterior_hidden_.project_embedding(embedding);
  const auto n = static_cast<std::size_t>(L);
  const std::span<Var> h = tape.array<Var>(n), s = tape.array<Var>(n), mean = tape.array<Var>(n),
                       std = tape.array<Var>(n);

  State state = initial(tape, B);
  for (std::ptrdiff_t t = 0; t < L; ++t) {
    const Var h_t = transition(state, at(action, t));               // f(h_{t-1}, s_{t-1}, a_{t-1})
    const Gaussian q_s_t = posterior_given(h_t, at(projected, t));  // q(s_t | h_t, o_t)
    const Var s_t = sample(q_s_t, at(noise, t));                    // s_t ~ q
    state = {h_t, s_t};

    const auto i = static_cast<std::size_t>(t);
    h[i] = h_t, s[i] = s_t, mean[i] = q_s_t.mean, std[i] = q_s_t.std;
  }
  const Var all_h = stack(h);  // the prior needs no loop: one op on all L*B rows
  return {{all_h, stack(s)}, {stack(mean), stack(std)}, prior(all_h)};
}

}  // namespace planet
