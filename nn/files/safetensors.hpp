// Tensors in a file, in the safetensors format.
//
//   8 bytes   N, little-endian: the length of the header
//   N bytes   JSON {"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets"}, ...},
//             padded with spaces to a multiple of 8
//   the rest  the elements, row-major, little-endian, without gaps
//
// Such a file cannot run code. The reader checks every rule of the layout before it reads a byte of
// data, and every violation has its own message.
// Next: checkpoint.hpp, which saves and loads parameters with these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/shape.hpp"

namespace planet {

/// The element types of the format. f16 and bf16 can be listed but not read.
enum class DType { boolean, u8, i8, u16, i16, f16, bf16, u32, i32, f32, u64, i64, f64 };
std::string_view name(DType dtype);   // "F32"
std::int64_t item_size(DType dtype);  // bytes of one element
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  else if constexpr (std::is_same_v<T, double>) return DType::f64;
  else if constexpr (std::is_same_v<T, std::uint8_t>) return DType::u8;
  else if constexpr (std::is_same_v<T, std::int32_t>) return DType::i32;
  else {
    static_assert(std::is_same_v<T, std::int64_t>, "no dtype for this type");
    return DType::i64;
  }
}

using Metadata = std::map<std::string, std::string>;

/// A tensor to save; does not own its memory.
struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;  // empty: a scalar
  const void* data = nullptr;
};
template <class T>
TensorView tensor_view(std::string name, const Shape& shape, const T* data) {
  TensorView view{std::move(name), dtype_of<T>(), {}, data};
  for (int i = 0; i < shape.rank(); ++i) view.shape.push_back(shape[i]);
  return view;
}

enum class NonFiniteValues {
  refuse,  // an infinity or a NaN is an error that names the tensor; no file is written
  allow,
};

/// Writes the file completely or not at all (atomic_file.hpp). Tensors are sorted by decreasing
/// item size, then in the order given, so that each is aligned to its elements. Error: a name that
/// is empty, used twice, "__metadata__" or not UTF-8.
void save_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                      const Metadata& metadata = {},
                      NonFiniteValues policy = NonFiniteValues::refuse);

/// A tensor in a file: its position, without its elements.
struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0, end = 0;  // bytes from the start of the data
  std::int64_t size() const { return (end - begin) / item_size(dtype); }  // elements
  std::string shape_text() const;                                         // "[3,4]", "[]"
};

/// An open file whose header has been checked. Elements are read on request, so memory is used only
/// for the header (at most 16 MiB) and for what the caller reads.
class SafetensorsFile {
 public:
  static constexpr std::int64_t max_header = std::int64_t{16} << 20;

  /// Checks, in this order: a regular file; at least 8 bytes; the header's length at most
  /// max_header and within the file; a '{'; strict JSON of depth <= 4; then, for every entry, its
  /// keys, its dtype, its shape (no overflow) and its offsets (end - begin equals the bytes of the
  /// shape); then, for all of them together, that they cover the data from 0 to the end of the file
  /// without a gap or an overlap. Error: any of these fails.
  explicit SafetensorsFile(std::filesystem::path path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in the order of the data
  const TensorInfo* find(std::string_view name) const;
  const TensorInfo& at(std::string_view name) const;  // Error: no such name; gives the nearest

  /// Copies a tensor's elements. F32 may be read into double (exactly); any other difference
  /// between T and the dtype, or a wrong size of `out`, is an error.
  template <class T>
  void read(const TensorInfo& tensor, std::span<T> out) const;
  template <class T>
  std::vector<T> read(std::string_view name) const {
    const TensorInfo& tensor = at(name);
    check_readable(tensor, dtype_of<T>());
    std::vector<T> out(static_cast<std::size_t>(tensor.size()));
    read(tensor, std::span<T>(out));
    return out;
  }

  /// Can a tensor of dtype `from` be read as `to` without loss? The same, or F32 as F64.
  static bool readable(DType from, DType to) {
    return from == to || (from == DType::f32 && to == DType::f64);
  }

 private:
  void check_readable(const TensorInfo& tensor, DType wanted) const;
  void read_bytes(const TensorInfo& tensor, void* out) const;
  template <class... Parts>
  [[noreturn]] void bad(const Parts&... parts) const {
    fail(path_.string(), ": ", parts...);
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t data_start_ = 0;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace planet
