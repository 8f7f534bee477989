// Episode files: to numpy and from it, to the last bit, and nothing that is damaged or too large.
#include "apps/common/files/episode_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "apps/common/files/npz.hpp"
#include "apps/common/files/npz_format.hpp"
#include "apps/common/files/zlib.hpp"
#include "autograd/base/error.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

// Three rows of 2 x 2 pixels and one action number: image[i] = 7 i mod 256.
Episode small_episode() {
  std::vector<std::uint8_t> frame(12);
  const auto fill = [&](std::size_t row) {
    for (std::size_t i = 0; i < 12; ++i) frame[i] = static_cast<std::uint8_t>(7 * (12 * row + i));
    return frame.data();
  };
  const float half = 0.5f, minus = -1.0f;
  Episode e;
  e.begin(2, 1, fill(0));
  e.append(&half, 0.25, fill(1));
  e.append(&minus, 1.0, fill(2));
  e.truncated = true;
  return e;
}

void check_equal(const Episode& a, const Episode& b) {
  CHECK(a.image_size == b.image_size);
  CHECK(a.action_size == b.action_size);
  CHECK(a.image == b.image);
  CHECK(a.action == b.action);
  CHECK(a.reward == b.reward);
  CHECK(a.terminated == b.terminated);
  CHECK(a.truncated == b.truncated);
}

// small_episode() as numpy 1.24's savez_compressed wrote it.
const char* const numpy_hex =
    "504b03042d00000008000000210047a56234ffffffffffffffff09001400696d6167652e6e707901001000a400"
    "0000000000006f000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e536aa8aea3a09e965f"
    "54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a0a466064aca9a350ab4006e06260e71395"
    "51d632b4b077f30d894eca2c28af6bed993c6be18af5dbf61e397de9e683e7efbe0200504b03042d0000000800"
    "000021005ccb5aefffffffffffffffff0a001400616374696f6e2e6e7079010010008c000000000000004e0000"
    "00000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f9492"
    "0a12774bcc294e058a17672416a402f91ac63a0a869a3a0ab50a64032e0608b0676068d80f00504b03042d0000"
    "00080000002100e051df95ffffffffffffffff0a0014007265776172642e6e7079010010008c00000000000000"
    "4b000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f"
    "5f94920a12774bcc294e058a17672416a402f91ac63a9a3a0ab50a14002e063068b003627b00504b03042d0000"
    "00080000002100141dffa4ffffffffffffffff0e0014007465726d696e617465642e6e70790100100081000000"
    "0000000043000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e9364a8aea3a09e965f5452"
    "9498179f5f94920a12774bcc294e058a17672416a402f91a9a3a0ab50a14012e0600504b03042d000000080000"
    "002100822df8d3ffffffffffffffff0d0014007472756e63617465642e6e707901001000810000000000000043"
    "000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e9364a8aea3a09e965f54529498179f5f"
    "94920a12774bcc294e058a17672416a402f91a9a3a0ab50a14012e4600504b01022d032d000000080000002100"
    "47a562346f000000a4000000090000000000000000000000800100000000696d6167652e6e7079504b01022d03"
    "2d0000000800000021005ccb5aef4e0000008c0000000a00000000000000000000008001aa000000616374696f"
    "6e2e6e7079504b01022d032d000000080000002100e051df954b0000008c0000000a0000000000000000000000"
    "8001340100007265776172642e6e7079504b01022d032d000000080000002100141dffa443000000810000000e"
    "00000000000000000000008001bb0100007465726d696e617465642e6e7079504b01022d032d00000008000000"
    "2100822df8d343000000810000000d000000000000000000000080013e0200007472756e63617465642e6e7079"
    "504b050600000000050005001e010000c00200000000";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// The sentence about small_episode() after its arrays were tampered with.
std::string tampered(const std::function<void(NpzArrays&)>& change) {
  NpzArrays arrays = decode_npz(encode_episode(small_episode()), "x.npz");
  change(arrays);
  return error_of([&] { decode_episode(encode_npz(arrays), "x.npz"); });
}

void set_float(NpyArray& array, std::size_t i, float value) {
  std::memcpy(array.bytes.data() + 4 * i, &value, 4);
}

// One stored member (no compression), so that a test can choose each byte of it.
std::string stored(const std::string& name, const std::string& text, std::size_t size,
                   std::uint32_t crc) {
  std::string file, directory;
  npz_format::append_member(file, directory, name, text, size, crc);
  file[8] = directory[10] = 0;  // method: stored
  npz_format::append_directory(file, directory, 1);
  return file;
}

}  // namespace

