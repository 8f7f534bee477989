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

Layer::Layer(ParamStore& store, const std::string& name, Shape weight, Shape bias)
    : weight_(&store.add(name + std::string(weight_suffix), weight)),
      bias_(&store.add(name + "/bias", bias)) {}

// The name is read from the parameter and not stored here, because a tape refers to it for as long
// as its records live, and a layer may be moved while the store stays in place.
std::string_view Layer::name() const {
  std::string_view path = weight_->name;
  path.remove_suffix(weight_suffix.size());
  return path;
}

Tape& Layer::tape_of(Var x) const {
  require(x.tape != nullptr, "layer ", name(), " was given a Var that is on no tape");
  return *x.tape;
}

// ---- Linear, Mlp -------------------------------------------------------------------------------

Linear::Linear(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in, std::ptrdiff_t out,
               Activation act)
    : Layer(store, name,
            {positive(name, "the input size", in), positive(name, "the output size", out)}, {out}),
      act_(act) {
  init_glorot_uniform(*weight_, rng);
}

Var Linear::operator()(Var x) const {
  Tape& tape = tape_of(x);
  const NameScope scope(tape, name());
  return linear(x, tape.use(*weight_), tape.use(*bias_), act_);
}

Mlp::Mlp(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in,
         std::vector<std::ptrdiff_t> hidden, std::ptrdiff_t out, Activation hidden_act) {
  layers_.reserve(hidden.size() + 1);
  const auto add = [&](std::ptrdiff_t width, Activation act) {
    layers_.emplace_back(store, rng, cat(name, "/", layers_.size()), in, width, act);
    in = width;
  };
  for (const std::ptrdiff_t width : hidden) add(width, hidden_act);
  add(out, Activation::none);
}

Var Mlp::operator()(Var x) const {
  for (const Linear& layer : layers_) x = layer(x);
  return x;
}

// ---- convolutions ------------------------------------------------------------------------------

Conv2d::Conv2d(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in_channels,
               std::ptrdiff_t out_channels, std::ptrdiff_t kernel, int stride, Activation act)
    : Layer(store, name, kernel_shape(name, kernel, stride, in_channels, out_channels, false),
            {out_channels}),
      stride_(stride),
      act_(act) {
  init_glorot_uniform(*weight_, rng);
}

Var Conv2d::operator()(Var x) const {
  Tape& tape = tape_of(x);
  const NameScope scope(tape, name());
  return conv2d(x, tape.use(*weight_), tape.use(*bias_), stride_, act_);
}

ConvTranspose2d::ConvTranspose2d(ParamStore& store, Rng& rng, std::string name,
                                 std::ptrdiff_t in_channels, std::ptrdiff_t out_channels,
                                 std::ptrdiff_t kernel, int stride, Activation act)
    : Layer(store, name, kernel_shape(name, kernel, stride, in_channels, out_channels, true),
            {out_channels}),
      stride_(stride),
      act_(act) {
  init_glorot_uniform(*weight_, rng);
}

Var ConvTranspose2d::operator()(Var x) const {
  Tape& tape = tape_of(x);
  const NameScope scope(tape, name());
  return conv2d_transpose(x, tape.use(*weight_), tape.use(*bias_), stride_, act_);
}

// ---- GruCell -----------------------------------------------------------------------------------

GruCell::GruCell(ParamStore& store, Rng& rng, std::string name, std::ptrdiff_t in,
                 std::ptrdiff_t hidden)
    : Layer(store, name,
            {positive(name, "the input size", in) + positive(name, "the state size", hidden),
             3 * hidden},
            {3 * hidden}) {
  init_glorot_uniform_columns(*weight_, rng, 0, 2 * hidden);           // r, u
  init_glorot_uniform_columns(*weight_, rng, 2 * hidden, 3 * hidden);  // c
  init_constant_columns(*bias_, 0, 2 * hidden, 1.0);  // u near 0.73: h' is mostly h
}

Var GruCell::operator()(Var x, Var h) const {
  Tape& tape = tape_of(x);
  const NameScope scope(tape, name());
  return gru_cell(x, h, tape.use(*weight_), tape.use(*bias_));
}

}  // namespace planet
