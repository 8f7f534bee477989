// Images to embeddings and features to images (Ha & Schmidhuber 2018's convolutions, Appendix A).
#pragma once

#include <string>
#include <vector>

#include "nn/layers.hpp"
#include "rssm/config.hpp"

namespace planet {

/// e_t = encoder(o_t): valid convolutions of stride 2 with ReLU, flattened. [N,n,n,3] -> [N,E].
template <class T>
class Encoder {
 public:
  Encoder(ParamStore<T>& store, Rng& rng, const ModelConfig& config,
          const std::string& name = "encoder");
  Var<T> operator()(Var<T> images) const;

 private:
  std::vector<Conv2d<T>> layers_;
};

/// The mean of p(o_t | h_t, s_t): a linear layer to 1x1xE, then transposed convolutions of stride
/// 2, ReLU between them. [N,D_s+D_h] -> [N,n,n,3].
template <class T>
class Decoder {
 public:
  Decoder(ParamStore<T>& store, Rng& rng, const ModelConfig& config,
          const std::string& name = "decoder");
  Var<T> operator()(Var<T> features) const;

 private:
  Linear<T> inp_;
  std::vector<ConvTranspose2d<T>> layers_;
};

extern template class Encoder<float>;
extern template class Encoder<double>;
extern template class Decoder<float>;
extern template class Decoder<double>;

}  // namespace planet
