#include "apps/common/files/npz_format.hpp"

#include <charconv>

#include "autograd/base/error.hpp"

namespace planet::npz_format {
namespace {

constexpr std::size_t local_magic = 0x04034b50, entry_magic = 0x02014b50, end_magic = 0x06054b50;
constexpr std::size_t local_size = 30, entry_size = 46, end_size = 22;
constexpr std::size_t max_members = 64;

// The fields that a local header and a directory entry share. Dates begin in 1980.
void put_facts(std::string& text, const std::string& name, std::size_t packed, std::size_t size,
               std::uint32_t crc) {
  put(text, 20, 2);    // version needed: 2.0, deflate
  put(text, 0, 2);     // flags
  put(text, 8, 2);     // method: deflate
  put(text, 0, 2);     // time
  put(text, 0x21, 2);  // date: always 1 January 1980
  put(text, crc, 4);
  put(text, packed, 4);
  put(text, size, 4);
  put(text, name.size(), 2);
  put(text, 0, 2);  // extra
}

// Reads one item after another and never beyond the end of the text.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  bool next_is(char c) {
    skip_blanks();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool take_if(char c) {
    const bool found = next_is(c);
    at_ += found;
    return found;
  }
  void take(char c) {
    if (!take_if(c)) bad();
  }
  std::string_view quoted() {
    take('\'');
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) bad();
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }
  bool truth() {
    skip_blanks();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    bad();
  }
  std::size_t count() {
    skip_blanks();
    std::size_t n = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), n);
    if (error != std::errc() || end == first) bad();
    at_ += static_cast<std::size_t>(end - first);
    return n;
  }
  void finish() {
    skip_blanks();
    if (at_ != text_.size()) bad();
  }
  [[noreturn]] void bad() const {
    fail(where_, ": its array header is not understood at byte ", at_, ": ", text_.substr(0, 100));
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

std::vector<std::size_t> parse_shape(HeaderText& text) {
  std::vector<std::size_t> shape;
  text.take('(');
  while (!text.next_is(')')) {
    shape.push_back(text.count());
    if (shape.size() > 8) text.bad();
    if (!text.take_if(',')) break;
  }
  text.take(')');
  return shape;
}

// The member whose directory entry begins at `at`; its local header must say the same.
Member read_member(std::string_view file, std::size_t at, std::size_t directory,
                   std::size_t& first_free, const std::string& where) {
  const ByteView bytes(file);
  const std::size_t flags = bytes.number(at + 8, 2), packed = bytes.number(at + 20, 4);
  const std::size_t local = bytes.number(at + 42, 4);
  Member m;
  m.name = std::string(file.substr(at + entry_size, bytes.number(at + 28, 2)));
  m.method = static_cast<int>(bytes.number(at + 10, 2));
  m.crc = static_cast<std::uint32_t>(bytes.number(at + 16, 4));
  m.size = bytes.number(at + 24, 4);
  const auto bad = [&](const auto&... what) { fail(where, ": ", m.name, ": ", what...); };
  if ((flags & ~std::size_t{0x800}) != 0) bad("it is encrypted or written in parts (", flags, ")");
  if (m.method != 0 && m.method != 8)
    bad("its compression method is ", m.method, "; 0 and 8 are read");
  if (m.size == 0xffffffff || packed == 0xffffffff) bad("it is larger than 4 GiB");
  if (m.method == 0 && packed != m.size) bad("it is stored, but its two sizes differ");

  // Members are in order and do not overlap, so that no byte is unpacked twice.
  if (local < first_free || local > directory || directory - local < local_size)
    bad("its offset in the file, ", local, ", is wrong");
  const std::size_t name = bytes.number(local + 26, 2), extra = bytes.number(local + 28, 2);
  const std::size_t begin = local + local_size + name + extra;
  if (bytes.number(local, 4) != local_magic ||
      bytes.number(local + 8, 2) != bytes.number(at + 10, 2) ||
      file.substr(local + local_size, name) != m.name)
    bad("its two headers do not agree");
  if (begin > directory || packed > directory - begin) bad("it is cut short");
  m.data = file.substr(begin, packed);
  first_free = begin + packed;
  return m;
}

}  // namespace

