// Valid safetensors files: the bytes on disk, every dtype, and saving all or nothing.
#include "nn/files/safetensors.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>

#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

TEST_CASE("a safetensors file has exactly the documented bytes") {
  const test::ScratchFolder folder;
  const float a[] = {1, -2.5f};
  const std::uint8_t b[] = {7, 8, 9};
  const TensorView tensors[] = {{"b", DType::u8, {3}, b}, tensor_view("a", Shape{2, 1}, a)};
  save_safetensors(folder / "x.safetensors", tensors, {{"what", "a \"test\""}});
  const std::string bytes = test::read_bytes(folder / "x.safetensors");

  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
  const std::string header = bytes.substr(8, length);
  CHECK(header.substr(0, header.find_last_not_of(' ') + 1) ==
        R"({"__metadata__": {"what": "a \"test\""}, )"
        R"("a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}, )"
        R"("b": {"dtype": "U8", "shape": [3], "data_offsets": [8, 11]}})");
  CHECK(bytes.substr(8 + length) == std::string("\0\0\x80\x3f\0\0\x20\xc0\x07\x08\x09", 11));
}

TEST_CASE("tensors of every kind come back") {
  const test::ScratchFolder folder;
  const float f[] = {1.5f, std::numeric_limits<float>::denorm_min(), -0.0f};
  const double d[] = {0.1, -1e300};
  const std::uint8_t u8[] = {0, 255};
  const std::int32_t i32[] = {INT32_MIN, INT32_MAX};
  const std::int64_t i64[] = {INT64_MIN, 5};
  const std::uint8_t flags[] = {1, 0, 1};
  const TensorView tensors[] = {{"flags", DType::boolean, {3}, flags},
                                {"f", DType::f32, {3, 1}, f},
                                {"d", DType::f64, {2}, d},
                                {"u8", DType::u8, {1, 2}, u8},
                                {"i32", DType::i32, {2}, i32},
                                {"i64", DType::i64, {2}, i64},
                                {"scalar", DType::f64, {}, d},
                                {"nothing", DType::f32, {3, 0, 2}, nullptr},
                                {"name with \"quotes\" and é", DType::u8, {1}, u8}};
  save_safetensors(folder / "x", tensors, {{"empty", ""}, {"line", "1\n2"}});
  const SafetensorsFile file(folder / "x");
  CHECK(file.metadata() == Metadata{{"empty", ""}, {"line", "1\n2"}});
  CHECK(file.tensors().size() == std::size(tensors));
  CHECK(file.read<float>("f") == std::vector<float>(f, f + 3));
  CHECK(std::signbit(file.read<float>("f")[2]));
  CHECK(file.read<double>("f") == std::vector<double>(f, f + 3));  // widened, exactly
  CHECK(file.read<double>("d") == std::vector<double>(d, d + 2));
  CHECK(file.read<std::uint8_t>("u8") == std::vector<std::uint8_t>(u8, u8 + 2));
  CHECK(file.read<std::int32_t>("i32") == std::vector<std::int32_t>(i32, i32 + 2));
  CHECK(file.read<std::int64_t>("i64") == std::vector<std::int64_t>(i64, i64 + 2));
  CHECK(file.read<double>("scalar") == std::vector<double>{0.1});
  CHECK(file.at("scalar").shape_text() == "[]");
  CHECK(file.at("nothing").shape_text() == "[3,0,2]");
  CHECK(file.read<float>("nothing").empty());
  CHECK(file.find("name with \"quotes\" and é") != nullptr);
  for (const TensorInfo& t : file.tensors()) CHECK(t.begin % item_size(t.dtype) == 0);  // aligned

  CHECK(contains(error_of([&] { file.read<float>("d"); }), "d is F64 and cannot be read as F32"));
  CHECK(contains(error_of([&] { file.read<std::uint8_t>("flags"); }), "flags is BOOL"));
  CHECK(contains(error_of([&] { file.read<double>("scalr"); }), "did you mean 'scalar'"));
  float too_few[2];
  CHECK(contains(error_of([&] { file.read(file.at("f"), std::span<float>(too_few)); }),
                 "f has 3 elements, 2 were wanted"));
}

