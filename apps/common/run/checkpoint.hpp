// Checkpoints of a run: a folder each, numbered by updates, complete when it holds `done`.
//
//   000001500/model.safetensors      the parameters; __metadata__ holds the whole config
//   000001500/optimizer.safetensors  Adam's moments
//   000001500/learner.safetensors    the parameters that Adam changes, where the model's are their average
//   000001500/state.json             the counters (run_state.hpp)
//   000001500/done                   empty; the folder is complete
//
// A checkpoint is written under a temporary name and renamed when it is on the disk; then `latest`
// is rewritten. The last two and the best are kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/run_state.hpp"
#include "nn/adam.hpp"
#include "nn/files/safetensors.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// Saves a checkpoint of the model that acts and of Adam, which changes the same parameters or those
/// whose average the model has; points `latest` at it, and drops what is no longer kept. Returns its folder.
/// Error, and nothing changes: a parameter is not finite, or the disk is full.
std::filesystem::path save_checkpoint(const std::filesystem::path& checkpoints,
                                      const RunConfig& config, const WorldModel& model,
                                      const Adam& adam, const RunState& state);

/// Rewrites `best`, and then state.json of a saved checkpoint: after its evaluation.
void update_checkpoint_state(const std::filesystem::path& checkpoint, const RunState& state);

/// The newest complete checkpoint of a run, or nothing. Removes what a killed process left behind.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& checkpoints);

/// Reads all files; nothing is changed when one of them is damaged.
RunState load_checkpoint(const std::filesystem::path& checkpoint, WorldModel& model, Adam& adam);

/// The text of config.toml as it was when the checkpoint was saved.
std::string config_of(const std::filesystem::path& checkpoint);

/// A trained model and what is known of it.
struct LoadedModel {
  std::filesystem::path file;  // model.safetensors
  RunConfig config;
  std::int64_t updates = 0;  // that made it
  std::unique_ptr<WorldModel> model;

  /// The run whose checkpoint it is; nothing for a file that lies elsewhere.
  std::optional<std::filesystem::path> run() const;
  /// Where a program puts what it makes of the model: RUN/KIND/UPDATES, of a model that lies in no
  /// run runs/KIND/ENV-UPDATES; or `given` (its --out).
  std::filesystem::path output_folder(const std::string& kind, const std::string& given) const;
};
/// RUN|CHECKPOINT: a run folder (its latest checkpoint), a checkpoint folder, or a
/// model.safetensors. It computes in the precision it was trained in, or in the one that was typed for
/// --precision. Error: it is none of these, with what it would have to be; no such precision.
LoadedModel load_model(const std::filesystem::path& path, const std::string& precision = "");
inline constexpr const char* precision_help =
    "of the model's products: f32 or bf16 (default: the one it was trained in)";

/// The model alone, to be handed on: FOLDER/model.safetensors, without optimiser and counters. Its
/// metadata is the file's that it was loaded from, and `more`. load_model(FOLDER) reads it.
void export_model(const LoadedModel& loaded, const std::filesystem::path& folder,
                  const Metadata& more);

}  // namespace planet
