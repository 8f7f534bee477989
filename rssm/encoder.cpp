#include "rssm/encoder.hpp"

#include "autograd/base/error.hpp"
#include "autograd/ops.hpp"

namespace planet {
namespace {
constexpr int stride = 2;
}

template <class T>
Encoder<T>::Encoder(ParamStore<T>& store, Rng& rng, const ModelConfig& config,
                    const std::string& name) {
  int channels = 3;
  for (const ConvLayer& l : config.encoder) {
    layers_.emplace_back(store, rng, cat(name, "/", layers_.size()), channels, l.channels, l.kernel,
                         stride, Activation::relu);
    channels = l.channels;
  }
}

template <class T>
Var<T> Encoder<T>::operator()(Var<T> images) const {
  Var<T> x = images;
  for (const Conv2d<T>& layer : layers_) x = layer(x);
  const std::ptrdiff_t N = x.shape()[0];
  return reshape(x, {N, x.shape().size() / N});
}

template <class T>
Decoder<T>::Decoder(ParamStore<T>& store, Rng& rng, const ModelConfig& config,
                    const std::string& name)
    : inp_(store, rng, name + "/inp", config.feature_size(), config.embed_size) {
  int channels = config.embed_size;
  for (const ConvLayer& l : config.decoder) {
    const bool last = layers_.size() + 1 == config.decoder.size();
    layers_.emplace_back(store, rng, cat(name, "/", layers_.size()), channels, l.channels, l.kernel,
                         stride, last ? Activation::none : Activation::relu);
    channels = l.channels;
  }
}

template <class T>
Var<T> Decoder<T>::operator()(Var<T> features) const {
  Var<T> x = inp_(features);
  x = reshape(x, {x.shape()[0], 1, 1, x.shape()[-1]});
  for (const ConvTranspose2d<T>& layer : layers_) x = layer(x);
  return x;
}

template class Encoder<float>;
template class Encoder<double>;
template class Decoder<float>;
template class Decoder<double>;

}  // namespace planet
