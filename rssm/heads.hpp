// What the latent models consist of besides their recurrences: a Gaussian head on a hidden layer,
// and the hidden layer of a posterior.
#pragma once

#include <string>

#include "nn/layers.hpp"
#include "rssm/latent.hpp"

namespace planet {

/// N(mean, std^2) from a hidden layer u [...,in]: mean = linear(u), std = softplus(linear(u)) +
/// min_std. Layers "<name>/mean" and "<name>/std".
class GaussianHead {
 public:
  GaussianHead(ParamStore& store, Rng& rng, const std::string& name, std::ptrdiff_t in,
               std::ptrdiff_t out, double min_std)
      : mean_(store, rng, name + "/mean", in, out),
        std_(store, rng, name + "/std", in, out, Activation::softplus),
        min_std_(min_std) {}
  Gaussian operator()(Var u) const { return {mean_(u), add_constant(std_(u), min_std_)}; }

 private:
  Linear mean_, std_;
  double min_std_;
};

/// relu(W_x x + W_e e + b), where e is the frame's embedding. W_e e + b, the larger part, does not
/// depend on x, so it is computed for all t of a window at once.
class SplitLinear {
 public:
  SplitLinear(ParamStore& store, Rng& rng, const std::string& name, std::ptrdiff_t x_size,
              std::ptrdiff_t embed_size, std::ptrdiff_t hidden_size)
      : x_size_(x_size), layer_(store, rng, name, x_size + embed_size, hidden_size) {}

  /// W_e e + b: [...,E] -> [...,hidden].
  Var project_embedding(Var e) const;
  /// The hidden layer of B rows: x [B,x_size], projected [B,hidden] -> [B,hidden].
  Var operator()(Var x, Var projected) const;

 private:
  std::ptrdiff_t x_size_;
  Linear layer_;  // its weight's rows: first those of x, then those of e
};

}  // namespace planet
