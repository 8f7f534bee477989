// One complete case of the model, to be recomputed by another framework: inputs, parameters, noise,
// every term of the loss and every gradient, in float64, in one safetensors file.
//
// rssm/README.md has a table of the file's names, shapes and conventions; apps/peer/torch.py
// recomputes all of it in PyTorch. The same options give the model that `gradcheck --model`
// compares with finite differences.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/common/options/command_line.hpp"
#include "autograd/gradcheck.hpp"
#include "rssm/world_model.hpp"

namespace planet {

struct CaseOptions {
  ModelConfig model = miniature_model();
  std::ptrdiff_t L = 3, B = 2;
  std::uint64_t seed = 1;       // of weights, images, actions, rewards and noise
  std::ptrdiff_t elements = 0;  // elements compared per parameter; 0: all
};

/// The flags of a case: --preset, --seed, every size, every constant of the loss.
class CaseFlags {
 public:
  void add(CommandLine& cli);
  /// The options of this latent model: what was given, over the miniature or the preset. Throws
  /// with the flag's name.
  CaseOptions options(const std::string& latent_model) const;
  /// The first flag that was given, or "" if none was.
  std::string given() const;

 private:
  std::map<std::string, std::string> values_;  // by key; empty: not given
};

/// The relative errors of one quantity: |x - double's| / |double's|, norms of the whole of it.
struct Rounding {
  std::string name;
  double f32 = 0, bf16 = 0;  // NaN where double's is zero
};

/// A random window (bytes, preprocessed as in training) and its loss.
class ModelCase {
 public:
  explicit ModelCase(const CaseOptions& options);

  WorldModel& model() { return model_; }
  /// Records the loss on a tape; the same function at every call. In inference mode everything
  /// behind a stop-gradient is a constant, so that finite differences do not see through it.
  ElboTerms elbo(Tape& tape) const;
  /// How far f32 and bf16 are from double: the gradient of each layer, and the means of the loss's
  /// terms.
  std::vector<Rounding> rounding() const;
  /// Writes the file; `version` goes into the metadata. Throws if it cannot be written.
  void save(const std::filesystem::path& file, const std::string& version);
  /// Every parameter against central differences. Where the loss does not depend on one (the prior,
  /// when every KL is below the free nats), its gradient must be exactly zero, and is reported as
  /// such. Of the options it takes the step and the tolerance.
  std::vector<GradReport> check(const GradcheckOptions& with = {});

 private:
  Shape image_shape() const;
  ElboTerms elbo(const WorldModel& model, Tape& tape) const;

  CaseOptions options_;
  WorldModel model_;
  std::vector<std::uint8_t> pixels_;  // [L,B,n,n,3]
  std::vector<double> image_, noise_, overshoot_noise_, action_, reward_, continues_;
  std::vector<double> q_mean_, q_std_, p_mean_, p_std_;  // at the parameters as they were built
};

}  // namespace planet
