#include "rssm/ssm.hpp"

namespace planet {

template <class T>
Ssm<T>::Ssm(ParamStore<T>& store, Rng& rng, const ModelConfig& c, const std::string& name)
    : LatentModel<T>(0, c.stoch_size),
      prior_hidden_(store, rng, name + "/prior/hidden", c.stoch_size + c.action_size,
                    latent_hidden_size(c), Activation::relu),
      prior_(store, rng, name + "/prior", latent_hidden_size(c), c.stoch_size, c.min_std),
      posterior_hidden_(store, rng, name + "/posterior/hidden", 2 * c.stoch_size, c.embed_size,
                        latent_hidden_size(c)),
      posterior_(store, rng, name + "/posterior", latent_hidden_size(c), c.stoch_size, c.min_std) {}

// ---- the pieces

template <class T>
Gaussian<T> Ssm<T>::prior(Var<T> s_prev, Var<T> a_prev) const {
  return prior_(prior_hidden_(concat(s_prev, a_prev)));
}

template <class T>
Gaussian<T> Ssm<T>::posterior(const Gaussian<T>& p_s_t, Var<T> e_t) const {
  return posterior_given(p_s_t, posterior_hidden_.evidence(e_t));
}

template <class T>
Gaussian<T> Ssm<T>::posterior_given(const Gaussian<T>& p_s_t, Var<T> evidence_t) const {
  return posterior_(posterior_hidden_(concat(p_s_t.mean, p_s_t.std), evidence_t));
}

// ---- one step

template <class T>
Imagined<T> Ssm<T>::imagine(const State<T>& prev, Var<T> a_prev, Var<T> noise) const {
  const Gaussian<T> p_s_t = prior(prev.s, a_prev);
  return {{{}, sample(p_s_t, noise)}, p_s_t};
}

template <class T>
Observed<T> Ssm<T>::observe(const State<T>& prev, Var<T> a_prev, Var<T> e_t, Var<T> noise) const {
  const Gaussian<T> q_s_t = posterior(prior(prev.s, a_prev), e_t);
  return {{{}, sample(q_s_t, noise)}, q_s_t};
}

// ---- a window

template <class T>
Filtered<T> Ssm<T>::filter(Var<T> embedding, Var<T> action, Var<T> noise) const {
  Tape<T>& tape = action.on();
  const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
  const Var<T> seen = posterior_hidden_.evidence(embedding);
  const auto n = static_cast<std::size_t>(L);
  const auto steps = [&] { return tape.template array<Var<T>>(n); };
  const std::span<Var<T>> s = steps(), q_mean = steps(), q_std = steps(), p_mean = steps(),
                          p_std = steps();

  State<T> state = this->initial(tape, B);
  for (std::ptrdiff_t t = 0; t < L; ++t) {
    const Gaussian<T> p_s_t = prior(state.s, at(action, t));        // p(s_t | s_{t-1}, a_{t-1})
    const Gaussian<T> q_s_t = posterior_given(p_s_t, at(seen, t));  // q(s_t | .., o_t)
    state = {{}, sample(q_s_t, at(noise, t))};                      // s_t ~ q

    const auto i = static_cast<std::size_t>(t);
    s[i] = state.s;
    q_mean[i] = q_s_t.mean, q_std[i] = q_s_t.std;
    p_mean[i] = p_s_t.mean, p_std[i] = p_s_t.std;
  }
  return {
      {{}, stack<T>(s)}, {stack<T>(q_mean), stack<T>(q_std)}, {stack<T>(p_mean), stack<T>(p_std)}};
}

template class Ssm<float>;
template class Ssm<double>;

}  // namespace planet