TEST_CASE("a file without tensors is valid") {
  const test::ScratchFolder folder;
  save_safetensors(folder / "x", {});
  const SafetensorsFile file(folder / "x");
  CHECK(file.tensors().empty());
  CHECK(file.metadata().empty());
  CHECK(test::read_bytes(folder / "x").size() == 16);
}

TEST_CASE("a tensor that cannot be saved is refused and the old file stays") {
  const test::ScratchFolder folder;
  const auto path = folder / "x";
  const float good[] = {1, 2};
  const TensorView first[] = {tensor_view("a", Shape{2}, good)};
  save_safetensors(path, first);
  const std::string before = test::read_bytes(path);

  const float bad[] = {1, std::numeric_limits<float>::quiet_NaN()};
  const double worse[] = {-std::numeric_limits<double>::infinity()};
  const auto error = [&](std::vector<TensorView> tensors, Metadata metadata = {}) {
    return error_of([&] { save_safetensors(path, tensors, metadata); });
  };
  const TensorView ok = tensor_view("a", Shape{2}, good);
  CHECK(contains(error({ok, tensor_view("b", Shape{2}, bad)}), "tensor b: element 1 is nan"));
  CHECK(contains(error({tensor_view("c", Shape{1}, worse)}), "tensor c: element 0 is -inf"));
  CHECK(contains(error({ok, ok}), "two tensors are named a"));
  CHECK(contains(error({tensor_view("", Shape{2}, good)}), "'' cannot be a tensor's name"));
  CHECK(
      contains(error({tensor_view("__metadata__", Shape{2}, good)}), "cannot be a tensor's name"));
  CHECK(contains(error({tensor_view("\xff", Shape{2}, good)}), "not UTF-8"));
  CHECK(contains(error({ok}, {{"key", "\xff"}}), "not UTF-8"));
  CHECK(contains(error({{"h", DType::f16, {2}, good}}), "F16 is not written"));
  CHECK(contains(error({{"n", DType::f32, {-1}, good}}), "an axis of -1 elements"));
  CHECK(contains(error({ok}, {{"long", std::string(17u << 20, 'x')}}), "its header would have"));
  CHECK(test::read_bytes(path) == before);
  CHECK(folder.files() == 1);  // and no temporary

  const TensorView allowed[] = {tensor_view("b", Shape{2}, bad)};
  save_safetensors(path, allowed, {}, NonFiniteValues::allow);
  CHECK(std::isnan(SafetensorsFile(path).read<float>("b")[1]));
}

TEST_CASE("paths that cannot be written have a sentence") {
  const test::ScratchFolder folder;
  CHECK(contains(error_of([&] { save_safetensors(folder.path(), {}); }), "it is a folder"));
  CHECK(contains(error_of([&] { save_safetensors(folder / "no/x", {}); }),
                 "cannot be written: No such file or directory"));
}

TEST_CASE("a full disk leaves the old file and no temporary") {
  const test::ScratchFolder folder;
  const auto path = folder / "x";
  test::write_bytes(path, "old");
  struct rlimit before = {}, small = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  small = before;
  small.rlim_cur = 4096;  // a disk with room for 4 KiB
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::vector<float> data(10'000);
  const TensorView tensors[] = {tensor_view("a", Shape{10'000}, data.data())};
  const std::string error = error_of([&] { save_safetensors(path, tensors); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(contains(error, "was not written: writing failed: File too large"));
  CHECK(test::read_bytes(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("an atomic file that is not committed leaves no trace") {
  const test::ScratchFolder folder;
  test::write_bytes(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new");
    CHECK(folder.files() == 2);
    CHECK(test::read_bytes(folder / "x") == "old");
  }
  CHECK(folder.files() == 1);
  CHECK(test::read_bytes(folder / "x") == "old");
  write_text_atomically(folder / "x", "new");
  CHECK(read_text(folder / "x") == "new");
  CHECK(folder.files() == 1);
  CHECK(contains(error_of([&] { read_text(folder / "y"); }), "there is no such file"));
  CHECK(contains(error_of([&] { read_text(folder.path()); }), "is not a regular file"));
  CHECK(
      contains(error_of([&] { read_text(folder / "x", 2); }), "3 bytes; at most 2 were expected"));
}
