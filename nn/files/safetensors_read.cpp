// The reader: each rule of the layout has its own error message, in the order of the checks.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>

#include "autograd/base/text.hpp"
#include "nn/files/json.hpp"
#include "nn/files/safetensors.hpp"

namespace planet {

namespace {

constexpr std::int64_t length_bytes = 8;

std::vector<std::string> dtype_names() {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(DType::f64); ++i)
    names.emplace_back(name(static_cast<DType>(i)));
  return names;
}

std::optional<DType> dtype_named(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(DType::f64); ++i)
    if (name(static_cast<DType>(i)) == text) return static_cast<DType>(i);
  return std::nullopt;
}

// An integer from 0 to 2^63 - 1, or nothing.
std::optional<std::int64_t> whole_number(const Json& j) {
  if (j.kind() != Json::Kind::integer || j.as_int64() < 0) return std::nullopt;
  return j.as_int64();
}

// The header's JSON. Errors name the file and count bytes from the start of the header.
constexpr Json::Limits header_limits{.depth = 4, .values = std::size_t{1} << 20};

class EntryReader {
 public:
  EntryReader(const std::string& file, const std::string& name, const Json& entry,
              std::int64_t data_bytes)
      : file_(file), name_(name), entry_(entry), data_bytes_(data_bytes) {}

  TensorInfo read() {
    TensorInfo tensor{name_, DType::f32, {}, 0, 0};
    check_keys();
    const Json& dtype = *entry_.find("dtype");
    if (!dtype.is_string()) bad("its dtype is ", dtype.kind_name(), ", not a string");
    const std::vector<std::string> known = dtype_names();
    const auto type = dtype_named(dtype.as_string());
    if (!type)
      bad("the dtype '", dtype.as_string(), "' is none of ", join(known),
          did_you_mean(dtype.as_string(), known));
    tensor.dtype = *type;
    const std::int64_t bytes = read_shape(tensor);
    read_offsets(tensor, bytes);
    return tensor;
  }

 private:
  template <class... Parts>
  [[noreturn]] void bad(const Parts&... parts) const {
    fail(file_, ": tensor ", name_, ": ", parts...);
  }

  void check_keys() const {
    static const std::vector<std::string> keys = {"dtype", "shape", "data_offsets"};
    if (!entry_.is_object()) bad("its entry is ", entry_.kind_name(), ", not an object");
    for (const auto& [key, value] : entry_.as_object()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        bad("its entry has a key '", key, "' beside ", join(keys), did_you_mean(key, keys));
    }
    for (const std::string& key : keys)
      if (!entry_.find(key)) bad("its entry has no ", key);
  }

  std::int64_t read_shape(TensorInfo& tensor) const {  // returns its size in bytes
    const Json& shape = *entry_.find("shape");
    if (!shape.is_array()) bad("its shape is ", shape.kind_name(), ", not an array");
    std::int64_t bytes = item_size(tensor.dtype);
    for (const Json& axis : shape.as_array()) {
      const auto n = whole_number(axis);
      if (!n) bad("its shape holds ", axis.dump(), ", which is not a number of elements");
      if (*n != 0 && bytes > std::numeric_limits<std::int64_t>::max() / *n)
        bad("its shape ", shape.dump(), " has more elements than 64 bits can count");
      bytes *= *n;
      tensor.shape.push_back(*n);
    }
    return bytes;
  }

  void read_offsets(TensorInfo& tensor, std::int64_t bytes) const {
    const Json& offsets = *entry_.find("data_offsets");
    if (!offsets.is_array() || offsets.as_array().size() != 2)
      bad("its data_offsets must be [begin, end]");
    const auto begin = whole_number(offsets.as_array()[0]);
    const auto end = whole_number(offsets.as_array()[1]);
    if (!begin || !end || *begin > *end)
      bad("its data_offsets ", offsets.dump(), " are not a range of bytes");
    if (*end > data_bytes_)
      bad("its data end at byte ", *end, ", but the file has only ", data_bytes_,
          " bytes of data; it was cut short, or its header is wrong");
    if (*end - *begin != bytes)
      bad("its data_offsets ", offsets.dump(), " hold ", *end - *begin, " bytes, but ",
          name(tensor.dtype), " ", tensor.shape_text(), " needs ", bytes);
    tensor.begin = *begin;
    tensor.end = *end;
  }

  const std::string& file_;
  const std::string& name_;
  const Json& entry_;
  std::int64_t data_bytes_;
};

Metadata read_metadata(const std::string& file, const Json& j) {
  Metadata metadata;
  if (!j.is_object()) fail(file, ": __metadata__ is ", j.kind_name(), ", not an object");
  for (const auto& [key, text] : j.as_object()) {
    if (!text.is_string())
      fail(file, ": __metadata__ may hold strings only, but '", key, "' is ", text.kind_name());
    metadata[key] = text.as_string();
  }
  return metadata;
}

// Sorted by their first byte, tensors must tile the data: no gap, no overlap, no remainder.
void check_layout(const std::string& file, std::vector<TensorInfo>& tensors,
                  std::int64_t data_bytes) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::int64_t here = 0;
  for (const TensorInfo& t : tensors) {
    if (t.begin < here)
      fail(file, ": tensor ", t.name, " begins at byte ", t.begin, " of the data, inside the one",
           " before it, which ends at ", here);
    if (t.begin > here)
      fail(file, ": bytes ", here, " to ", t.begin, " of the data, before tensor ", t.name,
           ", belong to no tensor");
    here = t.end;
  }
  if (here != data_bytes)
    fail(file, ": ", data_bytes - here, " bytes follow the last tensor, and belong to none");
}

