// From the command line to a run that is ready to start: options resolved, folder made and locked.
#pragma once

#include <optional>
#include <string>

#include "apps/common/console/console.hpp"
#include "apps/common/options/run_config.hpp"
#include "apps/train/run_folder.hpp"
#include "rssm/world_model.hpp"

namespace planet {

struct Setup {
  RunConfig config;
  RunFolder folder;
  bool resumed = false;
};

/// Reads train's command line. Nothing when it only asked for help, the version or --list-envs.
/// Error: anything wrong with the options or the folder; with --resume, an option that would change
/// what the run computes.
std::optional<Setup> setup_run(int argc, const char* const* argv);

/// Prints the set-up of the run: machine, task, model, memory, limits, columns of the table.
void print_header(Console& console, const Setup& setup, const Env& env, const WorldModel& model);

/// Bytes that this process may still use: of the machine and of its cgroups; 0 when unknown. `root`
/// stands for / in tests.
std::uint64_t available_memory(const std::string& root = "");

}  // namespace planet
