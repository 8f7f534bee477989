// Replay: rows, windows, the budget and the evenness of sampling. The frames here are labels: each
// says which episode and which row it is, so every window can be read back.
#include "rssm/replay.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "autograd/base/error.hpp"

using namespace planet;

namespace {

constexpr std::ptrdiff_t n = 2, frame_size = n * n * 3;

// Bytes 0..3 hold the episode, 4..7 the row, the rest mixes both: every byte identifies its frame.
std::array<std::uint8_t, frame_size> label(std::uint32_t episode, std::uint32_t row) {
  std::array<std::uint8_t, frame_size> f{};
  for (std::size_t i = 0; i < 4; ++i) {
    f[i] = static_cast<std::uint8_t>(episode >> (8 * i));
    f[4 + i] = static_cast<std::uint8_t>(row >> (8 * i));
    f[8 + i] = static_cast<std::uint8_t>(37 * episode + 101 * row + i);
  }
  return f;
}

struct Label {
  std::uint32_t episode = 0, row = 0;
};
Label read(const std::uint8_t* f) {
  Label l;
  for (std::size_t i = 0; i < 4; ++i) {
    l.episode |= std::uint32_t{f[i]} << (8 * i);
    l.row |= std::uint32_t{f[4 + i]} << (8 * i);
  }
  return l;
}

// The action that led to row t, and the reward that arrived with it, as functions of both labels.
float action_of(std::uint32_t episode, std::uint32_t row, std::uint32_t i) {
  return row == 0 ? 0.0f : static_cast<float>(1000 * episode + 10 * row + i);
}
float reward_of(std::uint32_t episode, std::uint32_t row) {
  return row == 0 ? 0.0f : static_cast<float>(episode) + static_cast<float>(row) / 1024;
}

Episode make_episode(std::uint32_t id, std::uint32_t T, std::uint32_t A = 2) {
  Episode e;
  e.begin(n, A, label(id, 0).data());
  for (std::uint32_t t = 1; t <= T; ++t) {
    std::vector<float> a;
    for (std::uint32_t i = 0; i < A; ++i) a.push_back(action_of(id, t, i));
    e.append(a.data(), static_cast<double>(reward_of(id, t)), label(id, t).data());
  }
  return e;
}

const std::uint8_t* frame_of(const Window& w, std::ptrdiff_t t) {
  return w.episode->image.data() + (w.first + t) * frame_size;
}

// Every row of the window is the row it says it is, follows the row before it, and carries its own
// action and reward. Returns the window's first label.
Label check_window(const Window& w) {
  const Label first = read(frame_of(w, 0));
  REQUIRE(w.first + w.rows <= w.episode->rows());
  for (std::ptrdiff_t t = 0; t < w.rows; ++t) {
    const Label l = read(frame_of(w, t));
    const auto whole = label(l.episode, l.row);
    REQUIRE(std::equal(whole.begin(), whole.end(), frame_of(w, t)));
    REQUIRE(l.episode == first.episode);
    REQUIRE(l.row == first.row + static_cast<std::uint32_t>(t));
    const auto at = static_cast<std::size_t>(w.first + t);
    const auto A = static_cast<std::size_t>(w.episode->action_size);
    for (std::size_t i = 0; i < A; ++i)
      REQUIRE(w.episode->action[at * A + i] ==
              action_of(l.episode, l.row, static_cast<std::uint32_t>(i)));
    REQUIRE(w.episode->reward[at] == reward_of(l.episode, l.row));
  }
  return first;
}

std::string error_of(auto&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// sum (observed - expected)^2 / expected over equally likely cells.
double chi_squared(const std::vector<int>& observed) {
  double total = 0, sum = 0;
  for (const int o : observed) total += o;
  const double expected = total / static_cast<double>(observed.size());
  for (const int o : observed) sum += (o - expected) * (o - expected) / expected;
  return sum;
}
// Wilson and Hilferty: the normal deviate that a chi-squared of k degrees of freedom amounts to.
double deviate(double chi2, double k) {
  return (std::cbrt(chi2 / k) - (1 - 2 / (9 * k))) / std::sqrt(2 / (9 * k));
}

}  // namespace

TEST_CASE("P13 T actions make T+1 rows and the first and last frame come back") {
  const Episode e = make_episode(7, 5);
  CHECK(e.rows() == 6);
  CHECK(e.image.size() == 6 * frame_size);
  CHECK(e.action.size() == 6 * 2);
  CHECK(read(e.image.data()).row == 0);
  CHECK(read(e.image.data() + 5 * frame_size).row == 5);
  CHECK(e.action[0] == 0);
  CHECK(e.action[1] == 0);
  CHECK(e.reward[0] == 0);
  Replay replay(1 << 20);
  replay.add(e);
  CHECK(replay.frames() == 6);
  Rng rng(1, Stream::test);
  const Window whole = replay.sample(1, 6, rng)[0];  // only the whole episode has six rows
  CHECK(read(frame_of(whole, 0)).row == 0);
  CHECK(read(frame_of(whole, 5)).row == 5);
  check_window(whole);
  bool first = false, last = false;
  for (const Window& w : replay.sample(200, 1, rng)) {  // single rows reach both ends
    first |= check_window(w).row == 0;
    last |= check_window(w).row == 5;
  }
  CHECK(first);
  CHECK(last);
}

TEST_CASE("P14 windows never cross an episode in random buffers") {
  Rng rng(14, Stream::test);
  for (int trial = 0; trial < 200; ++trial) {
    Replay replay(std::size_t{1} << 22);
    std::ptrdiff_t longest = 0;
    const auto episodes = 1 + rng.below(12);
    const auto A = static_cast<std::uint32_t>(1 + rng.below(3));
    for (std::uint32_t id = 0; id < episodes; ++id) {
      const auto T = static_cast<std::uint32_t>(rng.below(20));  // 0: a reset frame alone
      replay.add(make_episode(id, T, A));
      longest = std::max<std::ptrdiff_t>(longest, T + 1);
    }
    const auto L = static_cast<std::ptrdiff_t>(1 + rng.below(static_cast<std::uint64_t>(longest)));
    const auto B = static_cast<std::ptrdiff_t>(1 + rng.below(10));
    const std::span<const Window> windows = replay.sample(B, L, rng);
    CHECK(windows.size() == static_cast<std::size_t>(B));
    for (const Window& w : windows) {
      CHECK(w.rows == L);
      check_window(w);
    }
  }
}

TEST_CASE("sampling is even over episodes and over starts") {
  // Episodes of 6..11 rows and one of 3 that is too short for a window of 4. Cells are (episode)
  // and (start within the longest episode). |z| < 4.5 rejects a fair sampler once in 150,000.
  Replay replay(1 << 20);
  replay.add(make_episode(0, 2));
  for (std::uint32_t id = 1; id <= 6; ++id) replay.add(make_episode(id, 4 + id));
  constexpr std::ptrdiff_t L = 4, B = 60000;
  Rng rng(3, Stream::replay);
  std::vector<int> by_episode(6), by_start(8);  // episode 6 has 11 rows: starts 0..7
  for (const Window& w : replay.sample(B, L, rng)) {
    const Label l = read(frame_of(w, 0));
    REQUIRE(l.episode >= 1);
    ++by_episode[l.episode - 1];
    if (l.episode == 6) ++by_start[l.row];
  }
  const double z_episode = deviate(chi_squared(by_episode), 5);
  const double z_start = deviate(chi_squared(by_start), 7);
  CHECK(std::abs(z_episode) < 4.5);
  CHECK(std::abs(z_start) < 4.5);
  // The test can fail: it catches drawing by frames instead of by episodes, as 6:7:8:9:10:11.
  std::vector<int> by_frames;
  for (int rows = 6; rows <= 11; ++rows) by_frames.push_back(static_cast<int>(B) * rows / 51);
  CHECK(deviate(chi_squared(by_frames), 5) > 30);
}

TEST_CASE("P34 the memory budget holds to the byte and the oldest episodes are dropped first") {
  const std::size_t one = make_episode(0, 9).bytes();
  CHECK(one == sizeof(Episode) + 10 * (frame_size + 4 * 2 + 4));
  Replay replay(5 * one + one / 2);
  CHECK(replay.budget() == 5 * one + one / 2);
  for (std::uint32_t id = 0; id < 1000; ++id) {
    replay.add(make_episode(id, 9));
    CHECK(replay.bytes() <= replay.budget());
    std::size_t sum = 0;
    for (const Episode& e : replay.episodes()) {
      sum += e.bytes();
      CHECK(e.image.capacity() == e.image.size());  // no memory beyond what the budget counts
      CHECK(e.action.capacity() == e.action.size());
      CHECK(e.reward.capacity() == e.reward.size());
    }
    CHECK(replay.bytes() == sum);
    CHECK(replay.episodes().size() == std::min<std::size_t>(id + 1, 5));
    CHECK(replay.first_index() == std::max(0, static_cast<int>(id) - 4));
    CHECK(read(replay.episodes().back().image.data()).episode == id);
    CHECK(read(replay.episodes().front().image.data()).episode ==
          static_cast<std::uint32_t>(replay.first_index()));
  }
  // A long episode evicts as many episodes as it needs, and no more.
  replay.add(make_episode(2000, 29));
  CHECK(replay.bytes() <= replay.budget());
  const std::size_t longer = make_episode(0, 29).bytes();
  CHECK(replay.episodes().size() == 1 + (replay.budget() - longer) / one);
}

TEST_CASE("the same place in the stream gives the same windows") {
  Replay replay(1 << 20);
  for (std::uint32_t id = 0; id < 5; ++id) replay.add(make_episode(id, 9 + id));
  Rng a(9, Stream::replay), b(9, Stream::replay);
  for (int i = 0; i < 20; ++i) {
    const auto x = replay.sample(4, 6, a);
    const std::vector<Window> kept(x.begin(), x.end());
    const auto y = replay.sample(4, 6, b);
    for (std::size_t w = 0; w < 4; ++w) {
      CHECK(kept[w].episode == y[w].episode);
      CHECK(kept[w].first == y[w].first);
    }
    CHECK(a.position() == b.position());
  }
}

TEST_CASE("the return of an episode is the sum of its rewards") {
  Episode e;
  const auto f = label(0, 0);
  const float a[1] = {0.5f};
  e.begin(n, 1, f.data());
  CHECK(e.episode_return() == 0);
  e.append(a, 0.25, f.data());
  e.append(a, 0.5, f.data());
  CHECK(e.episode_return() == 0.75);
  e.begin(n, 1, f.data());  // begins anew
  CHECK(e.rows() == 1);
  CHECK(e.image.size() == frame_size);
}

TEST_CASE("replay errors are sentences") {
  Replay replay(1 << 16);
  Rng rng(1, Stream::test);
  CHECK(error_of([&] { replay.sample(1, 1, rng); }).find("the 0 episodes") != std::string::npos);
  replay.add(make_episode(0, 9));
  CHECK(error_of([&] { replay.sample(2, 11, rng); }) ==
        "[Replay::sample] a window has 11 rows, but the longest of the 1 episodes here has 10; a "
        "shorter batch length or longer episodes would do");
  CHECK(error_of([&] { replay.sample(0, 4, rng); }) != "");
  CHECK(error_of([&] { replay.sample(4, 0, rng); }) != "");
  CHECK(error_of([&] { replay.add(make_episode(0, 9, 3)); }) != "");
  CHECK(error_of([&] { Replay(100).add(make_episode(0, 9)); }) != "");
  CHECK(error_of([] { Replay none(0); }) != "");
  CHECK(replay.episodes().size() == 1);  // a refused episode changes nothing

  Episode e;
  const auto f = label(0, 0);
  const float a[1] = {0.5f}, bad[1] = {std::nanf("")};
  CHECK(error_of([&] { e.append(a, 0, f.data()); }) != "");
  CHECK(error_of([&] { e.begin(0, 1, f.data()); }) != "");
  e.begin(n, 1, f.data());
  CHECK(error_of([&] { e.append(bad, 0, f.data()); }) != "");
  CHECK(error_of([&] { e.append(a, std::nan(""), f.data()); }) != "");
  for (const double beyond : {1e39, -1e39, 1e300})
    CHECK(error_of([&] { e.append(a, beyond, f.data()); }) != "");
  CHECK(e.rows() == 1);
  const auto refused = [&](auto&& damage) {
    Episode broken = make_episode(1, 3);
    damage(broken);
    return error_of([&] { replay.add(broken); });
  };
  CHECK(refused([](Episode& x) { x.image.pop_back(); }) != "");
  CHECK(refused([](Episode& x) { x.action.pop_back(); }) != "");
  CHECK(refused([](Episode& x) { x.reward.push_back(0); }) != "");
  CHECK(refused([](Episode& x) { x.reward[0] = 1; }) != "");
  CHECK(refused([](Episode& x) { x.action[1] = 1; }) != "");
  CHECK(refused([](Episode&) {}) == "");
}
