// Several agents side by side in one video, an episode each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace planet {

/// The first ten seconds of each agent's episode from this environment seed. False after Ctrl-C, which
/// leaves no file. Error: one of them is no model, or the file cannot be written.
bool write_reel(const std::filesystem::path& file, const std::vector<std::string>& agents,
                std::uint64_t seed);

}  // namespace planet
