#include "apps/train/recorded.hpp"

#include <algorithm>

#include "apps/common/files/episode_file.hpp"
#include "apps/common/options/command_line.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

// What all files have in common, and how large they are.
struct Recorded {
  std::size_t episodes = 0;
  std::ptrdiff_t image_size = 0, action_size = 0, longest = 0;
  std::uint64_t bytes = 0;
};

Recorded read_all(const std::string& folder) {
  Recorded all;
  std::string first;
  for (const fs::path& file : episode_files(folder)) {
    const Episode e = load_episode_file(file);
    if (all.episodes++ == 0) {
      first = file.string();
      all.image_size = e.image_size, all.action_size = e.action_size;
    }
    require(e.image_size == all.image_size && e.action_size == all.action_size, file.string(),
            " has pictures of ", e.image_size, " pixels and ", e.action_size,
            " numbers in an action, ", first, " ", all.image_size, " and ", all.action_size,
            "; episodes to learn from have the same sizes");
    all.longest = std::max(all.longest, e.rows());
    all.bytes += e.bytes();
  }
  return all;
}

}  // namespace

void add_recorded(const std::vector<Assignment>& file, std::vector<Assignment>& typed) {
  const auto given = [&](std::string_view key) { return strongest_assignment(file, typed, key); };
  const Assignment* folder = given("episodes");
  if (folder == nullptr || folder->text.empty()) return;
  const Recorded all = read_all(folder->text);
  const std::string where = cat("--episodes ", folder->text);
  const auto follows = [&](const char* key, const std::string& value) {
    follow(typed, key, value, where);
  };
  follows("image_size", write_value(std::int64_t{all.image_size}));
  follows("seed_episodes", write_value(static_cast<std::int64_t>(all.episodes)));
  follows("total_episodes", "0");
  const Assignment* env = given("env");
  if (env != nullptr && env->text == "none")
    typed.push_back({find_field("env_option"), cat("action_size=", all.action_size), where});
  if (given("batch_length") == nullptr)
    if (const auto usual = task_defaults(env == nullptr ? RunConfig{}.env : env->text).batch_length;
        usual > all.longest)
      follows("batch_length", write_value(std::int64_t{all.longest}));
  const Assignment* memory = given("replay_memory");
  Bytes limit;
  if (memory != nullptr) read_option("--replay-memory", memory->text, limit);
  if (limit.count == 0)
    follows("replay_memory", write_value(Bytes{std::max(all.bytes, std::uint64_t{1})}));
  require(limit.count == 0 || limit.count >= all.bytes, where, " holds ",
          bytes_text(static_cast<double>(all.bytes)), ", and --replay-memory is ",
          memory == nullptr ? "" : memory->text, "; give it as much");
}

CollectedEpisode recorded_episode(const RunConfig& config, std::int64_t k) {
  const std::vector<fs::path> files = episode_files(config.episodes);
  require(k < static_cast<std::int64_t>(files.size()), config.episodes, " holds ", files.size(),
          " episodes, and the run began with ", config.seed_episodes);
  const fs::path& file = files[static_cast<std::size_t>(k)];
  std::string task;
  CollectedEpisode out{load_episode_file(file, config.model, &task)};
  require(task.empty() || config.env == "none" || task == config.env, file.string(),
          " is an episode of ", task, ", and the run is evaluated in ", config.env);
  out.decisions = out.env_frames = out.episode.rows() - 1;
  return out;
}

}  // namespace planet
