// npz: numpy's file of named arrays. A zip of .npy members, each a text header and raw numbers.
//
// The writer makes what numpy.load() reads; the reader accepts what numpy.savez() and
// savez_compressed() make, and nothing that is damaged, ambiguous or larger than it declares.
// Next: episode_file.hpp, which puts an episode into one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace planet {

/// One array: row-major, little-endian.
struct NpyArray {
  std::string dtype;                // numpy's name: "|u1" bytes, "<f4" floats, "|b1" bools
  std::vector<std::size_t> shape;   // empty: a scalar
  std::vector<std::uint8_t> bytes;  // product(shape) * item size
};
using NpzArrays = std::map<std::string, NpyArray>;

/// The whole file, compressed. It holds no time stamp: the same arrays give the same bytes.
std::string encode_npz(const NpzArrays& arrays);
/// Error, naming `name`, for every file that is not a complete and consistent npz with at most 64
/// arrays and max_bytes of numbers. Allocates no more than the file's arrays say, which is checked
/// against max_bytes first.
NpzArrays decode_npz(const std::string& file, const std::string& name,
                     std::size_t max_bytes = std::size_t{1} << 30);

/// The same for a file; what is written appears whole or not at all.
void save_npz(const std::filesystem::path& path, const NpzArrays& arrays);
NpzArrays load_npz(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 30);

}  // namespace planet
