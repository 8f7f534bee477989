#include "apps/common/run/checkpoint.hpp"

#include <algorithm>
#include <vector>

#include "apps/common/options/config_file.hpp"
#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/checkpoint.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

constexpr const char* format_name = "planet.cpp model 1";
constexpr std::size_t keep = 2;

std::string folder_name(std::int64_t updates) {
  std::string digits = std::to_string(updates);
  if (digits.size() < 9) digits.insert(0, 9 - digits.size(), '0');
  return digits;
}

bool is_number(const std::string& name) {
  return name.size() >= 9 && name.find_first_not_of("0123456789") == std::string::npos;
}

// A folder without `done` is nothing, so that goes first: a kill in between leaves no half folder
// that looks whole.
void remove_checkpoint(const fs::path& folder) {
  fs::remove(folder / "done");
  fs::remove_all(folder);
}

// Complete checkpoints, oldest first.
std::vector<fs::path> complete_checkpoints(const fs::path& checkpoints) {
  std::vector<fs::path> found;
  if (!fs::is_directory(checkpoints)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(checkpoints))
    if (is_number(entry.path().filename().string()) && fs::exists(entry.path() / "done"))
      found.push_back(entry.path());
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename().string(), y = b.filename().string();
    return x.size() != y.size() ? x.size() < y.size() : x < y;
  });
  return found;
}

void prune(const fs::path& checkpoints, const std::string& best) {
  const std::vector<fs::path> all = complete_checkpoints(checkpoints);
  for (std::size_t i = 0; i + keep < all.size(); ++i)
    if (all[i].filename() != best) remove_checkpoint(all[i]);
}

Metadata describe(const RunConfig& config, const RunState& state) {
  return {{"format", format_name},
          {"config", config_text(config)},
          {"version", version_text()},
          {"env", config.env},
          {"seed", std::to_string(config.seed)},
          {"updates", std::to_string(state.updates)},
          {"episodes", std::to_string(state.episodes)},
          {"decisions", std::to_string(state.decisions)},
          {"env_frames", std::to_string(state.env_frames)}};
}

fs::path model_file(const fs::path& path) {
  require(fs::exists(path), path.string(),
          " does not exist; give a run folder, a checkpoint "
          "folder or a model.safetensors");
  if (!fs::is_directory(path)) return path;
  if (fs::exists(path / "model.safetensors")) return path / "model.safetensors";
  require(fs::is_directory(path / "checkpoints"), path.string(),
          " is neither a run folder (it has no checkpoints/) nor a checkpoint (no "
          "model.safetensors)");
  const std::vector<fs::path> all = complete_checkpoints(path / "checkpoints");
  require(!all.empty(), path.string(), " has no checkpoint yet");
  return all.back() / "model.safetensors";
}

RunState read_state(const fs::path& file) {
  const Json json = Json::parse(read_text(file), file.string());
  try {
    return RunState::from_json(json);
  } catch (const Error& error) {
    fail(file.string(), ": ", error.what());
  }
}

std::string metadata_of(const SafetensorsFile& file, const char* key, const fs::path& path) {
  const auto entry = file.metadata().find(key);
  require(entry != file.metadata().end(), path.string(), ": its metadata has no '", key,
          "'; it was not saved by train");
  return entry->second;
}

}  // namespace

fs::path save_checkpoint(const fs::path& checkpoints, const RunConfig& config,
                         const WorldModel& model, const Adam& adam, const RunState& state) {
  const fs::path folder = checkpoints / folder_name(state.updates);
  const fs::path temporary = checkpoints / (".writing-" + folder_name(state.updates));
  fs::remove_all(temporary);
  fs::create_directories(temporary);
  const Metadata about = describe(config, state);
  save_params(temporary / "model.safetensors", model.params(), about);
  save_optimizer(temporary / "optimizer.safetensors", adam, {{"format", format_name}});
  write_text_atomically(temporary / "state.json", state.to_json().dump(2) + "\n");
  write_text_atomically(temporary / "done", "");
  // The same update count twice (stopped, resumed and stopped at once): the newer takes its place.
  if (fs::exists(folder)) {
    const fs::path old = checkpoints / (".old-" + folder_name(state.updates));
    fs::remove_all(old);
    fs::rename(folder, old);
    fs::rename(temporary, folder);
    fs::remove_all(old);
  } else {
    fs::rename(temporary, folder);
  }
  sync_folder(checkpoints);
  write_text_atomically(checkpoints / "latest", folder.filename().string() + "\n");
  prune(checkpoints, state.best);
  return folder;
}

