#include "apps/common/options/values.hpp"

#include <doctest/doctest.h>

#include "autograd/base/error.hpp"
#include "nn/adam.hpp"
#include "rssm/config.hpp"

using namespace planet;

namespace {

template <class V>
V read(const std::string& text) {
  V value{};
  read_value(text, value);
  return value;
}

template <class V>
void check_round_trip(const V& value) {
  CHECK(read<V>(write_value(value)) == value);
}

}  // namespace

TEST_CASE("whole numbers may have exponents and underscores") {
  CHECK(read<int>("50") == 50);
  CHECK(read<std::int64_t>("1e6") == 1'000'000);
  CHECK(read<std::int64_t>("1_000_000") == 1'000'000);
  CHECK(read<int>("-3") == -3);
  CHECK(read<std::uint64_t>("18446744073709551615") == 18446744073709551615u);
  for (const char* wrong :
       {"", "x", "1.5", "1e-3", "_1", "1_", "1__0", "1e300", "nan", "inf", "5 5"})
    CHECK_THROWS_AS(read<int>(wrong), Error);
  CHECK_THROWS_AS(read<std::uint64_t>("-1"), Error);
  CHECK_THROWS_AS(read<int>("3000000000"), Error);
}

TEST_CASE("numbers are finite") {
  CHECK(read<double>("1e-3") == 1e-3);
  for (const char* wrong : {"", "nan", "inf", "1,5", "0x"})
    CHECK_THROWS_AS(read<double>(wrong), Error);
}

TEST_CASE("times have units") {
  CHECK(read<Duration>("90s").seconds == 90);
  CHECK(read<Duration>("3m").seconds == 180);
  CHECK(read<Duration>("2h").seconds == 7200);
  CHECK(read<Duration>("1.5h").seconds == 5400);
  CHECK(read<Duration>("none").seconds == 0);
  for (const char* wrong : {"", "m", "-3m", "0s", "3 weeks", "1e99h", "45"})
    CHECK_THROWS_AS(read<Duration>(wrong), Error);
  for (const double s : {90.0, 180.0, 7200.0, 0.25, 61.5, 0.0}) check_round_trip(Duration{s});
}

TEST_CASE("a cadence is counted, timed or never") {
  CHECK(read<Cadence>("10") == Cadence{10, 0});
  CHECK(read<Cadence>("60s") == Cadence{0, 60});
  CHECK(read<Cadence>("2m") == Cadence{0, 120});
  CHECK(read<Cadence>("never").never());
  CHECK(read<Cadence>("auto").automatic);
  for (const char* wrong : {"", "0", "-1", "1.5", "often"})
    CHECK_THROWS_AS(read<Cadence>(wrong), Error);
  for (const Cadence& c : {Cadence{10, 0}, Cadence{0, 120}, Cadence{}, Cadence{0, 0, true}})
    check_round_trip(c);
}

TEST_CASE("sizes are decimal or binary") {
  CHECK(read<Bytes>("512MB").count == 512'000'000);
  CHECK(read<Bytes>("2GiB").count == 2147483648u);
  CHECK(read<Bytes>("1000").count == 1000);
  CHECK(read<Bytes>("auto").count == 0);
  for (const char* wrong : {"", "MB", "-1MB", "5 apples", "1e30GB"})
    CHECK_THROWS_AS(read<Bytes>(wrong), Error);
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40})
    check_round_trip(Bytes{n});
}

TEST_CASE("convolutions are lists of channels and kernels") {
  const std::vector<ConvLayer> layers{{8, 4}, {16, 4}};
  CHECK(read<std::vector<ConvLayer>>("8:4 16:4") == layers);
  CHECK(read<std::vector<ConvLayer>>("8:4,16:4") == layers);
  check_round_trip(layers);
  for (const char* wrong : {"", "8", "8:", "8:4 x", "8:4:2"})
    CHECK_THROWS_AS(read<std::vector<ConvLayer>>(wrong), Error);
}

TEST_CASE("drops of the learning rate are lists of updates and rates") {
  const std::vector<RateDrop> drops{{20000, 5e-4}, {30000, 1e-4}};
  CHECK(read<std::vector<RateDrop>>("20000:5e-4 30_000:1e-4") == drops);
  CHECK(read<std::vector<RateDrop>>("none").empty());
  for (const auto& d : {drops, std::vector<RateDrop>{}}) check_round_trip(d);
  for (const char* wrong : {"", "5e-4", "20000:", "1.5:5e-4", "20000:5e-4 x"})
    CHECK_THROWS_AS(read<std::vector<RateDrop>>(wrong), Error);
}

TEST_CASE("numbers, sizes and times in messages") {
  CHECK(with_commas(1234567) == "1,234,567");
  CHECK(with_commas(-1000) == "-1,000");
  CHECK(with_commas(999) == "999");
  CHECK(counted(1, "update") == "1 update");
  CHECK(counted(2000, "update") == "2,000 updates");
  CHECK(counted(0, "update") == "0 updates");
  CHECK(bytes_text(1.14 * 1073741824) == "1.14 GiB");
  CHECK(clock_text(125) == "2:05");
  CHECK(clock_text(3725) == "1:02:05");
}
