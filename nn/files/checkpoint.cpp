#include "nn/files/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "autograd/base/text.hpp"

namespace planet {

namespace {

template <class T>
struct Slot {  // a tensor required in the file, and the destination of its elements
  std::string name;
  const Shape* shape;
  T* memory;
};

bool same_shape(const TensorInfo& tensor, const Shape& shape) {
  if (static_cast<int>(tensor.shape.size()) != shape.rank()) return false;
  for (int i = 0; i < shape.rank(); ++i)
    if (tensor.shape[static_cast<std::size_t>(i)] != shape[i]) return false;
  return true;
}

template <class T>
void require_fit(const SafetensorsFile& file, const std::vector<Slot<T>>& slots) {
  std::vector<std::string> missing, unexpected, different;
  std::set<std::string_view> wanted;
  for (const Slot<T>& slot : slots) {
    wanted.insert(slot.name);
    const TensorInfo* t = file.find(slot.name);
    if (!t) {
      missing.push_back(slot.name);
    } else if (!same_shape(*t, *slot.shape) ||
               !SafetensorsFile::readable(t->dtype, dtype_of<T>())) {
      different.push_back(cat(slot.name, " is ", name(t->dtype), " ", t->shape_text(),
                              " in the file and ", name(dtype_of<T>()), " ", *slot.shape,
                              " in the model"));
    }
  }
  for (const TensorInfo& t : file.tensors())
    if (!wanted.contains(t.name)) unexpected.push_back(t.name);
  if (missing.empty() && unexpected.empty() && different.empty()) return;

  std::string list;
  const auto add = [&](std::string_view title, const std::vector<std::string>& items) {
    if (!items.empty())
      list += cat(list.empty() ? " " : "; ", title, " (", items.size(), "): ", join(items));
  };
  add("missing", missing);
  add("unexpected", unexpected);
  add("different", different);
  fail(file.path().string(), " does not fit this model, and nothing was loaded:", list);
}

// Reads everything into separate memory first: a disk error or a NaN in the last tensor must leave
// the first one unchanged.
template <class T>
void load_all(const SafetensorsFile& file, const std::vector<Slot<T>>& slots) {
  require_fit(file, slots);
  std::vector<std::vector<T>> staged;
  for (const Slot<T>& slot : slots) {
    const std::vector<T>& x = staged.emplace_back(file.read<T>(slot.name));
    const auto bad =
        std::find_if(x.begin(), x.end(), [](T value) { return !std::isfinite(value); });
    require(bad == x.end(), file.path().string(), ": tensor ", slot.name, ": element ",
            bad - x.begin(), " is not finite; nothing was loaded");
  }
  for (std::size_t i = 0; i < slots.size(); ++i)
    std::copy(staged[i].begin(), staged[i].end(), slots[i].memory);
}

constexpr const char* steps_key = "adam_steps";

std::int64_t read_steps(const SafetensorsFile& file) {
  const auto entry = file.metadata().find(steps_key);
  require(entry != file.metadata().end(), file.path().string(), ": its metadata has no '",
          steps_key, "'; this is not an optimizer's file");
  const std::string& text = entry->second;
  std::int64_t steps = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), steps);
  require(problem == std::errc{} && end == text.data() + text.size() && steps >= 0,
          file.path().string(), ": '", steps_key, "' is '", text, "', not a number of steps");
  return steps;
}

}  // namespace

void save_params(const std::filesystem::path& path, const ParamStore& store,
                 const Metadata& metadata) {
  with_elements(store.precision(), [&](auto t) {
    using T = decltype(t);
    std::vector<TensorView> tensors;
    for (const Param& p : store.params())
      tensors.push_back(tensor_view(p.name, p.shape, p.value<T>()));
    save_safetensors(path, tensors, metadata);
  });
}

Metadata load_params(const std::filesystem::path& path, ParamStore& store) {
  const SafetensorsFile file(path);
  with_elements(store.precision(), [&](auto t) {
    using T = decltype(t);
    std::vector<Slot<T>> slots;
    for (const Param& p : store.params()) slots.push_back({p.name, &p.shape, p.value<T>()});
    load_all(file, slots);
  });
  return file.metadata();
}

void save_optimizer(const std::filesystem::path& path, const Adam& adam, const Metadata& metadata) {
  const ParamStore& store = adam.store();
  Metadata with_steps = metadata;
  with_steps[steps_key] = std::to_string(adam.steps());
  with_elements(store.precision(), [&](auto t) {
    using T = decltype(t);
    std::vector<TensorView> tensors;
    for (const Param& p : store.params())
      tensors.push_back(tensor_view("m/" + p.name, p.shape, store.first_moments<T>() + p.offset));
    for (const Param& p : store.params())
      tensors.push_back(tensor_view("v/" + p.name, p.shape, store.second_moments<T>() + p.offset));
    save_safetensors(path, tensors, with_steps);
  });
}

Metadata load_optimizer(const std::filesystem::path& path, Adam& adam) {
  const SafetensorsFile file(path);
  const std::int64_t steps = read_steps(file);
  ParamStore& store = adam.store();
  with_elements(store.precision(), [&](auto t) {
    using T = decltype(t);
    std::vector<Slot<T>> slots;
    for (const Param& p : store.params()) {
      slots.push_back({"m/" + p.name, &p.shape, store.first_moments<T>() + p.offset});
      slots.push_back({"v/" + p.name, &p.shape, store.second_moments<T>() + p.offset});
    }
    load_all(file, slots);
  });
  adam.set_steps(steps);
  return file.metadata();
}

}  // namespace planet
