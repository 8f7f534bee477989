// Which of the runs that are compared are one model, measured several times, and what it is called.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/common/run/checkpoint.hpp"

namespace planet {

struct Model {
  std::string label;
  std::vector<std::size_t> runs;  // in the order they were named
};

/// Runs of one label are one model, unless two have the same seed: then the label does not tell them
/// apart (two checkpoints of a run, runs of different lengths), and each is a model by itself, named
/// by its folder. paths: where `runs` were found. Error: one model is named twice.
std::vector<Model> group(std::span<const LoadedModel> runs, const std::vector<std::string>& paths,
                         std::span<const std::string> keys);

}  // namespace planet
