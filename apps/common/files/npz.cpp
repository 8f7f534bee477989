#include "apps/common/files/npz.hpp"

#include <bit>
#include <span>

#include "apps/common/files/npz_format.hpp"
#include "apps/common/files/zlib.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they are stored");
using npz_format::ByteView;
using npz_format::Member;

std::string as_text(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The header is padded with blanks so that the numbers begin at a multiple of 64.
std::string npy_text(const NpyArray& array) {
  std::string shape;
  for (const std::size_t n : array.shape) shape += cat(n, ", ");
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);  // "(3, 4)", but "(3, )"
  std::string dict =
      cat("{'descr': '", array.dtype, "', 'fortran_order': False, 'shape': (", shape, "), }");
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  npz_format::put(text, dict.size(), 2);
  return text + dict + as_text(array.bytes);
}

// Bytes of one number.
std::size_t item_size(const std::string& dtype, const std::string& where) {
  if (dtype == "|u1" || dtype == "|b1") return 1;
  if (dtype == "<f4") return 4;
  fail(where, ": its dtype is '", dtype, "'; '|u1', '|b1' and '<f4' are known");
}

NpyArray parse_npy(std::string_view text, const std::string& where) {
  const auto bad = [&](const auto&... what) { fail(where, ": ", what...); };
  if (text.size() < 10 || text.substr(0, 6) != "\x93NUMPY") bad("it is not a .npy array");
  const int version = text[6];
  if (version != 1 && version != 2) bad("its .npy version is ", version, "; 1 and 2 are read");
  const ByteView bytes(text);
  const std::size_t start = version == 1 ? 10 : 12;
  if (text.size() < start) bad("its header is cut short");
  const std::size_t length = bytes.number(8, version == 1 ? 2 : 4);
  if (length > text.size() - start) bad("its header is cut short");

  NpyArray array;
  npz_format::parse_npy_header(text.substr(start, length), where, array.dtype, array.shape);
  const std::string_view data = text.substr(start + length);
  std::size_t size = item_size(array.dtype, where);
  for (const std::size_t n : array.shape)
    if (__builtin_mul_overflow(size, n, &size)) bad("its shape is too large for any memory");
  if (size != data.size())
    bad("its shape and dtype ask for ", size, " bytes, ", data.size(), " are there");
  array.bytes.assign(as_bytes(data).begin(), as_bytes(data).end());
  return array;
}

std::string unpack(const Member& m, const std::string& where) {
  std::string text;
  if (m.method == 0) {
    text = std::string(m.data);
  } else {
    try {
      text = as_text(inflate_raw(as_bytes(m.data), m.size));
    } catch (const Error& e) {
      fail(where, ": ", e.what());
    }
  }
  require(crc32(as_bytes(text)) == m.crc, where, ": its checksum does not match; it is damaged");
  return text;
}

}  // namespace

std::string encode_npz(const NpzArrays& arrays) {
  std::string file, directory;
  for (const auto& [name, array] : arrays) {
    std::size_t size = item_size(array.dtype, cat("[npz] array ", name));
    for (const std::size_t n : array.shape) size *= n;
    require(size == array.bytes.size(), "[npz] array ", name, " has ", array.bytes.size(),
            " bytes; its shape asks for ", size);
    const std::string text = npy_text(array);
    const std::string packed = as_text(deflate_raw(as_bytes(text)));
    npz_format::append_member(file, directory, name + ".npy", packed, text.size(),
                              crc32(as_bytes(text)));
  }
  npz_format::append_directory(file, directory, arrays.size());
  return file;
}

NpzArrays decode_npz(const std::string& file, const std::string& name, std::size_t max_bytes) {
  const std::string where = cat("[npz] ", name);
  NpzArrays arrays;
  for (const Member& m : npz_format::read_directory(file, where, max_bytes)) {
    const std::string member = cat(where, ": ", m.name);
    require(m.name.size() > 4 && m.name.ends_with(".npy"), member, ": its name must end in .npy");
    NpyArray array = parse_npy(unpack(m, member), member);
    const bool is_new =
        arrays.emplace(m.name.substr(0, m.name.size() - 4), std::move(array)).second;
    require(is_new, member, ": the name occurs twice");
  }
  return arrays;
}

void save_npz(const std::filesystem::path& path, const NpzArrays& arrays) {
  write_text_atomically(path, encode_npz(arrays));
}

NpzArrays load_npz(const std::filesystem::path& path, std::size_t max_bytes) {
  return decode_npz(read_text(path, max_bytes), path.string(), max_bytes);
}

}  // namespace planet
