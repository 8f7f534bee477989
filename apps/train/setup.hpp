// From the command line to a run that is ready to start: options resolved, folder made and locked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "apps/train/run_folder.hpp"

namespace planet {

struct Setup {
  RunConfig config;
  RunFolder folder;
  bool resumed = false;
};

/// --seeds: runs that differ in their seed alone. Their folders are made and stand in `folder`.
struct SeedRuns {
  std::filesystem::path folder;
  std::vector<std::filesystem::path> runs;  // by seed: folder/seed1, folder/seed2, ...
  int jobs = 1;                             // runs at a time
  int threads = 1;                          // of each of them
  std::string progress;                     // --progress
  std::vector<std::string> options;         // of the command line, for each run
};

/// Reads train's command line. Nothing when it only asked for help, the version or --list-envs.
/// Error: anything wrong with the options or the folder; with --resume, an option that would change
/// what the run computes.
std::variant<std::monostate, Setup, SeedRuns> setup_run(int argc, const char* const* argv);

/// Bytes that this process may still use: of the machine and of its cgroups; 0 when unknown. `root`
/// stands for / in tests.
std::uint64_t available_memory(const std::string& root = "");

}  // namespace planet