void update_checkpoint_state(const fs::path& checkpoint, const RunState& state) {
  write_text_atomically(checkpoint / "state.json", state.to_json().dump(2) + "\n");
  if (!state.best.empty())
    write_text_atomically(checkpoint.parent_path() / "best", state.best + "\n");
  prune(checkpoint.parent_path(), state.best);
}

std::optional<fs::path> newest_checkpoint(const fs::path& checkpoints) {
  if (!fs::is_directory(checkpoints)) return std::nullopt;
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(checkpoints)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".old-")) {
      // Killed between the two renames: the older folder is still the checkpoint.
      const fs::path folder = checkpoints / name.substr(5);
      if (!fs::exists(folder) && fs::exists(entry.path() / "done")) {
        fs::rename(entry.path(), folder);
        return newest_checkpoint(checkpoints);
      }
    }
    if (name.starts_with(".") || (is_number(name) && !fs::exists(entry.path() / "done")))
      leftovers.push_back(entry.path());
  }
  for (const fs::path& folder : leftovers) fs::remove_all(folder);
  const std::vector<fs::path> all = complete_checkpoints(checkpoints);
  if (all.empty()) return std::nullopt;
  write_text_atomically(checkpoints / "latest", all.back().filename().string() + "\n");
  return all.back();
}

RunState load_checkpoint(const fs::path& checkpoint, WorldModel& model, Adam& adam) {
  const RunState state = read_state(checkpoint / "state.json");
  load_optimizer(checkpoint / "optimizer.safetensors", adam);
  load_params(checkpoint / "model.safetensors", model.params());
  require(adam.steps() == state.updates, checkpoint.string(), ": the optimiser has done ",
          adam.steps(), " steps and state.json says ", state.updates, "; they are not of one save");
  return state;
}

std::string config_of(const fs::path& checkpoint) {
  const fs::path file = checkpoint / "model.safetensors";
  return metadata_of(SafetensorsFile(file), "config", file);
}

LoadedModel load_model(const fs::path& path) {
  LoadedModel loaded;
  loaded.file = model_file(path);
  const SafetensorsFile file(loaded.file);
  loaded.config =
      config_from_text(metadata_of(file, "config", loaded.file), loaded.file.string() + ": config");
  read_value(metadata_of(file, "updates", loaded.file), loaded.updates);
  loaded.model = std::make_unique<WorldModel>(loaded.config.model, loaded.config.seed);
  load_params(loaded.file, loaded.model->params());
  return loaded;
}

std::optional<fs::path> LoadedModel::run() const {
  const fs::path checkpoints = fs::absolute(file).parent_path().parent_path();
  if (checkpoints.filename() != "checkpoints") return std::nullopt;
  return checkpoints.parent_path();
}

fs::path LoadedModel::output_folder(const std::string& kind, const std::string& given) const {
  if (!given.empty()) return given;
  if (const std::optional<fs::path> of = run())
    return fs::relative(*of) / kind / folder_name(updates);
  return fs::path("runs") / kind / cat(config.env, "-", folder_name(updates));
}

void export_model(const LoadedModel& loaded, const fs::path& folder, const Metadata& more) {
  Metadata about = SafetensorsFile(loaded.file).metadata();
  for (const auto& [key, value] : more) about[key] = value;
  fs::create_directories(folder);
  save_params(folder / "model.safetensors", loaded.model->params(), about);
}

}  // namespace planet
