// From a name to a latent model: the one place that knows all three.
#pragma once

#include <memory>

#include "autograd/base/philox.hpp"
#include "autograd/param.hpp"
#include "rssm/config.hpp"
#include "rssm/latent_model.hpp"

namespace planet {

/// The model that config.latent_model names; its parameters join the store under that name, with
/// weights drawn from rng. Error: there is no such model.
std::unique_ptr<LatentModel> make_latent_model(ParamStore& store, Rng& rng,
                                               const ModelConfig& config);

}  // namespace planet
