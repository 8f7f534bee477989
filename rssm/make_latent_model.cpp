#include "rssm/make_latent_model.hpp"

#include "autograd/base/error.hpp"
#include "rssm/rnn.hpp"
#include "rssm/rssm.hpp"
#include "rssm/ssm.hpp"

namespace planet {

template <class T>
std::unique_ptr<LatentModel<T>> make_latent_model(ParamStore<T>& store, Rng& rng,
                                                  const ModelConfig& config) {
  const std::string& name = config.latent_model;
  if (name == "rnn") return std::make_unique<Rnn<T>>(store, rng, config);
  if (name == "ssm") return std::make_unique<Ssm<T>>(store, rng, config);
  if (name == "rssm") return std::make_unique<Rssm<T>>(store, rng, config);
  fail("there is no model '", name, "'; ModelConfig::check() names them all");
}

template std::unique_ptr<LatentModel<float>> make_latent_model(ParamStore<float>&, Rng&,
                                                               const ModelConfig&);
template std::unique_ptr<LatentModel<double>> make_latent_model(ParamStore<double>&, Rng&,
                                                                const ModelConfig&);

}  // namespace planet
