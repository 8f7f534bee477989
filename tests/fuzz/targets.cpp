#include "tests/fuzz/targets.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/episode_file.hpp"
#include "apps/common/files/npz.hpp"
#include "apps/common/files/text.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/run/run_state.hpp"
#include "apps/play/policies.hpp"
#include "apps/play/recorded_uniforms.hpp"
#include "autograd/base/error.hpp"
#include "envs/registry.hpp"
#include "nn/files/checkpoint.hpp"
#include "nn/files/json.hpp"
#include "nn/files/safetensors.hpp"

namespace planet::test {
namespace {

[[noreturn]] void broken(const char* target, std::string_view bytes, const std::string& what) {
  std::fprintf(stderr, "fuzz target %s: %s; %zu bytes:\n", target, what.c_str(), bytes.size());
  for (const char c : bytes.substr(0, 4000)) std::fprintf(stderr, "%02x", c & 0xff);
  std::fprintf(stderr, "\n");
  std::abort();
}

void must(bool ok, const char* what) {
  if (!ok) throw std::logic_error(what);
}

// The bytes as a file that lies on no disk.
std::filesystem::path file_of(const std::string& bytes) {
  static const int descriptor = memfd_create("fuzz", 0);
  const auto size = static_cast<ssize_t>(bytes.size());
  must(ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes.data(), bytes.size(), 0) == size,
       "the file in memory cannot be written");
  return "/proc/self/fd/" + std::to_string(descriptor);
}

void read_json(const std::string& bytes) {
  const Json json = Json::parse(bytes);
  must(Json::parse(json.dump()) == json, "JSON is another after writing and reading");
  must(Json::parse(json.dump(2)) == json, "indented JSON is another after writing and reading");
}

template <class T>
void read_as(const SafetensorsFile& file, const TensorInfo& tensor) {
  if (!SafetensorsFile::readable(tensor.dtype, dtype_of<T>())) return;
  const std::vector<T> values = file.read<T>(tensor.name);
  must(static_cast<std::int64_t>(values.size()) == tensor.size(), "a tensor has another size");
}

void read_safetensors(const std::string& bytes) {
  const SafetensorsFile file(file_of(bytes));
  for (const TensorInfo& tensor : file.tensors()) {
    read_as<float>(file, tensor);
    read_as<double>(file, tensor);
    read_as<std::uint8_t>(file, tensor);
    read_as<std::int32_t>(file, tensor);
    read_as<std::int64_t>(file, tensor);
  }
}

// A model of three tensors, as the seeds of the corpus hold it.
struct SmallStore {
  ParamStore params{Precision::f32};
  SmallStore() {
    params.add("a/weight", {3, 4});
    params.add("a/bias", {4});
    params.add("b/weight", {2});
  }
};

void read_parameters(const std::string& bytes) {
  SmallStore store;
  load_params(file_of(bytes), store.params);
}

void read_optimizer(const std::string& bytes) {
  SmallStore store;
  Adam adam(store.params);
  load_optimizer(file_of(bytes), adam);
}

void read_state(const std::string& bytes) {
  const RunState state = RunState::from_json(Json::parse(bytes));
  const Json json = state.to_json();
  must(RunState::from_json(Json::parse(json.dump())).to_json() == json,
       "a state is another after writing and reading");
}

void read_npz(const std::string& bytes) {
  const NpzArrays arrays = decode_npz(bytes, "npz", std::size_t{1} << 20);
  const NpzArrays again = decode_npz(encode_npz(arrays), "npz");
  must(again.size() == arrays.size(), "an npz has another number of arrays");
  for (const auto& [name, array] : arrays) {
    const NpyArray& other = again.at(name);
    must(other.dtype == array.dtype && other.shape == array.shape && other.bytes == array.bytes,
         "an array is another after writing and reading");
  }
}

void read_episode(const std::string& bytes) {
  std::string task, other_task;
  const Episode e = decode_episode(bytes, "episode", &task);
  const Episode other = decode_episode(encode_episode(e, task), "episode", &other_task);
  must(task == other_task && e.image == other.image && e.action == other.action &&
           e.reward == other.reward && e.terminated == other.terminated &&
           e.truncated == other.truncated,
       "an episode is another after writing and reading");
}

void read_config(const std::string& bytes) {
  const std::vector<Assignment> given = parse_config(bytes, "config.toml");
  // What follows makes the environment, which is slow. A program that damaged bytes name is not started.
  const Assignment* env = last_assignment(given, "env");
  if (bytes.size() % 8 != 0 || (env != nullptr && env->text.find(':') != std::string::npos)) return;
  const RunConfig config = config_from_text(bytes, "config.toml");
  const std::string text = config_text(config);
  must(config_text(config_from_text(text, "config.toml")) == text,
       "a configuration is another after writing and reading");
}

void read_csv(const std::string& bytes) {
  const std::vector<CsvLine> rows = csv_rows(bytes, "table.csv");
  if (bytes.find('\r') ==
      std::string::npos) {  // one before a line's end is dropped at each reading
    std::string text;
    for (const CsvLine& row : rows) {
      for (std::size_t i = 0; i < row.cells.size(); ++i)
        text += (i > 0 ? "," : "") + csv_cell(row.cells[i]);
      text += '\n';
    }
    const std::vector<CsvLine> again = csv_rows(text, "table.csv");
    must(again.size() == rows.size(), "a CSV has other rows after writing and reading");
    for (std::size_t i = 0; i < rows.size(); ++i)
      must(again[i].cells == rows[i].cells, "a CSV has other cells after writing and reading");
  }
  CsvTable::parse(bytes, "table.csv").column("--x", "updates");
}

void read_actions(const std::string& bytes) { actions_from_file(file_of(bytes), 2)->unused(); }

void read_uniforms(const std::string& bytes) {
  static const std::unique_ptr<Env> env = make_env("peg_catch", {});
  const RecordedUniforms uniforms(file_of(bytes), *env);
  env->reset(1);
  const std::vector<double> action(static_cast<std::size_t>(env->action_size()), 0.5);
  std::vector<ControlStep> trace;
  for (int i = 0; i < 4; ++i) uniforms.step(*env, action, trace);
}

constexpr FuzzTarget targets[] = {
    {"json", read_json},
    {"safetensors", read_safetensors},
    {"parameters", read_parameters},
    {"optimizer", read_optimizer},
    {"state", read_state},
    {"npz", read_npz},
    {"episode", read_episode},
    {"config", read_config},
    {"csv", read_csv},
    {"actions", read_actions},
    {"uniforms", read_uniforms},
};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() { return targets; }

bool accepted(const FuzzTarget& target, std::string_view bytes) {
  try {
    target.read(std::string(bytes));
    return true;
  } catch (const Error& e) {
    const std::string sentence = e.what();
    if (sentence.empty() || sentence.find('\n') != std::string::npos)
      broken(target.name, bytes, "a refusal that is no line: " + sentence);
    return false;
  } catch (const std::exception& e) {
    broken(target.name, bytes, e.what());
  }
}

}  // namespace planet::test
