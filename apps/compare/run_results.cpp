#include "apps/compare/run_results.hpp"

#include <sstream>

#include "apps/common/files/text.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

// The last evaluation of these parameters.
std::optional<double> evaluation_return(const fs::path& metrics, std::int64_t updates) {
  std::optional<double> found;
  std::istringstream in(fs::exists(metrics) ? read_plain_text(metrics) : "");
  for (std::string line; std::getline(in, line);) {
    const Json row = Json::parse(line, metrics.string());
    const Json* value = row.find("eval/return_mean");
    if (value == nullptr || value->is_null()) continue;
    if (row.at("counter/updates").as_double() == static_cast<double>(updates))
      found = value->as_double();
  }
  return found;
}

}  // namespace

RunResults run_results(const LoadedModel& loaded) {
  RunResults out;
  out.parameters = loaded.model->params().size();
  out.updates = loaded.updates;
  const fs::path state = loaded.file.parent_path() / "state.json";
  if (fs::exists(state)) {  // this one entry: the others may be of another version
    const Json json = Json::parse(read_text(state), state.string());
    if (const Json* seconds = json.find("seconds")) out.seconds = seconds->as_double();
  }
  if (const std::optional<fs::path> run = loaded.run())
    out.evaluation_return = evaluation_return(*run / "metrics.jsonl", loaded.updates);
  return out;
}

}  // namespace planet
