#include "apps/common/run/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "apps/common/options/command_line.hpp"
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
constexpr std::array file_names{"model.safetensors", "optimizer.safetensors", "learner.safetensors",
                                "state.json"};
// Before the number of a folder that is not complete, and of one that a newer has replaced.
constexpr std::string_view writing = ".writing-", replaced = ".old-";

std::string folder_name(std::int64_t updates) {
  std::string digits = std::to_string(updates);
  if (digits.size() < 9) digits.insert(0, 9 - digits.size(), '0');
  return digits;
}

bool is_number(const std::string& name) {
  return name.size() >= 9 && name.find_first_not_of("0123456789") == std::string::npos;
}

bool is_own_file(const std::string& name) {
  return name == "done" || std::ranges::count(file_names, name) > 0;
}

// What save_checkpoint wrote, and the folder unless something else lies in it. A folder without
// `done` is nothing, so that goes first: a kill in between leaves no half folder that looks whole.
void remove_checkpoint(const fs::path& folder) {
  if (!fs::is_directory(folder)) return;
  fs::remove(folder / "done");
  remove_temporaries(folder, is_own_file);
  for (const char* name : file_names) fs::remove(folder / name);
  std::error_code not_empty;
  fs::remove(folder, not_empty);
}

// The same for a folder that a newer one has replaced; what somebody put there moves on.
void remove_replaced(const fs::path& old, const fs::path& newer) {
  remove_checkpoint(old);
  if (!fs::is_directory(old)) return;
  std::vector<fs::path> others;
  for (const fs::directory_entry& entry : fs::directory_iterator(old)) others.push_back(entry);
  for (const fs::path& other : others) fs::rename(other, newer / other.filename());
  fs::remove(old);
}

// For sorting by the numbers at the end of names that begin alike.
bool by_number(const fs::path& a, const fs::path& b) {
  const std::string x = a.filename().string(), y = b.filename().string();
  return x.size() != y.size() ? x.size() < y.size() : x < y;
}

// Complete checkpoints, oldest first.
std::vector<fs::path> complete_checkpoints(const fs::path& checkpoints) {
  std::vector<fs::path> found;
  if (!fs::is_directory(checkpoints)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(checkpoints))
    if (is_number(entry.path().filename().string()) && fs::exists(entry.path() / "done"))
      found.push_back(entry.path());
  std::sort(found.begin(), found.end(), by_number);
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

// " (did you mean RUN?)": the run that a folder lies in, or the first of those that lie in it, as
// `train --seeds` makes them.
std::string run_meant_by(const fs::path& folder) {
  fs::path run = fs::absolute(folder / "").parent_path().parent_path();
  if (!fs::is_directory(run / "checkpoints")) {
    run.clear();
    std::error_code unreadable;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, unreadable))
      if (fs::is_directory(entry.path() / "checkpoints", unreadable) &&
          (run.empty() || by_number(entry, run)))
        run = entry.path();
  }
  return run.empty() ? "" : cat(" (did you mean ", run.string(), "?)");
}

fs::path model_file(const fs::path& path) {
  require(fs::exists(path), path.string(),
          " does not exist; give a run folder, a checkpoint "
          "folder or a model.safetensors");
  if (!fs::is_directory(path)) return path;
  if (fs::exists(path / "model.safetensors")) return path / "model.safetensors";
  require(fs::is_directory(path / "checkpoints"), path.string(),
          " is neither a run folder (it has no checkpoints/) nor a checkpoint (no "
          "model.safetensors)",
          run_meant_by(path));
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
  const fs::path temporary = checkpoints / cat(writing, folder_name(state.updates));
  remove_checkpoint(temporary);
  make_folder(temporary);
  const Metadata about = describe(config, state);
  save_params(temporary / "model.safetensors", model.params(), about);
  save_optimizer(temporary / "optimizer.safetensors", adam, {{"format", format_name}});
  if (&adam.store() != &model.params())
    save_params(temporary / "learner.safetensors", adam.store(), about);
  write_text_atomically(temporary / "state.json", state.to_json().dump(2) + "\n");
  write_text_atomically(temporary / "done", "");
  // The same update count twice (stopped, resumed and stopped at once): the newer takes its place.
  if (fs::exists(folder)) {
    const fs::path old = checkpoints / cat(replaced, folder_name(state.updates));
    remove_replaced(old, folder);
    fs::rename(folder, old);
    fs::rename(temporary, folder);
    remove_replaced(old, folder);
  } else {
    fs::rename(temporary, folder);
  }
  sync_folder(checkpoints);
  write_text_atomically(checkpoints / "latest", folder.filename().string() + "\n");
  prune(checkpoints, state.best);
  return folder;
}