TEST_CASE("an episode comes back from its file to the last bit") {
  const planet::test::ScratchFolder folder;
  Episode e = small_episode();
  save_episode_file(folder / "e.npz", e);
  check_equal(load_episode_file(folder / "e.npz"), e);
  CHECK(folder.files() == 1);  // no temporary stays
  e.terminated = true, e.truncated = false;
  e.reward[1] = -0.0f;
  e.action[2] = 1e-42f;  // subnormal
  save_episode_file(folder / "e.npz", e);
  const Episode back = load_episode_file(folder / "e.npz");
  check_equal(back, e);
  CHECK(std::signbit(back.reward[1]));
  CHECK(encode_episode(e) == encode_episode(e));  // no clock in it
  // A larger one, with frames that compress and frames that do not.
  std::vector<std::uint8_t> frame(32 * 32 * 3);
  Rng rng(1, Stream::test);
  Episode large;
  large.begin(32, 3, frame.data());
  for (int t = 0; t < 50; ++t) {
    if (t % 2)
      for (auto& byte : frame) byte = static_cast<std::uint8_t>(rng.below(256));
    const float a[3] = {0.1f, static_cast<float>(t), -1};
    large.append(a, t, frame.data());
  }
  check_equal(decode_episode(encode_episode(large), "large"), large);
  CHECK(encode_episode(large).size() < large.bytes());
}

TEST_CASE("an episode file says which task it is of, and old files say nothing") {
  const Episode e = small_episode();
  std::string task = "something";
  check_equal(decode_episode(encode_episode(e, "cup_catch"), "x.npz", &task), e);
  CHECK(task == "cup_catch");
  check_equal(decode_episode(encode_episode(e), "x.npz", &task), e);
  CHECK(task == "");
  check_equal(decode_episode(encode_episode(e, "cup_catch"), "x.npz"), e);
}

TEST_CASE("an episode that numpy wrote is read") {
  check_equal(decode_episode(from_hex(numpy_hex), "numpy.npz"), small_episode());
}

TEST_CASE("an episode file cut short or with a flipped bit is refused or unharmed") {
  const Episode e = small_episode();
  for (const std::string& whole : {encode_episode(e), from_hex(numpy_hex)}) {
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK(error_of([&] { decode_episode(whole.substr(0, n), "x.npz"); }) != "");
    std::size_t refused = 0;
    for (std::size_t i = 0; i < 8 * whole.size(); ++i) {
      std::string flipped = whole;
      flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
      Episode back;
      const std::string said = error_of([&] { back = decode_episode(flipped, "x.npz"); });
      if (said.empty()) check_equal(back, e);  // a date, a version: nothing that is read
      else CHECK(contains(said, "x.npz"));
      refused += !said.empty();
    }
    CHECK(refused > 4 * whole.size());
    CHECK(error_of([&] { decode_episode(whole + "x", "x.npz"); }) != "");
    CHECK(error_of([&] { decode_episode(whole + whole, "x.npz"); }) != "");
  }
}

TEST_CASE("an episode file with wrong contents gets a sentence") {
  CHECK(tampered([](NpzArrays&) {}) == "");
  CHECK(tampered([](NpzArrays& a) { a.erase("reward"); }) ==
        "[episode] x.npz: the array 'reward' is missing");
  CHECK(tampered([](NpzArrays& a) { a["rewards"] = a["reward"]; }) ==
        "[episode] x.npz: the array 'rewards' is not part of an episode (did you mean 'reward'?); "
        "image, action, reward, terminated, truncated, task are");
  CHECK(contains(tampered([](NpzArrays& a) { a["reward"].shape = {3, 1}; }), "2 axes"));
  CHECK(contains(tampered([](NpzArrays& a) { a["image"].dtype = "|b1"; }), "must have |u1"));
  CHECK(contains(tampered([](NpzArrays& a) { a["image"].shape = {1, 3, 4, 3}; }), "must be equal"));
  CHECK(contains(tampered([](NpzArrays& a) { a["image"].shape = {3, 4, 1, 3}; }), "[n,n,3]"));
  CHECK(contains(tampered([](NpzArrays& a) { a["action"].shape = {1, 3}; }), "must be equal"));
  CHECK(contains(tampered([](NpzArrays& a) { set_float(a["reward"], 1, std::nanf("")); }),
                 "'reward' holds nan"));
  CHECK(contains(tampered([](NpzArrays& a) { set_float(a["action"], 2, INFINITY); }), "inf"));
  CHECK(contains(tampered([](NpzArrays& a) { set_float(a["reward"], 0, 1); }), "reset frame"));
  CHECK(contains(tampered([](NpzArrays& a) { set_float(a["action"], 0, 1); }), "reset frame"));
  CHECK(contains(tampered([](NpzArrays& a) { a["truncated"].bytes[0] = 2; }), "neither True"));
  CHECK(contains(tampered([](NpzArrays& a) {
                   a["reward"] = {"<f4", {0}, {}};
                   a["action"] = {"<f4", {0, 1}, {}};
                   a["image"] = {"|u1", {0, 2, 2, 3}, {}};
                 }),
                 "no rows"));
}

