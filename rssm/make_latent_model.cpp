#include "rssm/make_latent_model.hpp"

#include "autograd/base/error.hpp"
#include "rssm/rnn.hpp"
#include "rssm/rssm.hpp"
#include "rssm/ssm.hpp"

namespace planet {

std::unique_ptr<LatentModel> make_latent_model(ParamStore& store, Rng& rng,
                                               const ModelConfig& config) {
  const std::string& name = config.latent_model;
  if (name == "rnn") return std::make_unique<Rnn>(store, rng, config);
  if (name == "ssm") return std::make_unique<Ssm>(store, rng, config);
  if (name == "rssm") return std::make_unique<Rssm>(store, rng, config);
  fail("there is no model '", name, "'; ModelConfig::check() names them all");
}

}  // namespace planet
