#include "apps/common/options/config_file.hpp"

#include <algorithm>

#include "apps/common/files/toml.hpp"
#include "apps/common/options/recipes.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

std::string value_text(const Field& field, const RunConfig& config) {
  const std::string text = field.get(config);
  switch (field.kind) {
    case Field::Kind::number:
    case Field::Kind::boolean:
      return text;
    case Field::Kind::text:
      return toml_string(text);
    case Field::Kind::list:
      break;
  }
  std::string list;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    list += (list.empty() ? "" : ", ") + toml_string(text.substr(at, end - at));
    at = end + 1;
  }
  return "[" + list + "]";
}

const Field& field_of(const std::string& key, const std::string& where) {
  const Field* field = find_field(key);
  if (field == nullptr) {
    const std::vector<std::string> keys = field_keys();
    fail(where, ": there is no option '", key, "'", did_you_mean(key, keys));
  }
  return *field;
}

void apply(const Assignment& a, RunConfig& config) {
  try {
    a.field->set(config, a.text);
  } catch (const Error& e) {
    fail(a.where, " ", e.what());
  }
}

}  // namespace

std::string config_text(const RunConfig& config) {
  std::string text;
  std::string group;
  for (const Field& field : run_fields()) {
    if (field.group != group) {
      group = field.group;
      text += cat(text.empty() ? "" : "\n", "# ", group, "\n");
    }
    const std::string line = field.key + " = " + value_text(field, config);
    text +=
        line + std::string(line.size() < 34 ? 34 - line.size() : 1, ' ') + "# " + field.help + "\n";
  }
  return text;
}

std::vector<Assignment> parse_config(std::string_view text, const std::string& name) {
  std::vector<Assignment> out;
  for (const TomlEntry& entry : parse_toml(text, name)) {
    const Field& field = field_of(entry.key, entry.where);
    for (const Assignment& earlier : out)
      require(earlier.field != &field, entry.where, ": '", entry.key, "' was set before");
    const std::string where = cat(entry.where, ": ", entry.key);
    require(!entry.list || field.kind == Field::Kind::list, where, " is one value, not a list");
    for (const std::string& value : entry.values) out.push_back({&field, value, where});
  }
  return out;
}

std::vector<Assignment> read_config_file(const std::filesystem::path& path) {
  const std::string text = read_text(path, std::size_t{1} << 20);
  require(text.find('\0') == std::string::npos, path.string(),
          " is no text file; --config reads a config.toml");
  return parse_config(text, path.string());
}

RunConfig resolve_config(const std::vector<Assignment>& file,
                         const std::vector<Assignment>& command_line) {
  const auto strongest = [&](std::string_view key) {
    return strongest_assignment(file, command_line, key);
  };
  // What follows from these would have no effect where the file has set every field of it.
  for (const char* key : {"preset", "model"}) {
    const Assignment *typed = last_assignment(command_line, key),
                     *saved = last_assignment(file, key);
    require(typed == nullptr || saved == nullptr || typed->text == saved->text, "--", key, " is '",
            typed == nullptr ? "" : typed->text, "', but ", saved == nullptr ? "" : saved->where,
            " is '", saved == nullptr ? "" : saved->text,
            "', and a config file is stronger than a ", key, "; give one of them");
  }

  const Assignment* env = strongest("env");
  RunConfig config = task_defaults(env != nullptr ? env->text : RunConfig{}.env);
  const Assignment *preset = strongest("preset"), *image = strongest("image_size");
  if (preset != nullptr || image != nullptr) {
    int image_size = 0;
    if (image != nullptr) {
      RunConfig probe;
      apply(*image, probe);
      image_size = probe.model.image_size;
    }
    if (preset != nullptr) apply_preset(config, preset->text, image_size);
    else {  // the task's preset at another size: only what depends on the pixels follows
      const ModelConfig sized = model_preset(config.preset, image_size);
      config.model.image_size = sized.image_size;
      config.model.encoder = sized.encoder;
      config.model.embed_size = sized.embed_size;
      config.model.decoder = sized.decoder;
      config.model.free_nats = sized.free_nats;
    }
  }
  if (const Assignment* model = strongest("model"); model != nullptr)
    choose_latent_model(config.model, model->text);
  for (const Assignment& a : file) apply(a, config);
  apply_options(config, command_line);
  const Assignment* noise = last_assignment(command_line, "action_noise");
  require(noise == nullptr || config.collect == "planner", "--action-noise is ",
          noise == nullptr ? "" : noise->text, ", but with --collect ", config.collect,
          " no action is planned and none gets noise; leave it out");

  const std::unique_ptr<Env> probe = make_env(config.env, config.make_env_options());
  config.model.action_size = probe->action_size();
  if (env_spec(config.env).time_limit == 0 && strongest("batch_length") == nullptr)
    config.batch_length = std::min(config.batch_length, probe->episode_length() + 1);
  require(config.batch_length <= probe->episode_length() + 1, "batch_length is ",
          config.batch_length, ", but an episode of ", config.env, " has only ",
          counted(probe->episode_length() + 1, "row"), " (",
          counted(probe->episode_length(), "decision"), ")");
  config.check();
  return config;
}

