// report.html of a comparison: the table, the curves, and the models' dreams of one episode in motion.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/compare/models.hpp"

namespace planet {

struct Comparison {
  std::string title, setting;                   // what was predicted; how
  std::vector<std::vector<std::string>> table;  // the first line is the head
  std::vector<std::string> plots;               // SVG
  std::vector<Strip> strips;                    // what happened, and what each model imagines
  std::ptrdiff_t context = 0;                   // rows seen
};
std::string comparison_page(const Comparison& comparison, std::span<const LoadedModel> runs,
                            const std::vector<std::string>& paths, std::span<const Model> models);

}  // namespace planet
