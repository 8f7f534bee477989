// The table of RunConfig's fields: one line each, in the order of the help and of config.toml.
#include <map>

#include "apps/common/options/command_line.hpp"
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
  f.help = "an option of the task, NAME=VALUE (repeatable; --list-envs lists them)";
  f.kind = Field::Kind::list;
  f.set = [](RunConfig& c, const std::string& text) {
    const std::size_t equals = text.find('=');
    require(equals != std::string::npos && equals > 0, "is '", text, "'; it is NAME=VALUE");
    require(text.find(',') == std::string::npos, "is '", text, "'; it holds no comma");
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

Field drops_field(const char* group) {
  const auto drops = [](auto& c) -> auto& { return c.learning_rate_drops; };
  Field f = field("learning_rate_drops", "", group,
                  "drops of Adam's learning rate, updates:rate of each, such as "
                  "'20000:5e-4 30000:1e-4'; none: it is constant",
                  drops);
  f.used_by = [drops](const RunConfig& c, std::int64_t updates) {
    std::vector<RateDrop> used = drops(c);
    std::erase_if(used, [&](const RateDrop& drop) { return drop.steps >= updates; });
    return write_value(used);
  };
  return f;
}

// Aliases: names of the same fields in other implementations.
const std::map<std::string_view, const char*> aliases{
    {"image_bits", "--bit-depth"},
    {"deter_size", "--belief-size"},
    {"stoch_size", "--state-size"},
    {"global_kl_scale", "--global-kl-beta"},
    {"overshooting_scale", "--overshooting-kl-beta"},
    {"horizon", "--planning-horizon"},
    {"iterations", "--optimisation-iters"},
    {"elites", "--top-candidates,--num-elites"}};

// A field of config.model or config.planner; each(config, visit) calls visit(name, field) for all
// fields of that part.
template <class V, class Each>
Field part_field(std::string_view name, const char* group, const char* help, const V&, Each each) {
  Field f;
  f.key = name == "latent_model" ? "model" : name;
  if (const auto alias = aliases.find(name); alias != aliases.end()) f.aliases = alias->second;
  f.group = group;
  f.help = help;
  f.kind = kind_of<V>();
  f.set = [name, each](RunConfig& c, const std::string& text) {
    each(c, [&](std::string_view n, auto& x) {
      if (n == name) read_value(text, x);
    });
  };
  f.get = [name, each](const RunConfig& c) {
    std::string text;
    each(c, [&](std::string_view n, const auto& x) {
      if (n == name) text = write_value(x);
    });
    return text;
  };
  return f;
}

// The model's, in the order of rssm/config.hpp; the environment gives action_size.
std::vector<Field> model_fields() {
  const auto each = [](auto& c, auto&& visit) {
    for_each_model_field(c.model, [&](auto, auto name, auto, auto& x) { visit(name, x); });
  };
  std::vector<Field> out;
  const ModelConfig any;
  for_each_model_field(any, [&](auto group, std::string_view name, auto help, const auto& x) {
    if (name != "action_size") out.push_back(part_field(name, group, help, x, each));
  });
  return out;
}

std::vector<Field> planner_fields() {
  const auto each = [](auto& c, auto&& visit) {
    for_each_planner_field(c.planner, [&](auto name, auto, auto& x) { visit(name, x); });
  };
  std::vector<Field> out;
  const PlannerConfig any;
  for_each_planner_field(any, [&](std::string_view name, auto help, const auto& x) {
    out.push_back(part_field(name, "Planner", help, x, each));
  });
  return out;
}

#define AT(member) \
  [](auto& c) -> auto& { return c.member; }

std::vector<Field> make_fields() {
  const char *task = "Task", *run = "Run", *adam = "Optimiser",
             *watch = "Evaluation and checkpoints", *machine = "Machine";
  std::vector<Field> model = model_fields();
  Field image_size = model.front();
  model.erase(model.begin());
  image_size.group = task;
  std::vector<Field> all{
      // clang-format off
      field("env", "--task", task, "name of the task; --list-envs lists all; gym:NAME is Gymnasium's NAME", AT(env)),
      env_option_field(),
      field("action_repeat", "", task, "R, control steps per decision; 0: the task's default", AT(action_repeat)),
      field("preset", "", run, "sizes of the model, the batch and the planner: tiny, small or paper", AT(preset)),
      field("seed", "", run, "seed of every random number of the run", AT(seed)),
      field("precision", "", run, "precision of products: f32, or bf16, which rounds their operands to bfloat16: faster for a large model where the processor has AMX, otherwise slower", AT(precision)),
      field("seed_episodes", "--prefill-episodes", run, "S, episodes of uniformly random actions at the start", AT(seed_episodes)),
      field("updates_per_episode", "--collect-interval", run, "C, updates per round, before its episodes are collected", AT(updates_per_episode)),
      field("episodes_per_round", "", run, "episodes collected per round; several ranks (mpirun) collect one each unless told otherwise", AT(episodes_per_round)),
      field("batch_size", "", run, "B, windows per batch", AT(batch_size)),
      field("batch_length", "--chunk-size", run, "L, rows per window", AT(batch_length)),
      field("collect", "", run, "source of the actions after the seed episodes: planner, random (the paper's ablation), or none: learn from --episodes", AT(collect)),
      field("episodes", "", run, "folder of recorded episodes (.npz) to learn from, with --collect none", AT(episodes)),
      field("initial_model", "--init-from", run, "trained model (a run, a checkpoint or a model.safetensors) whose parameters and options the run begins with, and which plays the seed episodes", AT(initial_model)),
      field("action_noise", "", run, "standard deviation of the exploration noise", AT(action_noise)),
      may_change(field("total_episodes", "", run, "N, total number of episodes, including seed episodes; 0: no limit", AT(total_episodes))),
      may_change(field("steps", "--total-timesteps", run, "total number of environment frames, R per decision; 0: no limit", AT(steps))),
      may_change(field("total_updates", "", run, "total number of updates of the model; 0: no limit", AT(total_updates))),
      may_change(field("time_limit", "", run, "wall-clock time of the run, including its last evaluation: 90s, 3m, 2h, none", AT(time_limit))),
      // clang-format on
  };
  all.insert(all.begin() + 3, image_size);
  const auto append = [&](const std::vector<Field>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  append(model);
  append({
      // clang-format off
      field("learning_rate", "--lr", adam, "Adam's learning rate", AT(learning_rate)),
      drops_field(adam),
      field("adam_epsilon", "", adam, "Adam's epsilon", AT(adam_epsilon)),
      field("grad_clip", "--grad-clip-norm", adam, "largest global norm of the gradient; a longer one is scaled down to it", AT(grad_clip)),
      field("average_decay", "--ema-decay", adam, "decay b of a mean of the parameters that acts and is saved in their place, with a weight of b^k for those of k updates ago (0.999); 0: no mean", AT(average_decay)),
      // clang-format on
  });
  append(planner_fields());
  append({
      // clang-format off
      may_change(field("eval_every", "--test-interval", watch, "time between evaluations: episodes (10), wall-clock time (60s), never, or auto: early looks that take less than 5 % of the time; always one at the end", AT(eval_every))),
      may_change(field("eval_episodes", "--test-episodes", watch, "episodes per evaluation", AT(eval_episodes))),
      may_change(field("checkpoint_every", "--checkpoint-interval", watch, "time between checkpoints: episodes (10), wall-clock time (60s) or never; always one at the end", AT(checkpoint_every))),
      may_change(field("threads", "--num-threads", machine, "number of threads; 0: as many as this process may use; changes no result", AT(threads))),
      may_change(field("env_timeout", "", machine, "longest wait for an answer of an environment in a process of its own (gym:NAME, --env-command); none: without end", AT(env_timeout))),
      may_change(field("rank_timeout", "", machine, "longest wait of several ranks (mpirun) for one of them, before the run is stopped; none: without end", AT(rank_timeout))),
      field("replay_memory", "", machine, "largest size of the replay memory in bytes (512MB, 2GiB); auto: room for 100,000 frames", AT(replay_memory)),
      may_change(field("progress", "", machine, "how progress is shown: bar, plain lines, none, or auto, which is bar on a terminal", AT(progress))),
      may_change(field("check_finite", "", machine, "check that every result of every op is finite (slow)", AT(check_finite))),
      // clang-format on
  });
  return all;
}

#undef AT

}  // namespace

std::string Field::flag() const { return flag_name(key); }

std::string Field::fixed_part(const RunConfig& config, std::int64_t updates) const {
  return may_change ? "" : used_by ? used_by(config, updates) : get(config);
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
