#include "rssm/encoder.hpp"

#include "autograd/base/error.hpp"
#include "autograd/ops.hpp"

namespace planet {
Encoder::Encoder(ParamStore& store, Rng& rng, const ModelConfig& config, const std::string& name) {
  int channels = 3;
  for (const ConvLayer& l : config.encoder) {
    layers_.emplace_back(store, rng, cat(name, "/", layers_.size()), channels, l.channels, l.kernel,
                         conv_stride, Activation::relu);
    channels = l.channels;
  }
}

Var Encoder::operator()(Var images) const {
  Var x = images;
  for (const Conv2d& layer : layers_) x = layer(x);
  const std::ptrdiff_t N = x.shape()[0];
  return reshape(x, {N, x.shape().size() / N});
}

Decoder::Decoder(ParamStore& store, Rng& rng, const ModelConfig& config, const std::string& name)
    : inp_(store, rng, name + "/inp", config.feature_size(), config.embed_size) {
  int channels = config.embed_size;
  for (const ConvLayer& l : config.decoder) {
    const bool last = layers_.size() + 1 == config.decoder.size();
    layers_.emplace_back(store, rng, cat(name, "/", layers_.size()), channels, l.channels, l.kernel,
                         conv_stride, last ? Activation::none : Activation::relu);
    channels = l.channels;
  }
}

Var Decoder::operator()(Var features) const {
  Var x = inp_(features);
  x = reshape(x, {x.shape()[0], 1, 1, x.shape()[-1]});
  for (const ConvTranspose2d& layer : layers_) x = layer(x);
  return x;
}

}  // namespace planet
