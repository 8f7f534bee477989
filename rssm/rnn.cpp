#include "rssm/rnn.hpp"

namespace planet {

Rnn::Rnn(ParamStore& store, Rng& rng, const ModelConfig& c, const std::string& name)
    : LatentModel(c.deter_size, c.stoch_size),
      inp_(store, rng, name + "/inp", c.stoch_size + c.action_size, c.deter_size, Activation::relu),
      gru_(store, rng, name + "/gru", c.deter_size, c.deter_size),
      prior_hidden_(store, rng, name + "/prior/hidden", c.deter_size, latent_hidden_size(c),
                    Activation::relu),
      prior_(store, rng, name + "/prior/mean", latent_hidden_size(c), c.stoch_size),
      posterior_hidden_(store, rng, name + "/posterior/hidden", c.deter_size, c.embed_size,
                        latent_hidden_size(c)),
      posterior_(store, rng, name + "/posterior/mean", latent_hidden_size(c), c.stoch_size) {}

// ---- the pieces

Var Rnn::transition(const State& prev, Var a_prev) const {
  return gru_(inp_(concat(prev.s, a_prev)), prev.h);
}

Var Rnn::prediction(Var h_t) const { return prior_(prior_hidden_(h_t)); }

Var Rnn::code(Var h_t, Var e_t) const {
  return posterior_(posterior_hidden_(h_t, posterior_hidden_.project_embedding(e_t)));
}

// ---- one step

PriorStep Rnn::imagine(const State& prev, Var a_prev, Var) const {
  const Var h_t = transition(prev, a_prev);
  const Var s_t = prediction(h_t);
  return {{h_t, s_t}, unit_variance(s_t)};
}

PosteriorStep Rnn::observe(const State& prev, Var a_prev, Var e_t, Var) const {
  const Var h_t = transition(prev, a_prev);
  const Var s_t = code(h_t, e_t);
  return {{h_t, s_t}, {s_t, s_t.on().zeros(s_t.shape())}};
}

// ---- a window

FilteredWindow Rnn::filter(Var embedding, Var action, Var) const {
  Tape& tape = action.on();
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
  const Var projected = posterior_hidden_.project_embedding(embedding);
  const auto n = static_cast<std::size_t>(L);
  const std::span<Var> h = tape.array<Var>(n), s = tape.array<Var>(n);

  State state = initial(tape, B);
  for (std::ptrdiff_t t = 0; t < L; ++t) {
    const Var h_t = transition(state, at(action, t));
    state = {h_t, posterior_(posterior_hidden_(h_t, at(projected, t)))};
    const auto i = static_cast<std::size_t>(t);
    h[i] = state.h, s[i] = state.s;
  }
  const Var all_h = stack(h), all_s = stack(s);
  return {{all_h, all_s}, unit_variance(all_s), unit_variance(prediction(all_h))};
}

}  // namespace planet
