#include "apps/common/report/verdict.hpp"

#include <cmath>

#include "apps/common/options/recipes.hpp"
#include "apps/common/report/statistics.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

struct Thirds {
  Mean middle, last;
};

// Nothing when a third has fewer than three episodes.
std::optional<Thirds> thirds(std::span<const double> returns) {
  const std::size_t n = returns.size() / 3;
  if (n < 3) return std::nullopt;
  return Thirds{mean_of(returns.last(2 * n).first(n)), mean_of(returns.last(n))};
}

}  // namespace

Verdict judge(std::optional<double> score, std::span<const double> returns) {
  if (score && *score >= learned_score) return Verdict::learned;
  const std::optional<Thirds> t = thirds(returns);
  if (!t) return Verdict::unclear;
  const double error = std::hypot(t->middle.error, t->last.error);
  return t->last.mean - t->middle.mean > 2 * error ? Verdict::rising : Verdict::flat;
}

std::string verdict_line(std::optional<double> score, std::span<const double> returns) {
  const std::string below = score ? cat("a score below ", learned_score, ", and ") : "";
  switch (judge(score, returns)) {
    case Verdict::learned:
      return cat("learned: a score of at least ", learned_score);
    case Verdict::rising: {
      const Thirds t = *thirds(returns);
      return cat("still rising: return ", fixed(t.last.mean, 1), " in the last third, ",
                 fixed(t.middle.mean, 1), " in the middle third");
    }
    case Verdict::flat:
      return cat(below, "the last third of the returns is not clearly above the middle third");
    case Verdict::unclear:
      break;
  }
  return cat(below, "too few episodes to say whether the returns rise");
}

std::string verdict_text(const RunConfig& config, std::optional<double> score,
                         std::span<const double> returns, std::int64_t updates) {
  std::string text = verdict_line(score, returns);
  const int needed = recipe_of(config.env).updates_to_learn;
  if (judge(score, returns) != Verdict::learned && score && updates < needed)
    text += cat("\n            made ", counted(updates, "update"),
                "; runs of this task that learn needed about ", with_commas(needed));
  return text;
}

}  // namespace planet
