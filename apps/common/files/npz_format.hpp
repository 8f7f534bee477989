// The zip container of an npz, byte by byte (PKWARE's APPNOTE 4.3), and numpy's array header.
// Internal: include npz.hpp. Little-endian; neither zip64 sizes nor encryption nor comments.
//
//   member ...     local header (30 bytes, name, extra), then the packed bytes
//   directory ...  for each member: the same fields again, and the offset of its local header
//   end            22 bytes: the number of members, the offset and size of the directory
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace planet::npz_format {

/// Little-endian numbers inside a text. The caller has checked the bounds.
class ByteView {
 public:
  explicit ByteView(std::string_view text) : text_(text) {}
  std::size_t number(std::size_t at, int bytes) const;

 private:
  std::string_view text_;
};
void put(std::string& text, std::size_t number, int bytes);

struct Member {
  std::string name;
  int method = 0;         // 0 stored, 8 deflated
  std::uint32_t crc = 0;  // of the unpacked bytes
  std::size_t size = 0;   // unpacked
  std::string_view data;  // packed, a view into the file
};

/// Writing: first the members, each also listed in `directory`; then the directory and the end.
void append_member(std::string& file, std::string& directory, const std::string& name,
                   std::string_view packed, std::size_t size, std::uint32_t crc);
void append_directory(std::string& file, const std::string& directory, std::size_t members);

/// Reading: every member, checked against the directory, inside the file, without overlap, with at
/// most max_bytes unpacked in all. `where` begins each error's sentence.
std::vector<Member> read_directory(std::string_view file, const std::string& where,
                                   std::size_t max_bytes);

/// "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", keys in any order.
void parse_npy_header(std::string_view header, const std::string& where, std::string& dtype,
                      std::vector<std::size_t>& shape);

}  // namespace planet::npz_format
