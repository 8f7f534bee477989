// The options that dream and compare share: rows seen, rows and futures imagined, seed, columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "apps/common/foresight/held_out.hpp"

namespace planet {

class OpenLoopFlags {
 public:
  void add_to(CommandLine& cli, const std::string& default_episodes);
  /// Reads the options and sets the number of threads. Error: a number out of range.
  void read();
  /// T: --length, or by default 50 (Appendix H) or the rows of the shortest episode. Error: longer
  /// than the shortest episode, or shorter than the context.
  std::ptrdiff_t rows(std::span<const Episode> held) const;

  std::int64_t context = 5, samples = 1, columns = 15;
  std::uint64_t seed = 1;
  HeldOutOptions episodes;

 private:
  std::int64_t length_ = 0;  // 0: not given
  std::string context_, length_text_, samples_, columns_, seed_, threads_;
};

}  // namespace planet
