// Layers: named parameters in a store, and the op that uses them.
//
// A layer is built once, with its full path as its name ("rssm/prior/0"), and adds "<name>/weight"
// and "<name>/bias" to the store. Calling it records its op on the tape of its argument, so
// training and planning use the same object on different tapes. Errors contain the path. A layer is
// a few pointers into the store: copy it freely, but keep the store alive. Weights start Glorot
// uniform, biases at zero (init.hpp). The formulas and the errors of wrong shapes are in
// autograd/ops/; a size below 1 is an error of the constructor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/activation.hpp"
#include "autograd/base/philox.hpp"
#include "autograd/param.hpp"
#include "autograd/tape.hpp"

namespace planet {

/// What every layer has: a weight and a bias, and the path before "/weight".
class Layer {
 public:
  const Param& weight() const { return *weight_; }
  const Param& bias() const { return *bias_; }
  std::string_view name() const;  // lives as long as the store

 protected:
  Layer(ParamStore& store, const std::string& name, Shape weight, Shape bias);
  Tape& tape_of(Var x) const;  // Error: a Var that was never recorded

  Param* weight_;
  Param* bias_;
};

/// y = act(x W + b): x [...,in] -> [...,out]; W [in,out], b [out].
class Linear : public Layer {
 public:
  Linear(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in, std::ptrdiff_t out,
         Activation act = Activation::none);
  Var operator()(Var x) const;

  std::ptrdiff_t in() const { return weight_->shape[0]; }
  std::ptrdiff_t out() const { return weight_->shape[1]; }

 private:
  Activation act_;
};

/// Linear layers "<name>/0", "<name>/1", ...: the hidden ones with `hidden_act`, the last one
/// linear. x [...,in] -> [...,out]. Without hidden layers it is a single Linear.
class Mlp {
 public:
  Mlp(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in,
      std::vector<std::ptrdiff_t> hidden, std::ptrdiff_t out, Activation hidden_act);
  Var operator()(Var x) const;

 private:
  std::vector<Linear> layers_;
};

/// Valid convolution, square kernel: x [N,H,W,in] -> [N,(H-k)/stride+1,(W-k)/stride+1,out];
/// weight [k,k,in,out].
class Conv2d : public Layer {
 public:
  Conv2d(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in_channels,
         std::ptrdiff_t out_channels, std::ptrdiff_t kernel, int stride,
         Activation act = Activation::none);
  Var operator()(Var x) const;

 private:
  int stride_;
  Activation act_;
};

/// Its transpose: x [N,H,W,in] -> [N,(H-1)*stride+k,(W-1)*stride+k,out]; weight [k,k,out,in].
class ConvTranspose2d : public Layer {
 public:
  ConvTranspose2d(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in_channels,
                  std::ptrdiff_t out_channels, std::ptrdiff_t kernel, int stride,
                  Activation act = Activation::none);
  Var operator()(Var x) const;

 private:
  int stride_;
  Activation act_;
};

/// PlaNet's GRU (TensorFlow's block cell): x [B,in], h [B,hidden] -> h' [B,hidden].
///   r, u = sigmoid([x,h] W_ru + b_ru)   c = tanh([x, r*h] W_c + b_c)   h' = u*h + (1-u)*c
/// One weight [in+hidden,3*hidden] with the columns r, u, c; W_ru and W_c are drawn as two
/// matrices. b_r and b_u start at 1, so that a new cell remembers; b_c starts at 0.
class GruCell : public Layer {
 public:
  GruCell(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in, std::ptrdiff_t hidden);
  Var operator()(Var x, Var h) const;

  std::ptrdiff_t hidden() const { return bias_->shape[0] / 3; }
  std::ptrdiff_t in() const { return weight_->shape[0] - hidden(); }
};

}  // namespace planet
