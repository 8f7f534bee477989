#include "apps/common/run/ranks.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "autograd/base/index.hpp"

namespace planet {
namespace {

// ---- values as bytes, of one binary for the same binary ----

template <class Values>
void put(std::string& bytes, const Values& values) {
  const std::uint64_t n = std::size(values);
  bytes.append(reinterpret_cast<const char*>(&n), sizeof n);
  bytes.append(reinterpret_cast<const char*>(std::data(values)), n * sizeof *std::data(values));
}

template <class T>
std::vector<T> take(std::string_view& bytes) {
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data(), sizeof n);
  std::vector<T> values(n);
  std::memcpy(values.data(), bytes.data() + sizeof n, n * sizeof(T));
  bytes.remove_prefix(sizeof n + n * sizeof(T));
  return values;
}

std::string packed(const CollectedEpisode& c) {
  const Episode& e = c.episode;
  const std::int64_t numbers[] = {e.image_size, e.action_size, e.terminated,
                                  e.truncated,  c.decisions,   c.env_frames};
  std::string bytes;
  put(bytes, numbers);
  put(bytes, e.image);
  put(bytes, e.action);
  put(bytes, e.reward);
  return bytes;
}

CollectedEpisode unpacked(std::string_view bytes) {
  CollectedEpisode c;
  const std::vector<std::int64_t> numbers = take<std::int64_t>(bytes);
  Episode& e = c.episode;
  e.image_size = numbers[0], e.action_size = numbers[1];
  e.terminated = numbers[2] != 0, e.truncated = numbers[3] != 0;
  c.decisions = numbers[4], c.env_frames = numbers[5];
  e.image = take<std::uint8_t>(bytes);
  e.action = take<float>(bytes);
  e.reward = take<float>(bytes);
  return c;
}

// A slab of the parameters' size as bytes.
std::string_view bytes_of(const ParamStore& params, const float* slab) {
  return {reinterpret_cast<const char*>(slab), index(params.size()) * sizeof *slab};
}

}  // namespace

Ranks& one_process() {
  static OneProcess ranks;
  return ranks;
}

bool RanksLost::misses(int rank) const { return std::ranges::count(missing_, rank) > 0; }

bool RanksLost::tells(int rank) const {
  int first = 0;
  while (misses(first)) ++first;
  return rank == first;
}

void Ranks::sum_few(std::span<double> x) {
  std::string mine;
  put(mine, x);
  const std::vector<std::string> all = gather(mine);
  std::ranges::fill(x, 0.0);
  for (std::string_view bytes : all) {
    const std::vector<double> part = take<double>(bytes);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += part[i];
  }
}

bool Ranks::any(bool mine) {
  if (size_ == 1) return mine;
  const std::vector<std::string> all = gather(mine ? "yes" : "");
  return std::ranges::any_of(all, [](const std::string& said) { return !said.empty(); });
}

std::vector<CollectedEpisode> hand_round(Ranks& ranks, std::optional<CollectedEpisode> mine) {
  std::vector<CollectedEpisode> out;
  if (ranks.size() == 1) {
    if (mine) out.push_back(std::move(*mine));
    return out;
  }
  for (const std::string& bytes : ranks.gather(mine ? packed(*mine) : "")) {
    if (bytes.empty()) break;
    out.push_back(unpacked(bytes));
  }
  return out;
}

LossSums sum_of_shares(Ranks& ranks, ParamStore& params, LossSums mine, std::ptrdiff_t B) {
  if (ranks.size() == 1) return mine;
  const Share share{ranks.rank(), ranks.size()};
  const double weight = static_cast<double>(share.windows(B)) / static_cast<double>(B);
  ranks.sum({params.grads<float>(), index(params.size())});
  std::array<double, 8> values{};
  const auto terms = mine.terms();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (terms[i] != nullptr) values[i] = weight * *terms[i];
  ranks.sum_few(values);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (terms[i] != nullptr) *terms[i] = values[i];
  return mine;
}

void share_state(Ranks& ranks, WorldModel& model, Adam& adam, Replay& replay, RunState& run) {
  if (ranks.size() == 1) return;
  ParamStore& params = adam.store();
  for (float* slab : {params.values<float>(), params.first_moments<float>(),
                      params.second_moments<float>(), model.params().values<float>()}) {
    const std::string bytes = ranks.from_first(std::string(bytes_of(params, slab)));
    std::memcpy(slab, bytes.data(), bytes.size());
  }
  run = RunState::from_json(Json::parse(ranks.from_first(run.to_json().dump(0)), "rank 0"));
  adam.set_steps(run.updates);
  for (std::size_t i = 0; i < static_cast<std::size_t>(run.episodes_in_memory); ++i) {
    const std::string bytes = ranks.from_first(ranks.first() ? packed({replay.episodes()[i]}) : "");
    if (!ranks.first()) replay.add(unpacked(bytes).episode);
  }
}

void compare_parameters(Ranks& ranks, const ParamStore& params, std::int64_t updates) {
  if (ranks.size() == 1) return;
  const std::size_t hash = std::hash<std::string_view>{}(bytes_of(params, params.values<float>()));
  const std::vector<std::string> hashes = ranks.gather(std::to_string(hash));
  for (std::size_t r = 1; r < hashes.size(); ++r) {
    if (hashes[r] == hashes[0]) continue;
    if (!ranks.first()) ranks.gather("");  // rank 0 says it and leaves
    fail("after ", updates, " updates rank ", r,
         " has other parameters than rank 0; all ranks need the same program and the same kind of "
         "CPU. Nothing was saved after the last checkpoint");
  }
}

}  // namespace planet
