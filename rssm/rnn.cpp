#include "rssm/rnn.hpp"

namespace planet {

template <class T>
Rnn<T>::Rnn(ParamStore<T>& store, Rng& rng, const ModelConfig& c, const std::string& name)
    : LatentModel<T>(c.deter_size, c.stoch_size),
      inp_(store, rng, name + "/inp", c.stoch_size + c.action_size, c.deter_size, Activation::relu),
      gru_(store, rng, name + "/gru", c.deter_size, c.deter_size),
      prior_hidden_(store, rng, name + "/prior/hidden", c.deter_size, latent_hidden_size(c),
                    Activation::relu),
      prior_(store, rng, name + "/prior/mean", latent_hidden_size(c), c.stoch_size),
      posterior_hidden_(store, rng, name + "/posterior/hidden", c.deter_size, c.embed_size,
                        latent_hidden_size(c)),
      posterior_(store, rng, name + "/posterior/mean", latent_hidden_size(c), c.stoch_size) {}

// ---- the pieces

template <class T>
Var<T> Rnn<T>::transition(const State<T>& prev, Var<T> a_prev) const {
  return gru_(inp_(concat(prev.s, a_prev)), prev.h);
}

template <class T>
Var<T> Rnn<T>::prediction(Var<T> h_t) const {
  return prior_(prior_hidden_(h_t));
}

template <class T>
Var<T> Rnn<T>::code(Var<T> h_t, Var<T> e_t) const {
  return posterior_(posterior_hidden_(h_t, posterior_hidden_.evidence(e_t)));
}

// ---- one step

template <class T>
Imagined<T> Rnn<T>::imagine(const State<T>& prev, Var<T> a_prev, Var<T>) const {
  const Var<T> h_t = transition(prev, a_prev);
  const Var<T> s_t = prediction(h_t);
  return {{h_t, s_t}, of_variance_one(s_t)};
}

template <class T>
Observed<T> Rnn<T>::observe(const State<T>& prev, Var<T> a_prev, Var<T> e_t, Var<T>) const {
  const Var<T> h_t = transition(prev, a_prev);
  const Var<T> s_t = code(h_t, e_t);
  return {{h_t, s_t}, {s_t, s_t.on().zeros(s_t.shape())}};
}

// ---- a window

template <class T>
Filtered<T> Rnn<T>::filter(Var<T> embedding, Var<T> action, Var<T>) const {
  Tape<T>& tape = action.on();
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
  const Var<T> seen = posterior_hidden_.evidence(embedding);
  const auto n = static_cast<std::size_t>(L);
  const std::span<Var<T>> h = tape.template array<Var<T>>(n), s = tape.template array<Var<T>>(n);

  State<T> state = this->initial(tape, B);
  for (std::ptrdiff_t t = 0; t < L; ++t) {
    const Var<T> h_t = transition(state, at(action, t));
    state = {h_t, posterior_(posterior_hidden_(h_t, at(seen, t)))};
    const auto i = static_cast<std::size_t>(t);
    h[i] = state.h, s[i] = state.s;
  }
  const Var<T> all_h = stack<T>(h), all_s = stack<T>(s);
  return {{all_h, all_s}, of_variance_one(all_s), of_variance_one(prediction(all_h))};
}

template class Rnn<float>;
template class Rnn<double>;

}  // namespace planet
