// Layers: named parameters in a store, and the one op that uses them.
//
// A layer is built once, with its full path as name ("rssm/prior/0"), and adds "<name>/weight" and
// "<name>/bias" to the store. Calling it records its op on the tape of its argument, whichever
// tape that is: the training step and the planner run the very same object. Errors carry the path.
// A layer is a handful of pointers into the store; copy it freely, but keep the store alive.
// Weights start Glorot uniform, biases at zero (init.hpp). The formulas are in autograd/ops/.
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
template <class T>
class Layer {
 public:
  const Param<T>& weight() const { return *weight_; }
  const Param<T>& bias() const { return *bias_; }
  std::string_view name() const;  // lives as long as the store

 protected:
  Layer(ParamStore<T>& store, const std::string& name, Shape weight, Shape bias);
  Tape<T>& tape_of(Var<T> x) const;  // throws for a Var that was never recorded

  Param<T>* weight_;
  Param<T>* bias_;
};

/// y = act(x W + b): x [...,in] -> [...,out]; W [in,out], b [out].
template <class T>
class Linear : public Layer<T> {
 public:
  Linear(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in, std::ptrdiff_t out,
         Activation act = Activation::none);
  Var<T> operator()(Var<T> x) const;

  std::ptrdiff_t in() const { return this->weight_->shape[0]; }
  std::ptrdiff_t out() const { return this->weight_->shape[1]; }

 private:
  Activation act_;
};

/// Linear layers "<name>/0", "<name>/1", ...: the hidden ones with `hidden_act`, the last one
/// linear. x [...,in] -> [...,out]; no hidden layers make it a single Linear.
template <class T>
class Mlp {
 public:
  Mlp(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in,
      std::vector<std::ptrdiff_t> hidden, std::ptrdiff_t out, Activation hidden_act);
  Var<T> operator()(Var<T> x) const;

 private:
  std::vector<Linear<T>> layers_;
};

/// Valid convolution, square kernel: x [N,H,W,in] -> [N,(H-k)/stride+1,(W-k)/stride+1,out];
/// weight [k,k,in,out].
template <class T>
class Conv2d : public Layer<T> {
 public:
  Conv2d(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in_channels,
         std::ptrdiff_t out_channels, std::ptrdiff_t kernel, int stride,
         Activation act = Activation::none);
  Var<T> operator()(Var<T> x) const;

 private:
  int stride_;
  Activation act_;
};

/// Its transpose: x [N,H,W,in] -> [N,(H-1)*stride+k,(W-1)*stride+k,out]; weight [k,k,out,in].
template <class T>
class ConvTranspose2d : public Layer<T> {
 public:
  ConvTranspose2d(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in_channels,
                  std::ptrdiff_t out_channels, std::ptrdiff_t kernel, int stride,
                  Activation act = Activation::none);
  Var<T> operator()(Var<T> x) const;

 private:
  int stride_;
  Activation act_;
};

/// PlaNet's GRU (TensorFlow's block cell): x [B,in], h [B,hidden] -> h' [B,hidden].
///   r, u = sigmoid([x,h] W_ru + b_ru)   c = tanh([x, r*h] W_c + b_c)   h' = u*h + (1-u)*c
/// One weight [in+hidden,3*hidden] with the columns r, u, c; W_ru and W_c are drawn as two
/// matrices. b_r and b_u start at 1, so that a new cell remembers; b_c starts at 0.
template <class T>
class GruCell : public Layer<T> {
 public:
  GruCell(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in,
          std::ptrdiff_t hidden);
  Var<T> operator()(Var<T> x, Var<T> h) const;

  std::ptrdiff_t hidden() const { return this->bias_->shape[0] / 3; }
  std::ptrdiff_t in() const { return this->weight_->shape[0] - hidden(); }
};

extern template class Layer<float>;
extern template class Layer<double>;
extern template class Linear<float>;
extern template class Linear<double>;
extern template class Mlp<float>;
extern template class Mlp<double>;
extern template class Conv2d<float>;
extern template class Conv2d<double>;
extern template class ConvTranspose2d<float>;
extern template class ConvTranspose2d<double>;
extern template class GruCell<float>;
extern template class GruCell<double>;

}  // namespace planet
