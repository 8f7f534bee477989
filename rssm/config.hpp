// The sizes of a world model and the constants of its loss: everything needed to interpret the
// numbers in a checkpoint. Saved with every checkpoint and every exported case. Presets:
// model_preset(); README.md has them as a table. Next: rssm.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace planet {

/// The stride of every (transposed) convolution.
inline constexpr int conv_stride = 2;

/// One (transposed) convolution: its output channels and the width of its square kernel.
struct ConvLayer {
  int channels;
  int kernel;
  bool operator==(const ConvLayer&) const = default;
};

struct ModelConfig {
  // Observations and actions.
  int image_size = 64;
  int image_bits = 5;  // pixels are reduced to this many bits (preprocess.hpp)
  int action_size = 1;
  // Networks (paper, Appendix A). The defaults are the preset `paper`.
  std::string latent_model = "rssm";  // rnn, ssm or rssm: latent_model.hpp
  std::vector<ConvLayer> encoder = {{32, 4}, {64, 4}, {128, 4}, {256, 4}};
  int embed_size = 1024;  // E, the size of the encoder's last feature map
  std::vector<ConvLayer> decoder = {{128, 5}, {64, 5}, {32, 6}, {3, 6}};
  int deter_size = 200;    // D_h; not used by an SSM
  int stoch_size = 30;     // D_s
  int hidden_size = 200;   // width of an RSSM's dense layers; of the others: latent_hidden_size()
  int reward_layers = 3;   // hidden layers of the reward head
  int reward_units = 300;  // their width
  bool continue_head = false;  // predicts whether the episode goes on; as large as the reward head
  double min_std = 0.1;        // added to every standard deviation of prior and posterior
  // Loss (Section 3, Eq. 3).
  double free_nats = 3;               // f, nats per step and window that cost nothing
  bool free_nats_after_mean = false;  // max(mean KL - f, 0); otherwise mean max(KL - f, 0)
  double kl_scale = 1;                // weight of the KL
  // alpha KL[sg(q) || p] + (1 - alpha) KL[q || sg(p)], sg: stop-gradient. 0: off, the plain KL.
  double kl_balance = 0;
  double global_kl_scale = 0;  // weight of KL[q || N(0, 1)], without free nats
  // Latent overshooting (Section 4, overshooting.hpp).
  int overshooting_distance = 1;         // D; 1: the plain ELBO
  double overshooting_scale = 1;         // weight of the mean of KL_2 .. KL_D, times kl_scale
  double overshooting_reward_scale = 0;  // weight of the rewards' 1/2 (r - r^)^2 at d = 2 .. D
  // The heads.
  double reward_scale = 10;   // weight of 1/2 (r - r^)^2
  double continue_scale = 1;  // weight of -ln p(continues)

  bool operator==(const ModelConfig&) const = default;
  /// The size of what the decoder and the other heads read: [s_t, h_t], or s_t alone.
  int feature_size() const { return stoch_size + (latent_model == "ssm" ? 0 : deter_size); }

  /// Error, naming the field: a size below 1, or convolutions that do not fit the image.
  void check() const;
};

/// Calls visit(group, name, help, field) for every field of a ModelConfig: the single list behind
/// check(), the programs' flags, config.toml and the metadata of an exported case. The groups are
/// "Model" and "Loss".
template <class Config, class Visit>
void for_each_model_field(Config& c, Visit&& visit) {
  const char *model = "Model", *loss = "Loss";
  // clang-format off
  visit(model, "image_size", "pixels along an edge: 16, 32 or 64; convolutions and free nats follow", c.image_size);
  visit(model, "action_size", "A, numbers per action", c.action_size);
  visit(model, "latent_model", "latent model: rnn, ssm or rssm, with a deterministic path, a stochastic one, or both", c.latent_model);
  visit(model, "image_bits", "bits per pixel and channel that the model sees", c.image_bits);
  visit(model, "encoder", "channels:kernel of each convolution, stride 2", c.encoder);
  visit(model, "embed_size", "size of the embedding, the encoder's output", c.embed_size);
  visit(model, "decoder", "channels:kernel of each transposed convolution, stride 2", c.decoder);
  visit(model, "deter_size", "D_h, size of the deterministic state of an rnn or rssm", c.deter_size);
  visit(model, "stoch_size", "D_s, size of the stochastic state", c.stoch_size);
  visit(model, "hidden_size", "width of the dense layers of an rssm; an rnn's or ssm's width gives as many parameters", c.hidden_size);
  visit(model, "reward_layers", "number of hidden layers of the reward head", c.reward_layers);
  visit(model, "reward_units", "width of the reward head's hidden layers", c.reward_units);
  visit(model, "continue_head", "true: predict whether the episode goes on, and plan with it", c.continue_head);
  visit(model, "min_std", "smallest standard deviation of prior and posterior, added to each", c.min_std);
  visit(loss, "free_nats", "free nats: a KL below this costs nothing, per step", c.free_nats);
  visit(loss, "free_nats_after_mean", "true: subtract the free nats from the mean over steps and windows, as Dreamer does", c.free_nats_after_mean);
  visit(loss, "kl_scale", "weight of the KL", c.kl_scale);
  visit(loss, "kl_balance", "share of the KL that trains the prior; 0: off, the plain KL", c.kl_balance);
  visit(loss, "global_kl_scale", "weight of KL[q || N(0, 1)]", c.global_kl_scale);
  visit(loss, "overshooting_distance", "D, the largest number of steps a prior is trained over; 1: the plain ELBO", c.overshooting_distance);
  visit(loss, "overshooting_scale", "weight of the mean KL of the distances 2 to D", c.overshooting_scale);
  visit(loss, "overshooting_reward_scale", "weight of the rewards' squared error at the distances 2 to D", c.overshooting_reward_scale);
  visit(loss, "reward_scale", "weight of the reward's squared error", c.reward_scale);
  visit(loss, "continue_scale", "weight of the continue head's log-loss", c.continue_scale);
  // clang-format on
}

std::vector<std::string> latent_model_names();
/// Turns an RSSM's config into one for the latent model `name`. An RNN has no KL but a regression
/// of the prediction onto the code: free_nats becomes 0 and kl_balance 1. Error: an unknown name.
void choose_latent_model(ModelConfig& config, const std::string& name);
/// The number of parameters of config.latent_model when its hidden layers have this width.
std::int64_t latent_parameters(const ModelConfig& config, int hidden_size);
/// The hidden width of config.latent_model: hidden_size for an RSSM; for the others the width whose
/// number of parameters is nearest to that of the RSSM of these sizes.
int latent_hidden_size(const ModelConfig& config);

/// "32:4 64:4": channels and kernel of each layer.
std::string to_text(const std::vector<ConvLayer>& layers);

/// "tiny", "small" or "paper" for 64-, 32- or 16-pixel images (encoder, decoder and free nats
/// follow the image size; the table is in rssm/README.md). image_size 0 means the preset's own.
ModelConfig model_preset(const std::string& name, int image_size = 0);
std::vector<std::string> model_preset_names();

/// For finite differences: 8-pixel images, A = 2, E = 27, D_h = 7, D_s = 3, hidden 5, reward head
/// 2 x 6; about 2400 parameters. No two sizes are equal, so that a swapped pair cannot hide. With
/// 16, 32 or 64 pixels the convolutions and free nats follow; any other size is an error.
ModelConfig miniature_model(int image_size = 8);

}  // namespace planet
