#include "rssm/replay.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"

namespace planet {

// ---- Episode -----------------------------------------------------------------------------------

double Episode::episode_return() const {
  return std::accumulate(reward.begin(), reward.end(), 0.0);
}

std::size_t Episode::bytes() const {
  return sizeof(Episode) + image.size() + sizeof(float) * (action.size() + reward.size());
}

void Episode::begin(std::ptrdiff_t n, std::ptrdiff_t A, const std::uint8_t* frame) {
  require(n >= 1 && A >= 1, "[Episode::begin] image_size is ", n, " and action_size is ", A,
          "; both must be at least 1");
  image_size = n;
  action_size = A;
  image.assign(frame, frame + frame_bytes());
  action.assign(index(A), 0.0f);
  reward.assign(1, 0.0f);
  terminated = truncated = false;
}

void Episode::append(const float* a, double r, const std::uint8_t* frame) {
  require(rows() >= 1, "[Episode::append] before begin(): row 0 is the reset frame");
  require(std::abs(r) <= std::numeric_limits<float>::max(), "[Episode::append] the reward of row ",
          rows(), " is ", r, "; it must be finite as a float, which is what an episode keeps");
  for (std::ptrdiff_t i = 0; i < action_size; ++i)
    require(std::isfinite(a[i]), "[Episode::append] entry ", i, " of the action of row ", rows(),
            " is ", a[i], "; it must be finite");
  image.insert(image.end(), frame, frame + frame_bytes());
  action.insert(action.end(), a, a + action_size);
  reward.push_back(static_cast<float>(r));
}

void Episode::check() const {
  require(image_size >= 1 && action_size >= 1, "[Episode] image_size is ", image_size,
          " and action_size is ", action_size, "; both must be at least 1");
  require(rows() >= 1, "[Episode] has no rows; the reset frame is row 0");
  require(image.size() == index(rows()) * frame_bytes(), "[Episode] has ", rows(), " rows but ",
          image.size(), " bytes of images; ", index(rows()) * frame_bytes(), " would be right");
  require(action.size() == index(rows() * action_size), "[Episode] has ", rows(), " rows but ",
          action.size(), " numbers of actions; ", rows() * action_size, " would be right");
  const bool zero = reward[0] == 0 && std::all_of(action.begin(), action.begin() + action_size,
                                                  [](float a) { return a == 0; });
  require(zero, "[Episode] row 0 is the reset frame; its action and its reward must be 0");
}

// ---- Replay ------------------------------------------------------------------------------------

Replay::Replay(std::size_t budget_bytes) : budget_(budget_bytes) {
  require(budget_ > 0, "[Replay] the memory budget is 0 bytes; it must hold at least one episode");
}

void Replay::add(Episode episode) {
  episode.check();
  require(episode.bytes() <= budget_, "[Replay::add] one episode takes ", episode.bytes(),
          " bytes, the whole budget is ", budget_);
  if (!episodes_.empty()) {
    const Episode& other = episodes_.front();
    require(episode.image_size == other.image_size && episode.action_size == other.action_size,
            "[Replay::add] the episode has ", episode.image_size, "-pixel images and ",
            episode.action_size, " action numbers; the others here have ", other.image_size,
            " and ", other.action_size);
  }
  // The arrays grew row by row: without this, up to half of their memory would be spare capacity
  // that the budget does not count.
  episode.image.shrink_to_fit();
  episode.action.shrink_to_fit();
  episode.reward.shrink_to_fit();
  bytes_ += episode.bytes();
  episodes_.push_back(std::move(episode));
  while (bytes_ > budget_) {
    bytes_ -= episodes_.front().bytes();
    episodes_.pop_front();
    ++dropped_;
  }
}

std::ptrdiff_t Replay::frames() const {
  std::ptrdiff_t n = 0;
  for (const Episode& e : episodes_) n += e.rows();
  return n;
}

std::span<const Window> Replay::sample(std::ptrdiff_t B, std::ptrdiff_t L, Rng& rng) {
  require(B >= 1 && L >= 1, "[Replay::sample] asked for ", B, " windows of ", L,
          " rows; both numbers must be at least 1");
  std::ptrdiff_t longest = 0;
  eligible_.clear();
  for (const Episode& e : episodes_) {
    longest = std::max(longest, e.rows());
    if (e.rows() >= L) eligible_.push_back(&e);
  }
  require(!eligible_.empty(), "[Replay::sample] a window has ", L, " rows, but the longest of the ",
          episodes_.size(), " episodes here has ", longest,
          "; a shorter batch length or longer episodes would do");

  windows_.resize(index(B));
  for (Window& w : windows_) {
    const Episode& e = *eligible_[rng.below(eligible_.size())];
    const auto starts = static_cast<std::uint64_t>(e.rows() - L + 1);
    w = {&e, static_cast<std::ptrdiff_t>(rng.below(starts)), L};
  }
  return windows_;
}

}  // namespace planet
