#include "apps/compare/models.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "apps/common/foresight/error_curves.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

std::vector<Model> by_label(std::span<const LoadedModel> runs, std::span<const std::string> keys) {
  std::vector<Model> models;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string label = model_label(runs[i].config, keys);
    auto model = std::ranges::find(models, label, &Model::label);
    if (model == models.end()) model = models.insert(models.end(), {label, {}});
    model->runs.push_back(i);
  }
  return models;
}

// The last `parts` parts of the folder that a model lies in: "000001500", "checkpoints/000001500".
std::string end_of(const std::string& path, std::ptrdiff_t parts) {
  fs::path folder = fs::path(path).lexically_normal();
  if (!folder.has_filename() || folder.filename() == "model.safetensors")
    folder = folder.parent_path();
  const std::ptrdiff_t all = std::distance(folder.begin(), folder.end());
  fs::path end;
  for (auto part = std::next(folder.begin(), std::max<std::ptrdiff_t>(0, all - parts));
       part != folder.end(); ++part)
    end /= *part;
  return end.string();
}

// A name for each run: its folder's, with as many parents as tell all of them apart.
std::vector<std::string> folder_names(const std::vector<std::string>& paths) {
  std::vector<std::string> names(paths.size());
  for (std::ptrdiff_t parts = 1; parts < 100; ++parts) {
    for (std::size_t i = 0; i < paths.size(); ++i) names[i] = end_of(paths[i], parts);
    if (std::set(names.begin(), names.end()).size() == names.size()) return names;
  }
  return paths;
}

}  // namespace

std::vector<Model> group(std::span<const LoadedModel> runs, const std::vector<std::string>& paths,
                         std::span<const std::string> keys) {
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      require(!fs::equivalent(runs[i].file, runs[j].file), paths[j], " and ", paths[i],
              " are one model");
  const std::vector<std::string> names = folder_names(paths);
  std::vector<Model> models;
  for (const Model& model : by_label(runs, keys)) {
    std::set<std::uint64_t> seeds;
    for (const std::size_t i : model.runs) seeds.insert(runs[i].config.seed);
    if (seeds.size() == model.runs.size()) models.push_back(model);
    else
      for (const std::size_t i : model.runs) models.push_back({names[i], {i}});
  }
  return models;
}

}  // namespace planet