void apply_options(RunConfig& config, const std::vector<Assignment>& typed) {
  const Assignment* planner = last_assignment(typed, "planner");
  if (planner != nullptr && planner->text != config.planner.method) {
    config.planner.cem = {};
    config.planner.icem = {};
    config.planner.mppi = {};
  }
  for (const Assignment& a : typed) apply(a, config);
  for (const Assignment& a : typed) {
    const std::string owner = method_of_option(a.field->key);
    require(option_has_effect(config.planner, a.field->key), a.where, " would have no effect: ",
            owner.empty() ? cat("--planner ", config.planner.method, " does not read it")
                          : cat("it is for --planner ", owner, ", and the planner is ",
                                config.planner.method));
  }
}

const Assignment* last_assignment(const std::vector<Assignment>& list, std::string_view key) {
  const auto found = std::find_if(list.rbegin(), list.rend(),
                                  [&](const Assignment& a) { return a.field->key == key; });
  return found == list.rend() ? nullptr : &*found;
}

const Assignment* strongest_assignment(const std::vector<Assignment>& file,
                                       const std::vector<Assignment>& command_line,
                                       std::string_view key) {
  const Assignment* typed = last_assignment(command_line, key);
  return typed != nullptr ? typed : last_assignment(file, key);
}

void follow(std::vector<Assignment>& typed, const std::string& key, const std::string& value,
            const std::string& where) {
  const Assignment* other = last_assignment(typed, key);
  require(other == nullptr || other->text == value, other == nullptr ? "" : other->where, " is ",
          other == nullptr ? "" : other->text, ", and from ", where, " follows ", value,
          "; leave it out");
  if (other == nullptr) typed.push_back({find_field(key), value, where});
}

std::string take_assignment(std::vector<Assignment>& list, std::string_view key) {
  const Assignment* found = last_assignment(list, key);
  const std::string text = found == nullptr ? "" : found->text;
  std::erase_if(list, [&](const Assignment& a) { return a.field->key == key; });
  return text;
}

RunConfig saved_config(std::vector<Assignment> saved) {
  const RunConfig built_in;
  const Assignment* env = last_assignment(saved, "env");
  const Recipe& recipe = recipe_of(env != nullptr ? env->text : built_in.env);
  for (const std::string& setting : recipe.settings) {
    const Field* field = find_field(setting.substr(0, setting.find('=')));
    if (last_assignment(saved, field->key) == nullptr)
      saved.push_back({field, field->get(built_in), "built in"});
  }
  return resolve_config(saved, {});
}

RunConfig config_from_text(std::string_view text, const std::string& name) {
  return saved_config(parse_config(text, name));
}

}  // namespace planet
