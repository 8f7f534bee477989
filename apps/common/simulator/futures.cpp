#include "apps/common/simulator/futures.hpp"

#include <algorithm>
#include <array>

#include "apps/common/options/command_line.hpp"
#include "apps/common/options/recipes.hpp"
#include "apps/common/simulator/task_futures.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {
namespace {

// In the enumeration's order.
const std::vector<std::string> words{"average", "one", "shared", "true", "forgetful"};

}  // namespace

std::string future_word(Future future) { return words[static_cast<std::size_t>(future)]; }

std::string future_text(const FutureConfig& config) {
  const std::string word = future_word(config.future);
  return config.courses() == 1 ? word : cat(word, ", ", config.courses(), " samples");
}

FutureConfig read_future(const EnvSpec& spec, const std::string& future,
                         const std::string& samples) {
  FutureConfig config;
  if (const int n = recipe_of(spec.name).oracle_futures; n > 1) config = {Future::shared, n};
  if (!future.empty()) {
    const auto word = std::find(words.begin(), words.end(), future);
    require(word != words.end(), "--future is '", future, "'", did_you_mean(future, words),
            "; it is one of ", join(words));
    config.future = static_cast<Future>(word - words.begin());
  }
  if (samples.empty()) return config;
  require(config.future == Future::shared || config.future == Future::forgetful,
          "--samples-per-candidate is for --future shared or forgetful, the future is ",
          future_word(config.future));
  read_option("--samples-per-candidate", samples, config.samples);
  require(config.samples >= 1, "--samples-per-candidate is ", samples, "; it is at least 1");
  return config;
}

std::unique_ptr<Env> imagined_world(const Env& env, Future future) {
  require(future == Future::one || env.uniforms() > 0, "[", env.name(), "] has one future, for ",
          "nothing in it happens by chance; the future '", future_word(future),
          "' would change nothing");
  require(future != Future::forgetful || can_forget(env), "[", env.name(),
          "] hides nothing that could be forgotten; peg_memory and peg_cued do");
  if (future != Future::average) return env.clone();
  std::unique_ptr<Env> average = average_world(env);
  require(average != nullptr, "[", env.name(), "] has no average future that anybody has written");
  return average;
}

Course draw_course(const Env& world, Future future, const EnvSnapshot& start,
                   std::span<const double> recorded, std::size_t numbers, Rng rng) {
  Course course{start, {}};
  if (future == Future::forgetful) guess_hidden(world, course.start.state, rng.uniform());
  if (future == Future::clairvoyant) {
    rng = Rng(start.seed, Stream::env);
    rng.seek(start.rng_position);
    course.chance.assign(recorded.begin(), recorded.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                  numbers, recorded.size())));
  }
  while (course.chance.size() < numbers) course.chance.push_back(rng.uniform());
  return course;
}

}  // namespace planet