void update_checkpoint_state(const fs::path& checkpoint, const RunState& state) {
  if (!state.best.empty())
    write_text_atomically(checkpoint.parent_path() / "best", state.best + "\n");
  write_text_atomically(checkpoint / "state.json", state.to_json().dump(2) + "\n");
  prune(checkpoint.parent_path(), state.best);
}

std::optional<fs::path> newest_checkpoint(const fs::path& checkpoints) {
  if (!fs::is_directory(checkpoints)) return std::nullopt;
  remove_temporaries(checkpoints,
                     [](const std::string& name) { return name == "latest" || name == "best"; });
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(checkpoints))
    if (entry.is_directory() && !entry.is_symlink()) folders.push_back(entry);
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (is_number(name)) {
      if (fs::exists(folder / "done")) remove_temporaries(folder, is_own_file);
      else remove_checkpoint(folder);
    } else if (name.starts_with(writing) && is_number(name.substr(writing.size()))) {
      remove_checkpoint(folder);
    } else if (name.starts_with(replaced) && is_number(name.substr(replaced.size()))) {
      // Killed between the two renames: the older folder is still the checkpoint.
      const fs::path newer = checkpoints / name.substr(replaced.size());
      if (fs::exists(newer)) remove_replaced(folder, newer);
      else if (fs::exists(folder / "done")) fs::rename(folder, newer);
      else remove_checkpoint(folder);
    }
  }
  const std::vector<fs::path> all = complete_checkpoints(checkpoints);
  if (all.empty()) return std::nullopt;
  write_text_atomically(checkpoints / "latest", all.back().filename().string() + "\n");
  return all.back();
}

RunState load_checkpoint(const fs::path& checkpoint, WorldModel& model, Adam& adam) {
  const RunState state = read_state(checkpoint / "state.json");
  load_optimizer(checkpoint / "optimizer.safetensors", adam);
  if (&adam.store() != &model.params())
    load_params(checkpoint / "learner.safetensors", adam.store());
  load_params(checkpoint / "model.safetensors", model.params());
  require(adam.steps() == state.updates, checkpoint.string(), ": the optimiser has done ",
          adam.steps(), " steps and state.json says ", state.updates, "; they are not of one save");
  return state;
}

std::string config_of(const fs::path& checkpoint) {
  const fs::path file = checkpoint / "model.safetensors";
  return metadata_of(SafetensorsFile(file), "config", file);
}

LoadedModel load_model(const fs::path& path, const std::string& precision) {
  LoadedModel loaded;
  loaded.file = model_file(path);
  const SafetensorsFile file(loaded.file);
  loaded.config =
      config_from_text(metadata_of(file, "config", loaded.file), loaded.file.string() + ": config");
  read_value(metadata_of(file, "updates", loaded.file), loaded.updates);
  if (!precision.empty()) read_option("--precision", precision, loaded.config.precision);
  loaded.model = std::make_unique<WorldModel>(loaded.config.model, loaded.config.seed,
                                              loaded.config.precision);
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
  return fs::path("runs") / kind / cat(config.env_file_name(), "-", folder_name(updates));
}

void export_model(const LoadedModel& loaded, const fs::path& folder, const Metadata& more) {
  Metadata about = SafetensorsFile(loaded.file).metadata();
  for (const auto& [key, value] : more) about[key] = value;
  make_folder(folder);
  save_params(folder / "model.safetensors", loaded.model->params(), about);
}

}  // namespace planet
