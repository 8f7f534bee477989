#include "apps/common/run/limits.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "autograd/base/error.hpp"

namespace planet {

Limits::Limits(const RunConfig& config, const RunState& state)
    : config_(config), before_(state.seconds) {
  start_fraction_ = fraction(state);
}

double Limits::elapsed() const { return before_ + process_seconds(); }

double Limits::remaining() const {
  if (config_.time_limit.seconds == 0) return std::numeric_limits<double>::infinity();
  return config_.time_limit.seconds - elapsed();
}

bool Limits::stopped() { return interrupted(); }

std::optional<Duration> Limits::enough_to_learn() const {
  const double limit = config_.time_limit.seconds;
  if (limit == 0 || remaining() - ending_ >= 0.1 * limit) return std::nullopt;
  // Two thirds of it for learning, in whole tens of seconds.
  return Duration{10 * std::ceil(3 * (elapsed() + ending_) / 10)};
}

bool Limits::reached(const RunState& state) const {
  return no_room_for_update() || enough_updates(state) ||
         (config_.total_episodes > 0 && state.episodes >= config_.total_episodes) ||
         (config_.steps > 0 && state.env_frames >= config_.steps);
}

bool Limits::enough_updates(const RunState& state) const {
  return config_.total_updates > 0 && state.updates >= config_.total_updates;
}

std::string Limits::reason(const RunState& state) const {
  if (interrupted()) return "interrupted";
  if (config_.total_episodes > 0 && state.episodes >= config_.total_episodes)
    return counted(state.episodes, "episode");
  if (config_.steps > 0 && state.env_frames >= config_.steps)
    return counted(state.env_frames, "environment frame");
  if (enough_updates(state)) return counted(state.updates, "update");
  return "time limit " + write_value(config_.time_limit);
}

std::vector<std::string> Limits::twice(const RunState& state) const {
  if (config_.total_episodes > 0 && state.episodes >= config_.total_episodes)
    return {"--total-episodes", write_value(2 * state.episodes)};
  if (config_.steps > 0 && state.env_frames >= config_.steps)
    return {"--steps", write_value(2 * state.env_frames)};
  if (enough_updates(state)) return {"--total-updates", write_value(2 * state.updates)};
  return {"--time-limit", write_value(Duration{2 * config_.time_limit.seconds})};
}

double Limits::fraction(const RunState& state) const {
  double f = 0;
  if (config_.total_episodes > 0)
    f = std::max(f,
                 static_cast<double>(state.episodes) / static_cast<double>(config_.total_episodes));
  if (config_.steps > 0)
    f = std::max(f, static_cast<double>(state.env_frames) / static_cast<double>(config_.steps));
  if (config_.total_updates > 0)
    f = std::max(f,
                 static_cast<double>(state.updates) / static_cast<double>(config_.total_updates));
  if (config_.time_limit.seconds > 0) f = std::max(f, elapsed() / config_.time_limit.seconds);
  return std::min(f, 1.0);
}

std::optional<double> Limits::seconds_left(const RunState& state) const {
  const double now = fraction(state);
  if (!(now > start_fraction_)) return std::nullopt;
  return std::min(process_seconds() * (1 - now) / (now - start_fraction_), remaining());
}

}  // namespace planet
