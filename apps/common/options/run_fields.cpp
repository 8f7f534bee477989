// The table of RunConfig's fields: one line each, in the order of the help and of config.toml.
#include <algorithm>

#include "apps/common/options/run_config.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {
namespace {

template <class V>
constexpr Field::Kind kind_of() {
  if constexpr (std::is_same_v<V, bool>) return Field::Kind::boolean;
  else if constexpr (std::is_arithmetic_v<V>) return Field::Kind::number;
  else return Field::Kind::text;
}

// `where` returns a reference to the field; called with a const config, a const reference.
template <class Where>
Field field(const char* key, const char* aliases, const char* group, const char* help,
            Where where) {
  using V = std::remove_reference_t<decltype(where(std::declval<RunConfig&>()))>;
  Field f;
  f.key = key;
  f.aliases = aliases;
  f.group = group;
  f.help = help;
  f.kind = kind_of<V>();
  f.set = [where](RunConfig& c, const std::string& text) { read_value(text, where(c)); };
  f.get = [where](const RunConfig& c) { return write_value(where(c)); };
  return f;
}

Field may_change(Field f) {
  f.may_change = true;
  return f;
}

Field env_option_field() {
  Field f;
  f.key = "env_option";
  f.group = "Task";
  f.help = "NAME=VALUE, a setting of the task's own (repeatable; --list-envs names them)";
  f.kind = Field::Kind::list;
  f.set = [](RunConfig& c, const std::string& text) {
    const std::size_t equals = text.find('=');
    require(equals != std::string::npos && equals > 0, "is '", text, "'; it is NAME=VALUE");
    c.env_options[text.substr(0, equals)] = text.substr(equals + 1);
  };
  f.get = [](const RunConfig& c) {
    std::string text;
    for (const auto& [name, value] : c.env_options)
      text += cat(text.empty() ? "" : ",", name, "=", value);
    return text;
  };
  return f;
}

#define AT(member) \
  [](auto& c) -> auto& { return c.member; }

std::vector<Field> make_fields() {
  const char *task = "Task", *run = "Run", *model = "Model", *loss = "Loss", *adam = "Optimiser",
             *plan = "Planner", *watch = "Evaluation and checkpoints", *machine = "Machine";
  return {
      // clang-format off
      field("env", "--task", task, "the task; --list-envs shows all", AT(env)),
      env_option_field(),
      field("action_repeat", "", task, "R, control steps a decision; 0: the task's own", AT(action_repeat)),
      field("image_size", "", task, "16, 32 or 64 pixels; convolutions and free nats follow", AT(model.image_size)),
      field("preset", "", run, "sizes of model, batch and planner: tiny, small or paper", AT(preset)),
      field("seed", "", run, "decides every random number of the run", AT(seed)),
      field("seed_episodes", "--prefill-episodes", run, "S, episodes of uniformly random actions at the start", AT(seed_episodes)),
      field("updates_per_episode", "--collect-interval", run, "U, updates in a round, before one episode is collected", AT(updates_per_episode)),
      field("batch_size", "", run, "B, windows in a batch", AT(batch_size)),
      field("batch_length", "--chunk-size", run, "L, rows of a window", AT(batch_length)),
      field("collect", "", run, "who acts after the seed episodes: planner, or random (the paper's ablation)", AT(collect)),
      field("action_noise", "", run, "standard deviation of the exploration noise", AT(action_noise)),
      may_change(field("total_episodes", "", run, "N, episodes in all, seed episodes included; 0: no limit", AT(total_episodes))),
      may_change(field("steps", "--total-timesteps", run, "environment frames in all, action repeat counted; 0: no limit", AT(steps))),
      may_change(field("time_limit", "", run, "wall clock of the run, its last evaluation included: 90s, 3m, 2h, none", AT(time_limit))),
      field("model", "", model, "rnn, ssm or rssm: a deterministic path, a stochastic one, or both", AT(model.latent_model)),
      field("image_bits", "--bit-depth", model, "bits of a pixel that the model sees", AT(model.image_bits)),
      field("encoder", "", model, "channels:kernel of each convolution, stride 2", AT(model.encoder)),
      field("embed_size", "", model, "size of the embedding, what the encoder ends in", AT(model.embed_size)),
      field("decoder", "", model, "channels:kernel of each transposed convolution, stride 2", AT(model.decoder)),
      field("deter_size", "--belief-size", model, "D_h, the deterministic state of an rnn or rssm", AT(model.deter_size)),
      field("stoch_size", "--state-size", model, "D_s, the stochastic state", AT(model.stoch_size)),
      field("hidden_size", "", model, "width of the dense layers of an rssm; an rnn's or ssm's gives as many parameters", AT(model.hidden_size)),
      field("reward_layers", "", model, "hidden layers of the reward head", AT(model.reward_layers)),
      field("reward_units", "", model, "their width", AT(model.reward_units)),
      field("continue_head", "", model, "true: predicts whether the episode goes on, and plans with it", AT(model.continue_head)),
      field("min_std", "", model, "added to every standard deviation", AT(model.min_std)),
      field("free_nats", "", loss, "KL below this costs nothing, in each step", AT(model.free_nats)),
      field("free_nats_after_mean", "", loss, "true: taken from the mean over steps and windows, Dreamer's way", AT(model.free_nats_after_mean)),
      field("kl_scale", "", loss, "weight of the KL", AT(model.kl_scale)),
      field("kl_balance", "", loss, "share of the KL that teaches the prior; 0: off, the plain KL", AT(model.kl_balance)),
      field("global_kl_scale", "--global-kl-beta", loss, "weight of KL[q || N(0, 1)]", AT(model.global_kl_scale)),
      field("overshooting_distance", "", loss, "D, the steps of the longest prior that is taught; 1: the plain ELBO", AT(model.overshooting_distance)),
      field("overshooting_scale", "--overshooting-kl-beta", loss, "weight of the mean KL of the distances 2 to D", AT(model.overshooting_scale)),
      field("overshooting_reward_scale", "", loss, "weight of the rewards' squared error at these distances", AT(model.overshooting_reward_scale)),
      field("reward_scale", "", loss, "weight of the reward's squared error", AT(model.reward_scale)),
      field("continue_scale", "", loss, "weight of the continue head's log-loss", AT(model.continue_scale)),
      field("learning_rate", "--lr", adam, "of Adam", AT(learning_rate)),
      field("adam_epsilon", "", adam, "the textbook's epsilon", AT(adam_epsilon)),
      field("grad_clip", "--grad-clip-norm", adam, "the gradient's largest global norm", AT(grad_clip)),
      field("planner", "", plan, "cem (PlaNet's), icem, mppi or random", AT(planner.method)),
      field("horizon", "--planning-horizon", plan, "H, decisions planned ahead", AT(planner.horizon)),
      field("iterations", "--optimisation-iters", plan, "I, rounds of candidates, each followed by a refit", AT(planner.iterations)),
      field("candidates", "", plan, "J, action sequences imagined in each; of icem in the first", AT(planner.candidates)),
      field("elites", "--top-candidates,--num-elites", plan, "K, the best of them, which it is fitted to", AT(planner.elites)),
      field("init_std", "", plan, "standard deviation of every candidate before the first refit", AT(planner.init_std)),
      field("samples_per_candidate", "", plan, "futures of a candidate: 1, a fresh one each; above, shared by all candidates", AT(planner.samples_per_candidate)),
      field("warm_start", "", plan, "begin at the last plan, one step on (icem: its elites too)", AT(planner.warm_start)),
      field("start_state", "", plan, "shared: all from one posterior sample; per-candidate: each from its own", AT(planner.start_state)),
      field("cem_covariance", "", plan, "diagonal, or full: of all H A numbers together", AT(planner.cem.covariance)),
      field("icem_beta", "", plan, "noise power ~ 1 / frequency^beta; 0: white", AT(planner.icem.beta)),
      field("icem_decay", "", plan, "gamma, candidates shrink by it each round, to 2 K at least", AT(planner.icem.decay)),
      field("icem_kept", "", plan, "share of the elites that stand again in the next round", AT(planner.icem.kept)),
      field("icem_momentum", "", plan, "share of the old mean and std in the new", AT(planner.icem.momentum)),
      field("icem_execute", "", plan, "best: the last round's best candidate; or mean", AT(planner.icem.execute)),
      field("mppi_temperature", "", plan, "lambda, in units of return: weight ~ exp(return / lambda)", AT(planner.mppi.temperature)),
      field("mppi_min_std", "", plan, "least standard deviation after a refit", AT(planner.mppi.min_std)),
      field("mppi_max_std", "", plan, "greatest", AT(planner.mppi.max_std)),
      may_change(field("eval_every", "--test-interval", watch, "episodes (10), wall clock (60s) or never; one at the end always", AT(eval_every))),
      may_change(field("eval_episodes", "--test-episodes", watch, "episodes of an evaluation", AT(eval_episodes))),
      may_change(field("checkpoint_every", "--checkpoint-interval", watch, "episodes (10), wall clock (60s) or never; one at the end always", AT(checkpoint_every))),
      may_change(field("threads", "--num-threads", machine, "0: what the container gives; changes no result", AT(threads))),
      field("replay_memory", "", machine, "largest size of the replay memory; auto: 100,000 frames", AT(replay_memory)),
      may_change(field("progress", "", machine, "auto, bar, plain or none", AT(progress))),
      may_change(field("check_finite", "", machine, "test every result of every op (slow)", AT(check_finite))),
      // clang-format on
  };
}

#undef AT

}  // namespace

std::string Field::flag() const {
  std::string flag = "--" + key;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

const std::vector<Field>& run_fields() {
  static const std::vector<Field> fields = make_fields();
  return fields;
}

const Field* find_field(std::string_view key) {
  for (const Field& f : run_fields())
    if (f.key == key) return &f;
  return nullptr;
}

std::vector<std::string> field_keys() {
  std::vector<std::string> keys;
  for (const Field& f : run_fields()) keys.push_back(f.key);
  return keys;
}

}  // namespace planet
