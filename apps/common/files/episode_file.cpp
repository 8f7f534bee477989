#include "apps/common/files/episode_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "apps/common/files/npz.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

constexpr std::size_t max_bytes = std::size_t{1} << 30;

NpyArray floats(const std::vector<float>& x, std::vector<std::size_t> shape) {
  NpyArray a{"<f4", std::move(shape), std::vector<std::uint8_t>(4 * x.size())};
  std::memcpy(a.bytes.data(), x.data(), a.bytes.size());
  return a;
}
NpyArray truth(bool x) { return {"|b1", {}, {static_cast<std::uint8_t>(x)}}; }

// Reads arrays of a file by name; errors begin with the name of the file.
struct Reader {
  NpzArrays arrays;
  std::string where;

  NpyArray take(const std::string& name, const std::string& dtype, std::size_t rank) {
    const auto found = arrays.find(name);
    require(found != arrays.end(), where, ": the array '", name, "' is missing");
    NpyArray a = std::move(found->second);
    arrays.erase(found);
    require(a.dtype == dtype && a.shape.size() == rank, where, ": the array '", name,
            "' has dtype ", a.dtype, " and ", a.shape.size(), " axes; it must have ", dtype,
            " and ", rank);
    return a;
  }
  std::vector<float> floats(const NpyArray& a, const char* name) const {
    std::vector<float> x(a.bytes.size() / 4);
    if (!x.empty()) std::memcpy(x.data(), a.bytes.data(), a.bytes.size());
    for (const float v : x)
      require(std::isfinite(v), where, ": the array '", name, "' holds ", v,
              "; every number must be finite");
    return x;
  }
  bool truth(const std::string& name) {
    const NpyArray a = take(name, "|b1", 0);
    require(a.bytes[0] <= 1, where, ": the array '", name, "' is neither True nor False");
    return a.bytes[0] != 0;
  }
};

}  // namespace

std::string encode_episode(const Episode& e, const std::string& task) {
  e.check();
  const std::size_t rows = index(e.rows()), n = index(e.image_size);
  NpzArrays arrays;
  arrays["image"] = {"|u1", {rows, n, n, 3}, e.image};
  arrays["action"] = floats(e.action, {rows, index(e.action_size)});
  arrays["reward"] = floats(e.reward, {rows});
  arrays["terminated"] = truth(e.terminated);
  arrays["truncated"] = truth(e.truncated);
  if (!task.empty()) arrays["task"] = {"|u1", {task.size()}, {task.begin(), task.end()}};
  return encode_npz(arrays);
}

Episode decode_episode(const std::string& file, const std::string& name, std::string* task) {
  Reader in{decode_npz(file, name, max_bytes), cat("[episode] ", name)};
  NpyArray image = in.take("image", "|u1", 4);
  const NpyArray action = in.take("action", "<f4", 2);
  const NpyArray reward = in.take("reward", "<f4", 1);
  Episode e;
  e.terminated = in.truth("terminated");
  e.truncated = in.truth("truncated");
  std::vector<std::uint8_t> letters;
  if (in.arrays.contains("task")) letters = in.take("task", "|u1", 1).bytes;
  if (task != nullptr) task->assign(letters.begin(), letters.end());
  if (!in.arrays.empty()) {
    const std::vector<std::string> known{"image",      "action",    "reward",
                                         "terminated", "truncated", "task"};
    const std::string& unknown = in.arrays.begin()->first;
    fail(in.where, ": the array '", unknown, "' is not part of an episode",
         did_you_mean(unknown, known), "; ", join(known), " are");
  }
  const std::size_t rows = reward.shape[0], n = image.shape[1];
  require(image.shape[0] == rows && action.shape[0] == rows, in.where,
          ": image, action and reward "
          "have ",
          image.shape[0], ", ", action.shape[0], " and ", rows,
          " rows; the three numbers must be equal");
  require(image.shape[2] == n && image.shape[3] == 3, in.where, ": frames have the shape [", n, ",",
          image.shape[2], ",", image.shape[3], "]; it must be [n,n,3]");
  e.image_size = static_cast<std::ptrdiff_t>(n);
  e.action_size = static_cast<std::ptrdiff_t>(action.shape[1]);
  e.image = std::move(image.bytes);
  e.action = in.floats(action, "action");
  e.reward = in.floats(reward, "reward");
  try {
    e.check();
  } catch (const Error& error) {
    fail(in.where, ": ", error.what());
  }
  return e;
}

std::vector<std::filesystem::path> episode_files(const std::string& name) {
  if (!std::filesystem::is_directory(name)) return {name};
  std::vector<std::filesystem::path> inside;
  for (const auto& entry : std::filesystem::directory_iterator(name))
    if (entry.path().extension() == ".npz") inside.push_back(entry.path());
  require(!inside.empty(), "--episodes ", name, ": there is no .npz file in this folder");
  std::sort(inside.begin(), inside.end());
  return inside;
}

void save_episode_file(const std::filesystem::path& path, const Episode& episode,
                       const std::string& task) {
  write_text_atomically(path, encode_episode(episode, task));
}

Episode load_episode_file(const std::filesystem::path& path, std::string* task) {
  return decode_episode(read_text(path, max_bytes), path.string(), task);
}

Episode load_episode_file(const std::filesystem::path& path, const ModelConfig& model,
                          std::string* task) {
  Episode e = load_episode_file(path, task);
  require(e.image_size == model.image_size && e.action_size == model.action_size, path.string(),
          " has pictures of ", e.image_size, " pixels and ", e.action_size,
          " numbers in an action; the model has ", model.image_size, " and ", model.action_size);
  return e;
}

}  // namespace planet
