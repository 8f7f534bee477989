#include "apps/common/foresight/open_loop_flags.hpp"

#include <algorithm>

#include "apps/common/console/threads.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

constexpr std::ptrdiff_t usual_rows = 50;

// A count that was typed, or the default.
void read_count(const char* flag, const std::string& text, std::int64_t least, std::int64_t& n) {
  if (!text.empty()) read_option(flag, text, n);
  require(n >= least, flag, " is ", n, "; it must be at least ", least);
}

}  // namespace

void OpenLoopFlags::add_to(CommandLine& cli, const std::string& default_episodes) {
  cli.option("--context", context_,
             cat("k, rows that the model sees, including the reset frame (default ", context, ")"));
  cli.option(
      "--length", length_text_,
      "T, rows in all, seen and imagined (default 50, or as many as the shortest episode has)");
  cli.option("--samples", samples_, cat("K, imagined futures per episode (default ", samples, ")"));
  cli.option("--seed", seed_,
             "seed of the posteriors, the futures and the pixel noise (default 1)");
  episodes.add_to(cli, default_episodes);
  cli.option("--columns", columns_, cat("columns of a contact sheet (default ", columns, ")"),
             "Output");
  cli.option("--threads", threads_,
             "number of threads; 0: as many as this process may use; changes no result", "Machine");
}

void OpenLoopFlags::read() {
  read_count("--context", context_, 1, context);
  read_count("--length", length_text_, length_text_.empty() ? 0 : 1, length_);
  read_count("--samples", samples_, 1, samples);
  read_count("--columns", columns_, 2, columns);
  if (!seed_.empty()) read_option("--seed", seed_, seed);
  int threads = 0;
  if (!threads_.empty()) read_option("--threads", threads_, threads);
  use_threads(threads);
}

std::ptrdiff_t OpenLoopFlags::rows(std::span<const Episode> held) const {
  std::ptrdiff_t all = held.front().rows();
  for (const Episode& e : held) all = std::min(all, e.rows());
  require(length_ <= all, "--length is ", length_, "; the shortest episode has ", all, " rows");
  const std::ptrdiff_t T = length_ > 0 ? length_ : std::min(all, usual_rows);
  require(context <= T, "--context is ", context, "; there are ", T, " rows in all");
  return T;
}

}  // namespace planet
