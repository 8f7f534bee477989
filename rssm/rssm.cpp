#include "rssm/rssm.hpp"

namespace planet {

template <class T>
Rssm<T>::Rssm(ParamStore<T>& store, Rng& rng, const ModelConfig& c, const std::string& name)
    : LatentModel<T>(c.deter_size, c.stoch_size),
      inp_(store, rng, name + "/inp", c.stoch_size + c.action_size, c.deter_size, Activation::relu),
      gru_(store, rng, name + "/gru", c.deter_size, c.deter_size),
      prior_hidden_(store, rng, name + "/prior/hidden", c.deter_size, c.hidden_size,
                    Activation::relu),
      prior_(store, rng, name + "/prior", c.hidden_size, c.stoch_size, c.min_std),
      posterior_hidden_(store, rng, name + "/posterior/hidden", c.deter_size, c.embed_size,
                        c.hidden_size),
      posterior_(store, rng, name + "/posterior", c.hidden_size, c.stoch_size, c.min_std) {}

// ---- the pieces

template <class T>
Var<T> Rssm<T>::transition(const State<T>& prev, Var<T> a_prev) const {
  return gru_(inp_(concat(prev.s, a_prev)), prev.h);
}

template <class T>
Gaussian<T> Rssm<T>::prior(Var<T> h_t) const {
  return prior_(prior_hidden_(h_t));
}

template <class T>
Gaussian<T> Rssm<T>::posterior(Var<T> h_t, Var<T> e_t) const {
  return posterior_given(h_t, posterior_hidden_.evidence(e_t));
}

template <class T>
Gaussian<T> Rssm<T>::posterior_given(Var<T> h_t, Var<T> evidence_t) const {
  return posterior_(posterior_hidden_(h_t, evidence_t));
}

// ---- one step

template <class T>
Imagined<T> Rssm<T>::imagine(const State<T>& prev, Var<T> a_prev, Var<T> noise) const {
  const Var<T> h_t = transition(prev, a_prev);
  const Gaussian<T> p_s_t = prior(h_t);
  return {{h_t, sample(p_s_t, noise)}, p_s_t};
}

template <class T>
Observed<T> Rssm<T>::observe(const State<T>& prev, Var<T> a_prev, Var<T> e_t, Var<T> noise) const {
  const Var<T> h_t = transition(prev, a_prev);
  const Gaussian<T> q_s_t = posterior(h_t, e_t);
  return {{h_t, sample(q_s_t, noise)}, q_s_t};
}

// ---- a window

template <class T>
Filtered<T> Rssm<T>::filter(Var<T> embedding, Var<T> action, Var<T> noise) const {
  Tape<T>& tape = action.on();
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
  const Var<T> seen = posterior_hidden_.evidence(embedding);
  const auto n = static_cast<std::size_t>(L);
  const std::span<Var<T>> h = tape.template array<Var<T>>(n), s = tape.template array<Var<T>>(n),
                          mean = tape.template array<Var<T>>(n),
                          std = tape.template array<Var<T>>(n);

  State<T> state = this->initial(tape, B);
  for (std::ptrdiff_t t = 0; t < L; ++t) {
    const Var<T> h_t = transition(state, at(action, t));          // f(h_{t-1}, s_{t-1}, a_{t-1})
    const Gaussian<T> q_s_t = posterior_given(h_t, at(seen, t));  // q(s_t | h_t, o_t)
    const Var<T> s_t = sample(q_s_t, at(noise, t));               // s_t ~ q
    state = {h_t, s_t};

    const auto i = static_cast<std::size_t>(t);
    h[i] = h_t, s[i] = s_t, mean[i] = q_s_t.mean, std[i] = q_s_t.std;
  }
  const Var<T> all_h = stack<T>(h);  // the prior does not wait: one op on all L*B rows
  return {{all_h, stack<T>(s)}, {stack<T>(mean), stack<T>(std)}, prior(all_h)};
}

template class Rssm<float>;
template class Rssm<double>;

}  // namespace planet
