#include "nn/layers.hpp"

#include "autograd/base/error.hpp"
#include "autograd/ops.hpp"
#include "nn/init.hpp"

namespace planet {

namespace {

std::ptrdiff_t positive(const std::string& layer, std::string_view what, std::ptrdiff_t n) {
  require(n >= 1, "layer ", layer, ": ", what, " is ", n, "; it must be at least 1");
  return n;
}

Shape kernel_shape(const std::string& layer, std::ptrdiff_t kernel, int stride,
                   std::ptrdiff_t in_channels, std::ptrdiff_t out_channels, bool transposed) {
  positive(layer, "the kernel size", kernel);
  positive(layer, "the stride", stride);
  positive(layer, "the number of input channels", in_channels);
  positive(layer, "the number of output channels", out_channels);
  return transposed ? Shape{kernel, kernel, out_channels, in_channels}
                    : Shape{kernel, kernel, in_channels, out_channels};
}

constexpr std::string_view weight_suffix = "/weight";

}  // namespace

// ---- Layer -------------------------------------------------------------------------------------

template <class T>
Layer<T>::Layer(ParamStore<T>& store, const std::string& name, Shape weight, Shape bias)
    : weight_(&store.add(name + std::string(weight_suffix), weight)),
      bias_(&store.add(name + "/bias", bias)) {}

// The name is read from the parameter and not kept here, because a tape refers to it for as long
// as its records live: the store stays where it is, a layer may be moved.
template <class T>
std::string_view Layer<T>::name() const {
  std::string_view path = weight_->name;
  path.remove_suffix(weight_suffix.size());
  return path;
}

template <class T>
Tape<T>& Layer<T>::tape_of(Var<T> x) const {
  require(x.tape != nullptr, "layer ", name(), " was given a Var that is on no tape");
  return *x.tape;
}

// ---- Linear, Mlp -------------------------------------------------------------------------------

template <class T>
Linear<T>::Linear(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in,
                  std::ptrdiff_t out, Activation act)
    : Layer<T>(store, name,
               {positive(name, "the input size", in), positive(name, "the output size", out)},
               {out}),
      act_(act) {
  init_glorot_uniform(*this->weight_, rng);
}

template <class T>
Var<T> Linear<T>::operator()(Var<T> x) const {
  Tape<T>& tape = this->tape_of(x);
  const NameScope scope(tape, this->name());
  return linear(x, tape.use(*this->weight_), tape.use(*this->bias_), act_);
}

template <class T>
Mlp<T>::Mlp(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in,
            std::vector<std::ptrdiff_t> hidden, std::ptrdiff_t out, Activation hidden_act) {
  layers_.reserve(hidden.size() + 1);
  const auto add = [&](std::ptrdiff_t width, Activation act) {
    layers_.emplace_back(store, rng, cat(name, "/", layers_.size()), in, width, act);
    in = width;
  };
  for (const std::ptrdiff_t width : hidden) add(width, hidden_act);
  add(out, Activation::none);
}

template <class T>
Var<T> Mlp<T>::operator()(Var<T> x) const {
  for (const Linear<T>& layer : layers_) x = layer(x);
  return x;
}

// ---- convolutions ------------------------------------------------------------------------------

template <class T>
Conv2d<T>::Conv2d(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in_channels,
                  std::ptrdiff_t out_channels, std::ptrdiff_t kernel, int stride, Activation act)
    : Layer<T>(store, name, kernel_shape(name, kernel, stride, in_channels, out_channels, false),
               {out_channels}),
      stride_(stride),
      act_(act) {
  init_glorot_uniform(*this->weight_, rng);
}

template <class T>
Var<T> Conv2d<T>::operator()(Var<T> x) const {
  Tape<T>& tape = this->tape_of(x);
  const NameScope scope(tape, this->name());
  return conv2d(x, tape.use(*this->weight_), tape.use(*this->bias_), stride_, act_);
}

template <class T>
ConvTranspose2d<T>::ConvTranspose2d(ParamStore<T>& store, Rng& rng, std::string name,
                                    std::ptrdiff_t in_channels, std::ptrdiff_t out_channels,
                                    std::ptrdiff_t kernel, int stride, Activation act)
    : Layer<T>(store, name, kernel_shape(name, kernel, stride, in_channels, out_channels, true),
               {out_channels}),
      stride_(stride),
      act_(act) {
  init_glorot_uniform(*this->weight_, rng);
}

template <class T>
Var<T> ConvTranspose2d<T>::operator()(Var<T> x) const {
  Tape<T>& tape = this->tape_of(x);
  const NameScope scope(tape, this->name());
  return conv2d_transpose(x, tape.use(*this->weight_), tape.use(*this->bias_), stride_, act_);
}

// ---- GruCell -----------------------------------------------------------------------------------

template <class T>
GruCell<T>::GruCell(ParamStore<T>& store, Rng& rng, std::string name, std::ptrdiff_t in,
                    std::ptrdiff_t hidden)
    : Layer<T>(store, name,
               {positive(name, "the input size", in) + positive(name, "the state size", hidden),
                3 * hidden},
               {3 * hidden}) {
  init_glorot_uniform_columns(*this->weight_, rng, 0, 2 * hidden);           // r, u
  init_glorot_uniform_columns(*this->weight_, rng, 2 * hidden, 3 * hidden);  // c
  init_constant_columns(*this->bias_, 0, 2 * hidden, 1.0);  // u near 0.73: h' is mostly h
}

template <class T>
Var<T> GruCell<T>::operator()(Var<T> x, Var<T> h) const {
  Tape<T>& tape = this->tape_of(x);
  const NameScope scope(tape, this->name());
  return gru_cell(x, h, tape.use(*this->weight_), tape.use(*this->bias_));
}

template class Layer<float>;
template class Layer<double>;
template class Linear<float>;
template class Linear<double>;
template class Mlp<float>;
template class Mlp<double>;
template class Conv2d<float>;
template class Conv2d<double>;
template class ConvTranspose2d<float>;
template class ConvTranspose2d<double>;
template class GruCell<float>;
template class GruCell<double>;

}  // namespace planet
