// Images to embeddings, features to images (Appendix A: the layers of Ha & Schmidhuber 2018).
#pragma once

#include <string>
#include <vector>

#include "nn/layers.hpp"
#include "rssm/config.hpp"

namespace planet {

/// e_t = encoder(o_t): valid convolutions of stride 2 with ReLU, flattened. [N,n,n,3] -> [N,E].
class Encoder {
 public:
  Encoder(ParamStore& store, Rng& rng, const ModelConfig& config,
          const std::string& name = "encoder");
  Var operator()(Var images) const;

 private:
  std::vector<Conv2d> layers_;
};

/// The mean of p(o_t | h_t, s_t): a linear layer to 1x1xE, then transposed convolutions of stride
/// 2, ReLU between them. [N,D_s+D_h] -> [N,n,n,3].
class Decoder {
 public:
  Decoder(ParamStore& store, Rng& rng, const ModelConfig& config,
          const std::string& name = "decoder");
  Var operator()(Var features) const;

 private:
  Linear inp_;
  std::vector<ConvTranspose2d> layers_;
};

}  // namespace planet
