#include "apps/play/reel.hpp"

#include "apps/common/report/pictures.hpp"
#include "apps/common/report/video.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"

namespace planet {

bool write_reel(const std::filesystem::path& file, const std::vector<std::string>& agents,
                std::uint64_t seed) {
  constexpr double seconds = 10;
  std::vector<LoadedModel> loaded;
  for (const std::string& path : agents) loaded.push_back(load_model(path));  // before any plays
  std::vector<Episode> episodes;
  std::vector<VideoClip> clips;
  for (const LoadedModel& agent : loaded) {
    std::optional<Evaluation> e = evaluate(*agent.model, agent.config, 1, seed);
    if (!e) return false;
    episodes.push_back(std::move(e->episodes.front()));
    clips.push_back({agent.config.env, nullptr,
                     reconstruct(*agent.model, episodes.back(), agent.config.seed),
                     seconds_per_row(agent.config)});
  }
  for (std::size_t i = 0; i < clips.size(); ++i) clips[i].episode = &episodes[i];
  return write_video(file, clips, seconds);
}

}  // namespace planet
