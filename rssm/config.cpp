#include "rssm/config.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {
namespace {

void check_latent_model(const std::string& name) {
  const std::vector<std::string> names = latent_model_names();
  require(std::find(names.begin(), names.end(), name) != names.end(), "there is no model '", name,
          "'", did_you_mean(name, names), "; there are ", join(names));
}

void check_layers(const std::vector<ConvLayer>& layers, std::string_view field) {
  require(!layers.empty(), field, " has no layers; it needs at least one");
  for (const ConvLayer& l : layers)
    require(l.channels >= 1 && l.kernel >= 1, field, " has a layer of ", l.channels,
            " channels and kernel ", l.kernel, "; both must be at least 1");
}

void check_encoder(const ModelConfig& c) {
  check_layers(c.encoder, "encoder");
  int n = c.image_size;
  for (const ConvLayer& l : c.encoder) {
    require(n >= l.kernel, "encoder: a kernel of ", l.kernel, " does not fit a feature map of ", n,
            " pixels; image_size ", c.image_size, " is too small for ", to_text(c.encoder));
    n = (n - l.kernel) / conv_stride + 1;
  }
  const int size = n * n * c.encoder.back().channels;
  require(size == c.embed_size, "embed_size is ", c.embed_size, ", but the encoder ends in ", n,
          "x", n, "x", c.encoder.back().channels, " = ", size, "; the two must be equal");
}

void check_decoder(const ModelConfig& c) {
  check_layers(c.decoder, "decoder");
  int n = 1;
  for (const ConvLayer& l : c.decoder) n = (n - 1) * conv_stride + l.kernel;
  require(n == c.image_size && c.decoder.back().channels == 3, "decoder ", to_text(c.decoder),
          " makes images of ", n, "x", n, "x", c.decoder.back().channels, "; image_size ",
          c.image_size, " needs ", c.image_size, "x", c.image_size, "x3");
}

}  // namespace

void ModelConfig::check() const {
  for_each_model_field(*this, [](auto, std::string_view field, auto, const auto& x) {
    using X = std::remove_cvref_t<decltype(x)>;
    if constexpr (std::is_same_v<X, int>) {
      const int least = field == "reward_layers" ? 0 : 1;
      require(x >= least, field, " is ", x, "; it must be at least ", least);
    } else if constexpr (std::is_same_v<X, double>) {
      require(x >= 0 && x <= 1e30, field, " is ", x, "; it must be a number from 0 on");
    }
  });
  require(image_bits <= 8, "image_bits is ", image_bits, "; a byte has 1 to 8 bits");
  check_latent_model(latent_model);
  require(min_std > 0, "min_std is 0; a standard deviation of 0 has no density");
  require(latent_model != "rnn" || min_std == ModelConfig{}.min_std, "min_std is ", min_std,
          ", but an rnn has no standard deviations; it would have no effect");
  require(kl_balance <= 1, "kl_balance is ", kl_balance,
          "; it is the prior's share, at most 1, and 0 is off");
  require(overshooting_distance > 1 || (overshooting_scale == 1 && overshooting_reward_scale == 0),
          overshooting_scale == 1 ? "overshooting_reward_scale is " : "overshooting_scale is ",
          overshooting_scale == 1 ? overshooting_reward_scale : overshooting_scale,
          ", but with an overshooting_distance of 1 it would have no effect");
  require(continue_head || continue_scale == 1, "continue_scale is ", continue_scale,
          ", but without a continue_head it would have no effect");
  check_encoder(*this);
  check_decoder(*this);
}

// ---- latent models

std::vector<std::string> latent_model_names() { return {"rssm", "ssm", "rnn"}; }

void choose_latent_model(ModelConfig& config, const std::string& name) {
  check_latent_model(name);
  config.latent_model = name;
  if (name == "rnn") {
    config.free_nats = 0;
    config.kl_balance = 1;
    config.min_std = ModelConfig{}.min_std;
  }
}