bool read_fully(int descriptor, void* out, std::int64_t bytes, std::int64_t from) {
  char* p = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t n = ::pread(descriptor, p, static_cast<std::size_t>(bytes), from);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    p += n;
    bytes -= n;
    from += n;
  }
  return true;
}

class Descriptor {  // closes itself, also when a constructor throws
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace

std::string TensorInfo::shape_text() const {
  std::string text = "[";
  for (const std::int64_t n : shape)
    text.append(text.size() > 1 ? "," : "").append(std::to_string(n));
  return text.append("]");
}

SafetensorsFile::SafetensorsFile(std::filesystem::path path) : path_(std::move(path)) {
  const std::string file = path_.string();
  std::error_code problem;
  const auto status = std::filesystem::status(path_, problem);
  if (!std::filesystem::exists(status)) bad("there is no such file");
  if (std::filesystem::is_directory(status)) bad("this is a folder, not a safetensors file");
  if (!std::filesystem::is_regular_file(status)) bad("this is not a regular file");
  Descriptor open_file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (open_file.get() < 0) bad("it cannot be opened: ", std::generic_category().message(errno));
  struct stat info = {};
  if (::fstat(open_file.get(), &info) != 0) bad("its size cannot be read");

  const std::int64_t size = info.st_size;
  if (size < length_bytes)
    bad("it has ", size, " bytes; a safetensors file starts with 8 bytes that give the length of ",
        "its header");
  std::uint64_t length = 0;
  if (!read_fully(open_file.get(), &length, length_bytes, 0)) bad("it could not be read");
  if (length > static_cast<std::uint64_t>(max_header))
    bad("this is not a safetensors file: its first 8 bytes would give a header of ", length,
        " bytes, more than the ", max_header, " allowed");
  if (length > static_cast<std::uint64_t>(size - length_bytes))
    bad("its header would have ", length, " bytes, but only ", size - length_bytes,
        " follow; the file was cut short");
  std::string header(length, '\0');
  const auto header_bytes = static_cast<std::int64_t>(length);
  if (!read_fully(open_file.get(), header.data(), header_bytes, length_bytes))
    bad("its header could not be read");
  if (header.empty() || header[0] != '{') bad("its header does not start with '{'");

  data_start_ = length_bytes + header_bytes;
  const std::int64_t data_bytes = size - data_start_;
  const Json entries = Json::parse(header, file + ": header", header_limits);
  for (const auto& [key, entry] : entries.as_object()) {
    if (key == "__metadata__") metadata_ = read_metadata(file, entry);
    else tensors_.push_back(EntryReader(file, key, entry, data_bytes).read());
  }
  check_layout(file, tensors_, data_bytes);
  descriptor_ = open_file.release();
}

SafetensorsFile::~SafetensorsFile() { ::close(descriptor_); }

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  const auto t = std::find_if(tensors_.begin(), tensors_.end(),
                              [&](const TensorInfo& x) { return x.name == name; });
  return t == tensors_.end() ? nullptr : &*t;
}

const TensorInfo& SafetensorsFile::at(std::string_view name) const {
  if (const TensorInfo* t = find(name)) return *t;
  std::vector<std::string> names;
  for (const TensorInfo& t : tensors_) names.push_back(t.name);
  bad("there is no tensor '", name, "'", did_you_mean(name, names));
}

void SafetensorsFile::check_readable(const TensorInfo& tensor, DType wanted) const {
  if (!readable(tensor.dtype, wanted))
    bad("tensor ", tensor.name, " is ", planet::name(tensor.dtype), " and cannot be read as ",
        planet::name(wanted));
}

void SafetensorsFile::read_bytes(const TensorInfo& tensor, void* out) const {
  if (!read_fully(descriptor_, out, tensor.end - tensor.begin, data_start_ + tensor.begin))
    bad("the elements of tensor ", tensor.name, " could not be read");
}

template <class T>
void SafetensorsFile::read(const TensorInfo& tensor, std::span<T> out) const {
  check_readable(tensor, dtype_of<T>());
  if (static_cast<std::int64_t>(out.size()) != tensor.size())
    bad("tensor ", tensor.name, " has ", tensor.size(), " elements, ", out.size(), " were wanted");
  if (tensor.dtype == dtype_of<T>()) {
    read_bytes(tensor, out.data());
  } else if constexpr (std::is_same_v<T, double>) {  // F32, which every double holds exactly
    std::vector<float> narrow(out.size());
    read_bytes(tensor, narrow.data());
    std::copy(narrow.begin(), narrow.end(), out.begin());
  }
}

template void SafetensorsFile::read(const TensorInfo&, std::span<float>) const;
template void SafetensorsFile::read(const TensorInfo&, std::span<double>) const;
template void SafetensorsFile::read(const TensorInfo&, std::span<std::uint8_t>) const;
template void SafetensorsFile::read(const TensorInfo&, std::span<std::int32_t>) const;
template void SafetensorsFile::read(const TensorInfo&, std::span<std::int64_t>) const;

}  // namespace planet
