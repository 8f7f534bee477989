#include "rssm/heads.hpp"

namespace planet {

Var SplitLinear::project_embedding(Var e) const {
  Tape& tape = e.on();
  const NameScope scope(tape, layer_.name());
  const Var W = tape.use(layer_.weight());
  return linear(e, slice_first(W, x_size_, W.shape()[0]), tape.use(layer_.bias()));
}

Var SplitLinear::operator()(Var x, Var projected) const {
  Tape& tape = x.on();
  const NameScope scope(tape, layer_.name());
  const Var W_x = slice_first(tape.use(layer_.weight()), 0, x_size_);
  return relu(matmul(x, W_x) + projected);
}

}  // namespace planet
