// The exchanges between ranks, checked on every rank: mpirun -n 3 exchanges check. With `differ` rank 1
// has other parameters, which must be found; with `time NUMBERS` it prints the milliseconds of a sum of
// so many numbers and of an exchange of one.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "apps/common/console/console.hpp"
#include "apps/common/run/ranks.hpp"
#include "autograd/base/philox.hpp"

using namespace planet;

namespace {

// What rank r gives: numbers of both signs and of many sizes, so that the order of a sum is seen in it.
std::vector<float> numbers(int r, std::size_t n) {
  Rng rng(7, Stream::test, static_cast<std::uint32_t>(r));
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(rng.normal() * (rng.uniform() < 0.1 ? 1e4 : 1));
  return x;
}

std::string text(int r, std::size_t n) {
  std::string s(n, ' ');
  for (std::size_t i = 0; i < n; ++i) s[i] = static_cast<char>((i * 31 + 7 * std::size_t(r)) % 251);
  return s;
}

void check_sum(Ranks& ranks, std::size_t n) {
  std::vector<float> x = numbers(ranks.rank(), n), expected = numbers(0, n);
  for (int r = 1; r < ranks.size(); ++r) {
    const std::vector<float> more = numbers(r, n);
    for (std::size_t i = 0; i < n; ++i) expected[i] += more[i];
  }
  ranks.sum(x);
  require(x == expected, "rank ", ranks.rank(), ": the sum of ", n,
          " numbers is not the sum in the order of the ranks");
}

void check_gather(Ranks& ranks, std::size_t n) {
  // Of another length on every rank.
  const auto length = [&](int r) { return n == 0 ? 0 : n + static_cast<std::size_t>(r); };
  const std::vector<std::string> all = ranks.gather(text(ranks.rank(), length(ranks.rank())));
  for (int r = 0; r < ranks.size(); ++r)
    require(all[static_cast<std::size_t>(r)] == text(r, length(r)), "rank ", ranks.rank(), ": of ",
            n, " bytes, rank ", r, "'s are others");
}

void check(Ranks& ranks) {
  for (const std::size_t n : {0u, 1u, 2u, 3u, 7u, 1000u, 100'003u}) check_sum(ranks, n);
  for (const std::size_t n : {0u, 1u, 118u, 119u, 120u, 121u, 1'000'000u}) check_gather(ranks, n);
  for (int r = 0; r < ranks.size(); ++r) require(ranks.any(ranks.rank() == r), "any");
  require(!ranks.any(false), "any of none");
  require(ranks.from_first(cat("from ", ranks.rank())) == "from 0", "from_first");
  double few[] = {1, 0.5 * ranks.rank()};
  ranks.sum_few(few);
  require(few[0] == ranks.size() && few[1] == 0.25 * ranks.size() * (ranks.size() - 1), "sum_few");
  for (int k = 0; k < 300; ++k) ranks.any(k % 3 == ranks.rank()), check_sum(ranks, 100);
}

double milliseconds(int times, const auto& f) {
  f();
  const double start = process_seconds();
  for (int k = 0; k < times; ++k) f();
  return 1e3 * (process_seconds() - start) / times;
}

}  // namespace

int main(int argc, char** argv) {
  const std::unique_ptr<Ranks> ranks = make_ranks();
  const std::string what = argc > 1 ? argv[1] : "check";
  try {
    if (what == "check") check(*ranks);
    if (what == "differ") {
      WorldModel model(miniature_model(16), 1);
      compare_parameters(*ranks, model.params(), 4);
      if (ranks->rank() == 1) model.params().values<float>()[17] += 1;
      compare_parameters(*ranks, model.params(), 5);
    }
    if (what == "time") {
      std::vector<float> x(static_cast<std::size_t>(argc > 2 ? std::atoll(argv[2]) : 1'000'000));
      const double sum = milliseconds(200, [&] { ranks->sum(x); });
      const double one = milliseconds(2000, [&] { ranks->any(false); });
      if (ranks->first())
        std::cout << ranks->size() << "," << x.size() << "," << sum << "," << one << std::endl;
      return 0;
    }
  } catch (const RanksLost&) {
    return 0;
  } catch (const std::exception& e) {
    std::cerr << e.what() << std::endl;
    ranks->leave();
    return 2;
  }
  if (ranks->first()) std::cout << what << " by " << ranks->size() << ": ok" << std::endl;
  return 0;
}