std::int64_t latent_parameters(const ModelConfig& c, int hidden_size) {
  const std::int64_t h = c.deter_size, s = c.stoch_size, a = c.action_size, e = c.embed_size,
                     u = hidden_size;
  const auto dense = [](std::int64_t in, std::int64_t out) { return (in + 1) * out; };
  const std::int64_t head = dense(u, s) * (c.latent_model == "rnn" ? 1 : 2);  // mean, and std
  if (c.latent_model == "ssm") return dense(s + a, u) + dense(2 * s + e, u) + 2 * head;
  const std::int64_t transition = dense(s + a, h) + dense(2 * h, 3 * h);
  return transition + dense(h, u) + dense(h + e, u) + 2 * head;
}

int latent_hidden_size(const ModelConfig& config) {
  ModelConfig rssm = config;
  rssm.latent_model = "rssm";
  const std::int64_t wanted = latent_parameters(rssm, config.hidden_size);
  // Linear in the width: `none` without hidden units, and `each` per unit.
  const std::int64_t none = latent_parameters(config, 0),
                     each = latent_parameters(config, 1) - none;
  const double width = static_cast<double>(wanted - none) / static_cast<double>(each);
  return std::max(1, static_cast<int>(std::lround(width)));
}

// ---- text and presets

std::string to_text(const std::vector<ConvLayer>& layers) {
  std::string text;
  for (const ConvLayer& l : layers) text += cat(text.empty() ? "" : " ", l.channels, ":", l.kernel);
  return text;
}

namespace {

// The image networks follow from the image size n and the first layer's channels c: each further
// layer halves the image and doubles the channels, down to 2x2 pixels. Free nats scale with n^2.
void size_images(ModelConfig& m, int n, int c) {
  m.image_size = n;
  switch (n) {
    case 16:
      m.encoder = {{c, 4}, {2 * c, 4}};
      m.decoder = {{2 * c, 6}, {3, 6}};
      m.free_nats = 0.2;
      break;
    case 32:
      m.encoder = {{c, 4}, {2 * c, 4}, {4 * c, 4}};
      m.decoder = {{4 * c, 5}, {2 * c, 6}, {3, 6}};
      m.free_nats = 0.75;
      break;
    case 64:
      m.encoder = {{c, 4}, {2 * c, 4}, {4 * c, 4}, {8 * c, 4}};
      m.decoder = {{4 * c, 5}, {2 * c, 5}, {c, 6}, {3, 6}};
      m.free_nats = 3;
      break;
    default:
      fail("image_size is ", n, "; a preset has 16, 32 or 64 pixels");
  }
  m.embed_size = 4 * m.encoder.back().channels;
}

}  // namespace

std::vector<std::string> model_preset_names() { return {"tiny", "small", "paper"}; }

ModelConfig model_preset(const std::string& name, int image_size) {
  const std::vector<std::string> names = model_preset_names();
  struct Row {
    int image, channels, deter, stoch, hidden, reward_layers, reward_units;
  };
  constexpr Row rows[] = {{32, 8, 64, 16, 64, 2, 64},       // tiny
                          {32, 16, 128, 16, 128, 2, 128},   // small
                          {64, 32, 200, 30, 200, 3, 300}};  // paper
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != name) continue;
    const Row& r = rows[i];
    ModelConfig m;
    size_images(m, image_size == 0 ? r.image : image_size, r.channels);
    m.deter_size = r.deter;
    m.stoch_size = r.stoch;
    m.hidden_size = r.hidden;
    m.reward_layers = r.reward_layers;
    m.reward_units = r.reward_units;
    return m;
  }
  fail("there is no preset '", name, "'", did_you_mean(name, names), "; there are ", join(names));
}

ModelConfig miniature_model(int image_size) {
  ModelConfig c;
  c.image_size = 8;
  c.action_size = 2;
  c.encoder = {{3, 4}};
  c.embed_size = 27;
  c.decoder = {{4, 3}, {3, 4}};
  c.deter_size = 7;
  c.stoch_size = 3;
  c.hidden_size = 5;
  c.reward_layers = 2;
  c.reward_units = 6;
  c.free_nats = 0.05;
  if (image_size != c.image_size) size_images(c, image_size, 3);
  return c;
}

}  // namespace planet
