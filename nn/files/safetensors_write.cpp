#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <set>

#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "nn/files/safetensors.hpp"

namespace planet {

static_assert(std::endian::native == std::endian::little,
              "safetensors is little-endian: a big-endian machine would have to swap bytes here");

namespace {

struct DTypeRow {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array<DTypeRow, 13> dtypes = {{{"BOOL", 1},
                                              {"U8", 1},
                                              {"I8", 1},
                                              {"U16", 2},
                                              {"I16", 2},
                                              {"F16", 2},
                                              {"BF16", 2},
                                              {"U32", 4},
                                              {"I32", 4},
                                              {"F32", 4},
                                              {"U64", 8},
                                              {"I64", 8},
                                              {"F64", 8}}};
static_assert(dtypes[static_cast<std::size_t>(DType::f64)].name == "F64");

std::int64_t element_count(const TensorView& tensor) {
  std::int64_t n = 1;
  for (const std::int64_t axis : tensor.shape) {
    require(axis >= 0, "tensor ", tensor.name, " has an axis of ", axis, " elements");
    n *= axis;
  }
  return n;
}

template <class T>
void require_finite(const TensorView& tensor, std::int64_t n) {
  const T* x = static_cast<const T*>(tensor.data);
  const T* bad = std::find_if(x, x + n, [](T value) { return !std::isfinite(value); });
  require(bad == x + n, "tensor ", tensor.name, ": element ", bad - x, " is ",
          bad == x + n ? T(0) : *bad, "; a number that is not finite is not saved");
}

void check_values(const TensorView& tensor) {
  require(tensor.dtype != DType::f16 && tensor.dtype != DType::bf16, "tensor ", tensor.name, ": ",
          name(tensor.dtype), " is not written, only listed");
  if (tensor.dtype == DType::f32) require_finite<float>(tensor, element_count(tensor));
  if (tensor.dtype == DType::f64) require_finite<double>(tensor, element_count(tensor));
}

std::string header_text(std::span<const TensorView* const> tensors, const Metadata& metadata) {
  Json::Object header;
  if (!metadata.empty()) {
    Json::Object texts;
    for (const auto& [key, text] : metadata) texts.emplace_back(key, text);
    header.emplace_back("__metadata__", Json::from_unique(std::move(texts)));
  }
  std::int64_t begin = 0;
  for (const TensorView* t : tensors) {
    const std::int64_t end = begin + element_count(*t) * item_size(t->dtype);
    Json entry = Json::object();
    entry.set("dtype", name(t->dtype)).set("shape", Json::array_of(t->shape));
    entry.set("data_offsets", Json::array_of(std::array{begin, end}));
    header.emplace_back(t->name, std::move(entry));
    begin = end;
  }
  std::string text = Json::from_unique(std::move(header)).dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the data starts at a multiple of 8
  return text;
}

}  // namespace

std::string_view name(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)].name; }
std::int64_t item_size(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)].bytes; }

void save_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                      const Metadata& metadata, NonFiniteValues policy) {
  const auto require_utf8 = [&](const std::string& text) {
    require(valid_utf8_prefix(text) == text.size(), path.string(), " was not written: '", text,
            "' is not UTF-8");
  };
  for (const auto& [key, text] : metadata) {
    require_utf8(key);
    require_utf8(text);
  }
  std::set<std::string_view> names;
  std::vector<const TensorView*> order;
  for (const TensorView& t : tensors) {
    require(!t.name.empty() && t.name != "__metadata__", path.string(), " was not written: '",
            t.name, "' cannot be a tensor's name");
    require_utf8(t.name);
    require(names.insert(t.name).second, path.string(), " was not written: two tensors are named ",
            t.name);
    if (policy == NonFiniteValues::refuse) check_values(t);
    order.push_back(&t);
  }
  // By size, and in their own order within it. (clang warns of what std::stable_sort calls in libstdc++.)
  std::ranges::sort(order, [](const TensorView* a, const TensorView* b) {
    return std::pair(item_size(b->dtype), a) < std::pair(item_size(a->dtype), b);
  });

  const std::string header = header_text(order, metadata);
  const auto length = static_cast<std::uint64_t>(header.size());
  require(header.size() <= static_cast<std::size_t>(SafetensorsFile::max_header), path.string(),
          " was not written: its header would have ", length, " bytes, more than a reader accepts");
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(header);
  for (const TensorView* t : order)
    file.write(t->data, static_cast<std::size_t>(element_count(*t) * item_size(t->dtype)));
  file.commit();
}

}  // namespace planet
