// Malformed safetensors files: each broken rule has its own sentence, and nothing is loaded.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "nn/files/safetensors.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

std::string with_length(std::uint64_t length, std::string_view rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(rest);
}

std::string file_of(std::string_view header, std::size_t data_bytes) {
  return with_length(header.size(), std::string(header) + std::string(data_bytes, '\1'));
}

std::string repeated(std::string_view text, int times) {
  std::string s;
  for (int i = 0; i < times; ++i) s += text;
  return s;
}

}  // namespace

TEST_CASE("every malformed safetensors file has a sentence of its own") {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  const std::string b = R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]})";
  const auto one = [](std::string_view entry) { return cat("{\"a\":", entry, "}"); };
  const struct {
    std::string what, bytes, error;
  } cases[] = {
      {"no byte at all", "", "it has 0 bytes; a safetensors file starts with 8 bytes"},
      {"half a length", "\1\0\0\0", "a safetensors file starts with 8 bytes"},
      {"length 2^63", with_length(std::uint64_t{1} << 63, "{}"),
       "this is not a safetensors file: its first 8 bytes would give a header of "
       "9223372036854775808 "
       "bytes, more than the 16777216"},
      {"length 2^64 - 1", with_length(UINT64_MAX, "{}"), "a header of 18446744073709551615 bytes"},
      {"length 16 MiB + 1", with_length((16u << 20) + 1, "{}"), "more than the 16777216"},
      {"length beyond the file", with_length(100, "{}"),
       "its header would have 100 bytes, but only 2 follow; the file was cut short"},
      {"length 0", with_length(0, "{}"), "its header does not start with '{'"},
      {"a space first", file_of(" {}", 0), "its header does not start with '{'"},
      {"a PNG", with_length(8, "\x89PNG\r\n\x1a\n"), "its header does not start with '{'"},
      {"not JSON", file_of("{a}", 0), "header: byte 1: a key in double quotes was expected"},
      {"half of the JSON", file_of(R"({"a":{"dtype":"F32")", 0),
       "header: byte 19: ',' or '}' was expected, found the end"},
      {"text after the JSON", file_of("{} x", 0), "header: byte 3: the value ended before this"},
      {"zeros after the JSON", file_of(std::string("{}\0\0", 4), 0), "byte 2: the value ended"},
      {"NaN in the JSON", file_of(one(R"({"dtype":"F32","shape":[NaN],"data_offsets":[0,8]})"), 8),
       "header: byte 29: a value was expected, found 'N'"},
      {"bad UTF-8", file_of("{\"\xff\":1}", 0), "header: byte 2: this is not UTF-8"},
      {"depth bomb", file_of("{\"a\":" + std::string(1'000'000, '[') + "}", 0),
       "header: byte 8: nested deeper than 4 levels"},
      {"value bomb", file_of("{\"a\":[0" + repeated(",0", 1'100'000) + "]}", 0),
       "more than 1048576 values"},
      {"a name twice", file_of("{" + a + "," + a + "}", 8), "the key \"a\" appears twice"},
      {"metadata twice", file_of(R"({"__metadata__":{},"__metadata__":{}})", 0),
       "the key \"__metadata__\" appears twice"},
      {"metadata not an object", file_of(R"({"__metadata__":[]})", 0),
       "__metadata__ is an array, not an object"},
      {"metadata with a number", file_of(R"({"__metadata__":{"steps":3}})", 0),
       "__metadata__ may hold strings only, but 'steps' is an integer"},
      {"an entry that is a number", file_of(one("3"), 0), "tensor a: its entry is an integer"},
      {"no dtype", file_of(one(R"({"shape":[2],"data_offsets":[0,8]})"), 8),
       "tensor a: its entry has no dtype"},
      {"no shape", file_of(one(R"({"dtype":"F32","data_offsets":[0,8]})"), 8),
       "tensor a: its entry has no shape"},
      {"no offsets", file_of(one(R"({"dtype":"F32","shape":[2]})"), 8),
       "tensor a: its entry has no data_offsets"},
      {"a key too many",
       file_of(one(R"({"dtype":"F32","shape":[2],"data_offset":[0,8],"data_offsets":[0,8]})"), 8),
       "tensor a: its entry has a key 'data_offset' beside dtype, shape, data_offsets (did you "
       "mean 'data_offsets'?)"},
      {"dtype not a string", file_of(one(R"({"dtype":32,"shape":[2],"data_offsets":[0,8]})"), 8),
       "tensor a: its dtype is an integer, not a string"},
      {"unknown dtype", file_of(one(R"({"dtype":"F33","shape":[2],"data_offsets":[0,8]})"), 8),
       "tensor a: the dtype 'F33' is none of BOOL, U8"},
      {"shape not an array", file_of(one(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})"), 8),
       "tensor a: its shape is an integer, not an array"},
      {"negative axis", file_of(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), 8),
       "tensor a: its shape holds -2"},
      {"broken axis", file_of(one(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"), 8),
       "tensor a: its shape holds 2.0"},
      {"axis as text", file_of(one(R"({"dtype":"F32","shape":["2"],"data_offsets":[0,8]})"), 8),
       "tensor a: its shape holds \"2\""},
      {"axis of 2^64 - 1",
       file_of(one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})"), 8),
       "tensor a: its shape holds 18446744073709551615"},
      {"shape product overflows to the right size",  // 2^62 * 4 * 4 bytes = 0 modulo 2^64
       file_of(one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})"), 0),
       "has more elements than 64 bits can count"},
      {"overflow before a zero",
       file_of(one(R"({"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]})"), 0),
       "has more elements than 64 bits can count"},
      {"offsets not a pair", file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8]})"), 8),
       "tensor a: its data_offsets must be [begin, end]"},
      {"offsets not an array", file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":8})"), 8),
       "tensor a: its data_offsets must be [begin, end]"},
      {"offsets backwards", file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), 8),
       "tensor a: its data_offsets [8, 0] are not a range of bytes"},
      {"negative offset", file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})"), 8),
       "tensor a: its data_offsets [-8, 0] are not a range of bytes"},
      {"offset beyond 63 bits",
       file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808]})"), 8),
       "are not a range of bytes"},
      {"offset 2^63 - 1",
       file_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]})"), 8),
       "tensor a: its data end at byte 9223372036854775807, but the file has only 8 bytes"},
      {"data cut short", file_of("{" + a + "}", 7),
       "tensor a: its data end at byte 8, but the file has only 7 bytes of data"},
      {"fewer bytes than the shape",
       file_of(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), 8),
       "tensor a: its data_offsets [0, 8] hold 8 bytes, but F32 [3] needs 12"},
      {"dtype of another width",
       file_of(one(R"({"dtype":"F64","shape":[2],"data_offsets":[0,8]})"), 8),
       "hold 8 bytes, but F64 [2] needs 16"},
      {"trailing bytes", file_of("{" + a + "}", 11),
       "3 bytes follow the last tensor, and belong to none"},
      {"data but no tensor", file_of("{}", 3), "3 bytes follow the last tensor"},
      {"a gap", file_of("{" + a + R"(,"b":{"dtype":"U8","shape":[3],"data_offsets":[9,12]}})", 12),
       "bytes 8 to 9 of the data, before tensor b, belong to no tensor"},
      {"a gap at the start", file_of(R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", 4),
       "bytes 0 to 1 of the data, before tensor b"},
      {"an overlap",
       file_of("{" + a + R"(,"b":{"dtype":"U8","shape":[3],"data_offsets":[7,10]}})", 10),
       "tensor b begins at byte 7 of the data, inside the one before it, which ends at 8"},
      {"two tensors in one place",
       file_of("{" + a + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8),
       "begins at byte 0 of the data, inside the one before it"},
  };
  const test::ScratchFolder folder;
  const auto path = folder / "x.safetensors";
  for (const auto& c : cases) {
    CAPTURE(c.what);
    test::write_bytes(path, c.bytes);
    const std::string error = error_of([&] { const SafetensorsFile file(path); });
    CAPTURE(error);
    CHECK(contains(error, c.error));
    CHECK(error.starts_with(path.string() + ": "));
  }
  // The building blocks of the table are valid, so each case above fails for its own reason.
  test::write_bytes(path, file_of("{" + b + "," + a + "}  ", 11));
  CHECK(SafetensorsFile(path).tensors().size() == 2);
}

