#include "rssm/heads.hpp"

namespace planet {

template <class T>
Var<T> EvidenceLayer<T>::evidence(Var<T> e) const {
  Tape<T>& tape = e.on();
  const NameScope scope(tape, layer_.name());
  const Var<T> W = tape.use(layer_.weight());
  return linear(e, slice_first(W, x_size_, W.shape()[0]), tape.use(layer_.bias()));
}

template <class T>
Var<T> EvidenceLayer<T>::operator()(Var<T> x, Var<T> evidence) const {
  Tape<T>& tape = x.on();
  const NameScope scope(tape, layer_.name());
  const Var<T> W_x = slice_first(tape.use(layer_.weight()), 0, x_size_);
  return relu(matmul(x, W_x) + evidence);
}

template class EvidenceLayer<float>;
template class EvidenceLayer<double>;

}  // namespace planet