std::size_t ByteView::number(std::size_t at, int bytes) const {
  std::size_t n = 0;
  for (int i = bytes; i-- > 0;)
    n = n << 8 | static_cast<unsigned char>(text_.at(at + static_cast<std::size_t>(i)));
  return n;
}

void put(std::string& text, std::size_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xff);
}

void append_member(std::string& file, std::string& directory, const std::string& name,
                   std::string_view packed, std::size_t size, std::uint32_t crc) {
  const std::size_t place = file.size();
  require(place + packed.size() + size < 0xffffffff, "[npz] more than 4 GiB do not fit in a zip");
  put(file, local_magic, 4);
  put_facts(file, name, packed.size(), size, crc);
  file += name;
  file += packed;
  put(directory, entry_magic, 4);
  put(directory, 20, 2);  // made by: 2.0
  put_facts(directory, name, packed.size(), size, crc);
  put(directory, 0, 2);  // comment
  put(directory, 0, 2);  // disk
  put(directory, 0, 2);  // internal attributes
  put(directory, 0, 4);  // external attributes
  put(directory, place, 4);
  directory += name;
}

void append_directory(std::string& file, const std::string& directory, std::size_t members) {
  const std::size_t place = file.size();
  file += directory;
  put(file, end_magic, 4);
  put(file, 0, 2);  // this disk
  put(file, 0, 2);  // the directory's disk
  put(file, members, 2);
  put(file, members, 2);
  put(file, directory.size(), 4);
  put(file, place, 4);
  put(file, 0, 2);  // comment
}

std::vector<Member> read_directory(std::string_view file, const std::string& where,
                                   std::size_t max_bytes) {
  const ByteView bytes(file);
  require(file.size() >= end_size && bytes.number(file.size() - end_size, 4) == end_magic, where,
          ": it is not a zip file, or it is cut short");
  const std::size_t end = file.size() - end_size;
  const std::size_t count = bytes.number(end + 10, 2), length = bytes.number(end + 12, 4);
  const std::size_t directory = bytes.number(end + 16, 4);
  require(bytes.number(end + 4, 4) == 0 && bytes.number(end + 8, 2) == count &&
              bytes.number(end + 20, 2) == 0 && length <= end && directory == end - length,
          where, ": its last 22 bytes do not describe one zip directory");
  require(count <= max_members, where, ": it has ", count, " members; at most ", max_members,
          " are read");
  std::vector<Member> members;
  std::size_t at = directory, first_free = 0, total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool fits = end - at >= entry_size && bytes.number(at, 4) == entry_magic;
    const std::size_t tail =
        !fits ? 0 : bytes.number(at + 28, 2) + bytes.number(at + 30, 2) + bytes.number(at + 32, 2);
    require(fits && tail <= end - at - entry_size, where, ": entry ", i,
            " of its directory is damaged");
    members.push_back(read_member(file, at, directory, first_free, where));
    total += members.back().size;
    require(total <= max_bytes, where, ": its arrays are larger than ", max_bytes, " bytes");
    at += entry_size + tail;
  }
  require(at == end, where, ": its directory has more entries than it says");
  return members;
}

void parse_npy_header(std::string_view header, const std::string& where, std::string& dtype,
                      std::vector<std::size_t>& shape) {
  HeaderText text(header, where);
  bool has_dtype = false, has_order = false, has_shape = false;
  text.take('{');
  while (!text.next_is('}')) {
    const std::string_view key = text.quoted();
    text.take(':');
    if (key == "descr" && !has_dtype) {
      dtype = std::string(text.quoted());
      has_dtype = true;
    } else if (key == "fortran_order" && !has_order) {
      require(!text.truth(), where, ": it is in Fortran's order; only C's is read");
      has_order = true;
    } else if (key == "shape" && !has_shape) {
      shape = parse_shape(text);
      has_shape = true;
    } else {
      text.bad();
    }
    if (!text.take_if(',')) break;
  }
  text.take('}');
  text.finish();
  if (!has_dtype || !has_order || !has_shape) text.bad();
}

}  // namespace planet::npz_format