TEST_CASE("paths that are not files have a sentence") {
  const test::ScratchFolder folder;
  const auto error = [](const std::filesystem::path& p) {
    return error_of([&] { const SafetensorsFile file(p); });
  };
  CHECK(contains(error(folder / "nothing"), "there is no such file"));
  CHECK(contains(error(folder.path()), "this is a folder, not a safetensors file"));
  CHECK(contains(error("/dev/zero"), "this is not a regular file"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(
      contains(error(folder / "pipe"), "this is not a regular file"));  // and does not wait for it
  test::write_bytes(folder / "x", file_of("{}", 0));
  CHECK(contains(error(folder / "x/y"), "there is no such file"));
  if (::geteuid() != 0) {  // root may read everything
    REQUIRE(::chmod((folder / "x").c_str(), 0) == 0);
    CHECK(contains(error(folder / "x"), "it cannot be opened: Permission denied"));
  }
}

TEST_CASE("a file that shrinks after it was opened is an error and not a crash") {
  const test::ScratchFolder folder;
  const std::vector<float> data(1000, 1.0f);
  const TensorView tensors[] = {tensor_view("a", Shape{1000}, data.data())};
  save_safetensors(folder / "x", tensors);
  const SafetensorsFile file(folder / "x");
  std::filesystem::resize_file(folder / "x", 200);
  CHECK(contains(error_of([&] { file.read<float>("a"); }), "tensor a could not be read"));
}