TEST_CASE("npz members with false sizes are refused before memory is allocated") {
  const auto said = [](const std::string& file) {
    return error_of([&] { decode_npz(file, "x.npz", 1 << 20); });
  };
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
  const auto npy = [](const std::string& dict, const std::string& data) {
    std::string text("\x93NUMPY\x01\x00", 8);
    npz_format::put(text, dict.size(), 2);
    return text + dict + data;
  };
  const auto file = [&](const std::string& text) {
    return stored("a.npy", text, text.size(),
                  crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  };
  CHECK(said(file(npy(header, "abc"))) == "");
  CHECK(decode_npz(file(npy(header, "abc")), "x").at("a").shape == std::vector<std::size_t>{3});
  CHECK(contains(said(file(npy(header, "abcd"))), "ask for 3 bytes, 4 are there"));
  CHECK(contains(said(file("hello")), "not a .npy"));
  CHECK(contains(said(stored("a.npy", "abc", 3, 0)), "checksum"));
  CHECK(contains(said(stored("a.txt", "abc", 3, 0)), "must end in .npy"));
  for (const char* dict :
       {"", "{", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False, 'shape': (3,}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'x': 1}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': None, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} import os"})
    CHECK(contains(said(file(npy(dict, "abc"))), "not understood"));
  CHECK(contains(said(file(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (3,)}", "abc"))),
                 "Fortran"));
  CHECK(contains(said(file(npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "abc"))),
                 "dtype is '<f8'"));
  CHECK(contains(said(file(npy("{'descr': '<f4', 'fortran_order': False, 'shape': "
                               "(4294967296, 4294967296)}",
                               "abc"))),
                 "too large for any memory"));
  // Sizes that are not there, in a member and beyond max_bytes.
  CHECK(contains(said(stored("a.npy", "abc", 4000000, 0)), "two sizes differ"));
  std::string packed = encode_npz({{"a", {"|u1", {3}, {1, 2, 3}}}});
  std::string grown = packed;
  const std::size_t end = grown.size() - 22, entry = grown.find("PK\x01\x02");
  REQUIRE(entry < end);
  grown[entry + 27] = 0x7f;  // unpacked size: 2 GB
  CHECK(contains(said(grown), "larger than 1048576"));
  grown[entry + 27] = 0;
  grown[entry + 26] = 0x0f;  // 1 MB, which so few bytes cannot hold
  CHECK(contains(said(grown), "cannot hold"));
  CHECK(contains(said(encode_npz({{"a", {"|u1", {1 << 20}, std::vector<std::uint8_t>(1 << 20)}}})),
                 "larger than"));
  // Two members on the same bytes, and a name that occurs twice.
  std::string both, directory;
  const std::string text = npy(header, "abc");
  const std::uint32_t crc =
      crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  npz_format::append_member(both, directory, "a.npy", text, text.size(), crc);
  directory[10] = both[8] = 0;
  std::string twice = both;
  npz_format::append_directory(twice, directory + directory, 2);
  CHECK(contains(said(twice), "its offset in the file"));
  twice = both + both;
  std::string second = directory;
  second[42] = static_cast<char>(both.size());
  npz_format::append_directory(twice, directory + second, 2);
  CHECK(contains(said(twice), "occurs twice"));
}

TEST_CASE("an episode file that cannot be read or written gets a sentence") {
  const planet::test::ScratchFolder folder;
  CHECK(contains(error_of([&] { load_episode_file(folder / "none.npz"); }), "no such file"));
  CHECK(contains(error_of([&] { load_episode_file(folder.path()); }), "not a regular file"));
  CHECK(error_of([&] { save_episode_file((folder / "no") / "e.npz", small_episode()); }) != "");
  CHECK(contains(error_of([&] { save_episode_file(folder / "e.npz", Episode{}); }), "[Episode]"));
  CHECK(folder.files() == 0);
}
