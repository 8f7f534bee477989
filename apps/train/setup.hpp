// From the command line to a run that is ready to start: options resolved, folder made and locked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/ranks.hpp"
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

/// Reads train's command line, for so many ranks. Nothing when it only asked for help, the version or
/// --list-envs. Error: anything wrong with the options or the folder; with --resume, an option that
/// would change what the run computes.
using Asked = std::variant<std::monostate, Setup, SeedRuns>;
Asked setup_run(int argc, const char* const* argv, int ranks);
/// The run that rank 0 was asked for, on every rank. Only rank 0 has its folder.
std::optional<Setup> share_setup(Asked asked, Ranks& ranks);

/// Bytes that this process may still use: of the machine and of its cgroups; 0 when unknown. `root`
/// stands for / in tests.
std::uint64_t available_memory(const std::string& root = "");

}  // namespace planet
